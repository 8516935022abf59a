"""Is every byte of a request Tsung's? Plays sessions with Tsung and pytsung and compares.

    python -m tests.wire.tsung_wire        a line for each session; status 1 if one differs

Needs `tsung` (1.7) on the PATH and nothing but loopback. A session must be the same
with `--tsung-quirks`, and without, but for the documented fix that it names. Random
values are not compared. One run of Tsung plays all sessions of a setting.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

from tests.wire.cases import CASES, SETTINGS, Case
from tests.wire.recording import Recorded, Recorder

SPACING = 60
"""Milliseconds between the starts of two sessions."""

TIME_LIMIT = 120.0

BODY = b"from a file: %%_v%%\r\n\x00\xff"

_RANDOM = re.compile(rb"\b1\d{9}-\d+\b")  # get_really_unique_id: seconds, dash, user
_SIGNED_RANDOM = re.compile(rb'response="\w+"(?=.*cnonce="RANDOM")')

Requests = dict[str, list[Recorded]]


@dataclass(frozen=True)
class Verdict:
    """What came of one case; `fault` is empty when it is as it should be."""

    case: Case
    requests: int
    fault: str = ""


def documents() -> list[tuple[str, list[tuple[str, Case]]]]:
    """The cases of each setting, with their tokens."""
    numbered = [(f"c{number}", case) for number, case in enumerate(CASES, 1)]
    return [
        (setting, [(token, case) for token, case in numbered if case.setting == setting])
        for setting in SETTINGS
    ]


def document(
    setting: str, cases: Sequence[tuple[str, Case]], ports: dict[str, int], body: Path
) -> str:
    """A configuration that plays each case once, one after the other."""
    servers, options = SETTINGS[setting]
    users, sessions = [], []
    for number, (token, case) in enumerate(cases):
        start = 500 + number * SPACING
        users.append(f'<user session="{token}" start_time="{start}" unit="millisecond"/>')
        steps = case.steps.replace("@", f"/{token}").replace('"{body}"', quoteattr(str(body)))
        sessions.append(f'<session name="{token}" weight="1" type="{case.kind}">{steps}</session>')
    text = "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            '<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">',
            '<tsung loglevel="warning">',
            '<clients><client host="localhost" use_controller_vm="true"/></clients>',
            f"<servers>{servers}</servers>",
            "<load>",
            *users,
            "</load>",
            f'<options><option name="idle_timeout" value="3000"/>{options}</options>',
            "<sessions>",
            *sessions,
            "</sessions>",
            "</tsung>",
        )
    )
    return text.replace("{A}", str(ports["A"])).replace("{B}", str(ports["B"]))


def play(command: Sequence[str], setting: str, cases: Sequence[tuple[str, Case]]) -> Requests:
    """The requests that a load generator makes of the cases of a setting."""
    answers = {token: case.answers for token, case in cases}
    with TemporaryDirectory() as name, Recorder(answers) as recorder:
        home = Path(name)
        body = home / "body.bin"
        body.write_bytes(BODY)
        configuration = home / "wire.xml"
        text = document(setting, cases, recorder.ports, body)
        configuration.write_text(text, encoding="utf-8")
        run = subprocess.run(
            [*command, "-f", str(configuration), "-l", str(home / "log"), "start"],
            cwd=home,
            env={**os.environ, "PYTSUNG_LOOPBACK_ONLY": "1"},
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        if not recorder.requests:
            raise RuntimeError(f"{command[0]} made no request:\n{run.stdout}{run.stderr}")
        return {
            token: [_comparable(each, recorder.ports) for each in requests]
            for token, requests in recorder.requests.items()
        }


def _comparable(request: Recorded, ports: dict[str, int]) -> Recorded:
    """The request without what is another each time."""
    data = _SIGNED_RANDOM.sub(b"response=RANDOM", _RANDOM.sub(b"RANDOM", request.data))
    for name, port in ports.items():
        data = data.replace(f":{port}".encode(), f":{name}".encode())
    return Recorded(request.port, data)


def compare() -> list[Verdict]:
    """A verdict on each case."""
    ours = (sys.executable, "-m", "pytsung")
    verdicts = []
    for setting, cases in documents():
        tsung = play(("tsung",), setting, cases)
        default = play(ours, setting, cases)
        quirky = play((*ours, "--tsung-quirks"), setting, cases)
        for token, case in cases:
            fault = judge(case, tsung.get(token, []), default.get(token, []), quirky.get(token, []))
            verdicts.append(Verdict(case, len(tsung.get(token, [])), fault))
    return verdicts


def judge(
    case: Case, tsung: list[Recorded], default: list[Recorded], quirky: list[Recorded]
) -> str:
    """What is wrong with a case; empty if nothing."""
    if not tsung:
        return "Tsung made no request"
    if quirky != tsung:
        return f"with --tsung-quirks: {_difference(tsung, quirky)}"
    if case.fix:
        return "" if default != tsung else f"nothing shows the fix “{case.fix}”"
    return "" if default == tsung else _difference(tsung, default)


def _difference(theirs: list[Recorded], ours: list[Recorded]) -> str:
    for number, (one, other) in enumerate(zip(theirs, ours, strict=False), 1):
        if one != other:
            return (
                f"request {number}: Tsung {one.port} {one.data!r}, we {other.port} {other.data!r}"
            )
    return f"Tsung made {len(theirs)} requests, we {len(ours)}"


def main() -> int:
    """Print a line for each case."""
    if shutil.which("tsung") is None:
        print("tsung is not installed: nothing compared (apt-get install tsung)")
        return 2
    verdicts = compare()
    for verdict in verdicts:
        same = f"fixed: {verdict.case.fix}" if verdict.case.fix else "same"
        requests = f"{verdict.requests} request{'s' if verdict.requests != 1 else ''}"
        print(f"{verdict.case.name:32} {requests:12} {verdict.fault or same}")
    wrong = sum(bool(verdict.fault) for verdict in verdicts)
    print(f"{len(verdicts)} sessions, {wrong} differ from Tsung without a documented reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
