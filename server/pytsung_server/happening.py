"""What Appwrite publishes when something happens: channels, names and roles of the event.

    buckets.photos.files.f1.create   a new file: 6 channels, 10 names
    users.anna.update.name           only for the user `anna`

All follow from the most specific name. Must not know payloads, or how events travel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

ACTIONS = ("create", "update", "upsert", "delete")

_DOCUMENT_CHANNELS = (
    "documents",
    "databases.D.collections.T.documents",
    "databases.D.collections.T.documents.R",
    "rows",
    "databases.D.tables.T.rows",
    "databases.D.tables.T.rows.R",
    "tablesdb.D.tables.T.rows.R",
)
"""A row is a document and a document is a row, under all their names."""

_ACCOUNT_CHANNELS = ("account", "account.U")

# Capital letters stand for ids; `PROJECT` is the event's own. A role of "" is the publisher's
# choice: there, permissions say who may read.
_KINDS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("buckets.B.files.F", ("files", "buckets.B.files", "buckets.B.files.F"), ""),
    ("databases.D.collections.T.documents.R", _DOCUMENT_CHANNELS, ""),
    ("databases.D.tables.T.rows.R", _DOCUMENT_CHANNELS, ""),
    ("tablesdb.D.tables.T.rows.R", _DOCUMENT_CHANNELS, ""),
    ("users.U", _ACCOUNT_CHANNELS, "user:U"),
    ("users.U.sessions.S", _ACCOUNT_CHANNELS, "user:U"),
    ("users.U.recovery.S", _ACCOUNT_CHANNELS, "user:U"),
    ("users.U.verification.S", _ACCOUNT_CHANNELS, "user:U"),
    ("teams.T", ("teams", "teams.T"), "team:T"),
    ("teams.T.memberships.M", ("memberships", "memberships.M"), "team:T"),
    (
        "functions.F.executions.E",
        ("console", "projects.PROJECT", "executions", "executions.E", "functions.F"),
        "",
    ),
)

_WITH_ACTIONS = frozenset(
    ("documents", "rows", "files", "executions", "functions", "account", "teams", "memberships")
)
"""A channel that ends in one of these, or in one thing of it, exists for each action, too."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened, as clients may listen to it. Without a `role`, permissions decide."""

    names: tuple[str, ...]
    channels: tuple[str, ...]
    role: str


def happening(name: str, project: str) -> Happening:
    """The event that Appwrite publishes in a project under this name among others.

    Raises:
        ValueError: it is none of those that are known here; the text lists them.
    """
    segments = name.split(".")
    for pattern, channels, role in _KINDS:
        ids = _match(pattern.split("."), segments)
        if ids is None:
            continue
        size = pattern.count(".") + 1
        action = segments[size] if size < len(segments) else ""
        if action and action not in ACTIONS:
            continue
        ids["PROJECT"] = project
        filled = [_fill(channel, ids) for channel in channels]
        is_nested = pattern.startswith("users.U.")  # says nothing of the account as a whole
        if action and not is_nested:
            filled += [f"{channel}.{action}" for channel in filled if _has_actions(channel)]
        return Happening(
            tuple(_names(segments[:size], segments[size:])), tuple(filled), _fill(role, ids)
        )
    known = ", ".join(pattern for pattern, _, _ in _KINDS)
    raise ValueError(
        f"{name!r} is no event that is known here; give one of {known}, with ids for the capital"
        f" letters, and one of {', '.join(ACTIONS)} behind it"
    )


def _match(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    """The ids in `segments`, which may go on behind the pattern; None when it is another."""
    if len(segments) < len(pattern):
        return None
    ids = {}
    for wanted, segment in zip(pattern, segments, strict=False):
        if wanted.isupper() and segment:
            ids[wanted] = segment
        elif wanted != segment:
            return None
    return ids


def _fill(template: str, ids: Mapping[str, str]) -> str:
    """A template with ids for its capital letters."""
    kind, colon, name = template.partition(":")
    if colon:
        return f"{kind}:{ids[name]}"
    return ".".join(ids.get(segment, segment) for segment in template.split("."))


def _has_actions(channel: str) -> bool:
    return not _WITH_ACTIONS.isdisjoint(channel.split(".")[-2:])


def _names(path: list[str], action: list[str]) -> Iterator[str]:
    """All names: the most specific first, ids before `*`, then without what comes last."""
    tails = [".".join(["", *action[:size]]) for size in range(len(action), 0, -1)]
    for size in range(len(path), 0, -2):
        kinds, ids = path[0:size:2], path[1:size:2]
        for tail in [*tails, ""] if size == len(path) else [""]:
            for chosen in product(*((one, "*") for one in ids)):
                pairs = zip(kinds, chosen, strict=True)
                yield ".".join(part for pair in pairs for part in pair) + tail
