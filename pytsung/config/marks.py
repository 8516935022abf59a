"""What about an element is not quite as in Tsung, for whoever checks a configuration.

The reference page has the same marks, and those that say `same`, `warned` or
`refused`; a test holds the two together. Must not know what anything means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytsung.config.element import SourceElement
from pytsung.errors import Place
from pytsung.protocols.marks import APPROXIMATED, FIXED, OURS, Mark, MarkedRoom
from pytsung.protocols.registry import Registry


@dataclass(frozen=True, slots=True)
class MarkedPlaces:
    """A mark, and where its element stands in one configuration."""

    mark: Mark
    places: tuple[Place, ...]

    def __str__(self) -> str:
        """`<match>: same, fixed: … (line 5, 9)`; five lines at most."""
        numbers = list(dict.fromkeys(str(place.line) for place in self.places))
        more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
        lines = ", ".join(numbers[:5])
        return f"{self.mark.name}: {self.mark.kind}: {self.mark.note} (line {lines}{more})"


def _alike(kind: str, note: str, *names: str) -> tuple[Mark, ...]:
    """One mark for each `element attribute`, with one reason for all."""
    split = (name.split(" ") for name in names)
    return tuple(Mark(element, attribute, kind, note) for element, attribute in split)


MARKS = (
    Mark(
        "client",
        "",
        FIXED,
        "each has its own addresses; Tsung mixes those of two clients with one host",
    ),
    Mark("client", "host", FIXED, "any name or address; several may be this machine"),
    Mark(
        "client",
        "maxusers",
        FIXED,
        "per worker; another worker takes over, on the controller's machine too",
    ),
    Mark(
        "client",
        "use_controller_vm",
        APPROXIMATED,
        "there is one way to run an agent; cpu counts here as well",
    ),
    Mark("client", "weight", FIXED, "may have decimals"),
    Mark("monitor", "", FIXED, "one that cannot be reached ends no test"),
    Mark("monitor", "host", FIXED, "the controller's own names need no SSH; also user@host:port"),
    Mark("monitor", "type", FIXED, "erlang is a probe of ours, and nothing is installed for it"),
    Mark("mysqladmin", "password", FIXED, "is in no list of processes there"),
    Mark("oid", "", FIXED, "what a host does not have is said once"),
    Mark(
        "arrivalphase",
        "",
        FIXED,
        "a phase without users lasts its time; users are split over workers so that they add up",
    ),
    *_alike(
        FIXED,
        "* and ? wherever they stand; Tsung expands the first of each",
        *("session_setup name", "user session"),
    ),
    Mark("request", "subst", FIXED, "all_except_body leaves a message alone, and fills in a path"),
    Mark("thinktime", "", FIXED, "without any word from element or option: 5 s, as documented"),
    Mark("transaction", "name", FIXED, "any text"),
    Mark("for", "incr", FIXED, "0 would never end, and is refused"),
    Mark("repeat", "", FIXED, "its count starts anew each time it is entered"),
    *_alike(
        FIXED,
        "x[2] is the second element of the list x",
        *("while var", "until var", "if var"),
    ),
    *_alike(
        FIXED,
        "what is no number does not end the user",
        *("while gt", "while lt", "while gte", "while lte"),
        *("until gt", "until lt", "until gte", "until lte"),
        *("if gt", "if lt", "if gte", "if lte"),
    ),
    Mark("foreach", "", FIXED, "nothing to walk through: no turn; one value: one turn"),
    *_alike(
        APPROXIMATED,
        "PCRE, translated to Python",
        *("foreach include", "foreach exclude"),
    ),
    Mark(
        "match",
        "",
        FIXED,
        "each is counted once, and prepares the answer for itself; in Tsung the first does for all",
    ),
    Mark("match", "skip_headers", FIXED, "for the match it stands at"),
    Mark("match", "apply_to_content", APPROXIMATED, "the functions that have an equal here"),
    Mark(
        "dyn_variable",
        "",
        FIXED,
        "all kinds may stand in one request; an answer that is no UTF-8 is read as Latin-1",
    ),
    *_alike(
        APPROXIMATED,
        "PCRE, translated to Python; nothing gives up after a number of steps",
        *("dyn_variable re", "dyn_variable regexp"),
    ),
    Mark("dyn_variable", "xpath", FIXED, "all of XPath 1.0; elements become their text"),
    *_alike(
        FIXED,
        "a filter passes over elements that cannot be compared",
        *("dyn_variable jsonpath", "setdynvars jsonpath"),
    ),
    Mark("setdynvars", "", FIXED, "a text is one value, never a list of characters"),
    Mark("setdynvars", "sourcetype", FIXED, "ours besides: python"),
    Mark("setdynvars", "callback", APPROXIMATED, "Tsung's own functions; any other in Python"),
    Mark("setdynvars", "code", APPROXIMATED, "the part of Erlang that the reference names"),
    Mark(
        "setdynvars",
        "order",
        APPROXIMATED,
        "each line once over all workers before any is used again, each worker in blocks",
    ),
    Mark("var", "name", FIXED, "any text"),
    Mark("change_type", "", FIXED, "a session begins with its own type, whatever it changes to"),
    Mark(
        "interaction",
        "",
        APPROXIMATED,
        "what one worker's users send, those of others know some milliseconds later",
    ),
    Mark(
        "option",
        "thinktime",
        FIXED,
        "with override it replaces every think time but wait_bidi and %%…%%",
    ),
    Mark("option", "ssl_ciphers", FIXED, "with commas or colons between"),
    Mark("option", "ssl_versions", FIXED, "one version or several"),
    Mark("option", "seed", APPROXIMATED, "the same choices again, but not Tsung's; --seed wins"),
    Mark("option", "ports_range", FIXED, "1025 to 65534; on the controller's machine too"),
    Mark(
        "option",
        "global_number",
        FIXED,
        "without it the barrier has its default too; the last setting wins",
    ),
    Mark("option", "max_retries", FIXED, "counted for each request"),
    Mark(
        "option",
        "file_server",
        FIXED,
        "beside the configuration or in the current directory; a \\r at a line's end is dropped",
    ),
    Mark(
        "option",
        "local_file_server",
        APPROXIMATED,
        "the controller alone holds the file, and draws the lines",
    ),
    Mark("option", "websocket_origin", FIXED, "with and without TLS"),
    Mark(
        "option",
        "ip_bind_address_no_port",
        APPROXIMATED,
        "always on where a source address is given and no port",
    ),
    Mark("option", "threshold", OURS, "a limit for the run's figures; Tsung passes over it"),
    Mark(
        "option",
        "push_latency",
        OURS,
        "measures the age of pushes in ts_websocket sessions; Tsung passes over it",
    ),
)

_ByName = Mapping[tuple[str, str], Mark]

_GENERAL: _ByName = {(mark.element, mark.attribute): mark for mark in MARKS}


def marks_of(root: SourceElement, registry: Registry) -> tuple[MarkedPlaces, ...]:
    """The marks that concern a configuration: the general ones, then those of its requests."""
    rooms = {room.element: room for room in registry if isinstance(room, MarkedRoom)}
    tables = {
        name: {(mark.element, mark.attribute): mark for mark in room.marks}
        for name, room in rooms.items()
    }
    places: dict[Mark, list[Place]] = {}
    _walk(root, _GENERAL, tables, places)
    known = (*MARKS, *(mark for room in rooms.values() for mark in room.marks))
    return tuple(MarkedPlaces(mark, tuple(places[mark])) for mark in known if mark in places)


def _walk(
    element: SourceElement,
    marks: _ByName,
    tables: Mapping[str, _ByName],
    places: dict[Mark, list[Place]],
) -> None:
    """Note the places; a protocol's element, and what is in it, has marks of its own."""
    marks = tables.get(element.tag, marks)
    names = ["", *element.attributes]
    if element.tag == "option":
        names = [(element.get("name") or "").strip()]
    for name in names:
        mark = marks.get((element.tag, name))
        if mark is not None:
            places.setdefault(mark, []).append(element.place)
    for child in element:
        _walk(child, marks, tables, places)
