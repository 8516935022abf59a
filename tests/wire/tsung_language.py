"""Does a session ask for the same, in the same order, as when Tsung plays it?

    python -m tests.wire.tsung_language     a line for each session; status 1 if one differs

Needs `tsung` (1.7) on the PATH and nothing but loopback. What the requests look like
besides is `tsung_wire`'s.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tests.wire.cases import Case
from tests.wire.language_cases import CASES
from tests.wire.tsung_wire import Requests, play

NUMBERED = tuple((f"c{number}", case) for number, case in enumerate(CASES, 1))


@dataclass(frozen=True)
class Verdict:
    """What Tsung and we have asked for in one session."""

    case: Case
    tsung: Sequence[str]
    ours: Sequence[str]

    @property
    def fault(self) -> str:
        """What is wrong; empty if nothing is."""
        if not self.tsung:
            return "Tsung made no request"
        if (self.tsung == self.ours) is not bool(self.case.fix):
            return ""
        if self.case.fix:
            return f"nothing shows the fix “{self.case.fix}”"
        return f"Tsung asked for {', '.join(self.tsung)}; we for {', '.join(self.ours)}"


def compare() -> list[Verdict]:
    """A verdict on each session."""
    theirs = play(("tsung",), "plain", NUMBERED)
    ours = play((sys.executable, "-m", "pytsung"), "plain", NUMBERED)
    return [Verdict(case, asked(theirs, token), asked(ours, token)) for token, case in NUMBERED]


def asked(requests: Requests, token: str) -> list[str]:
    """Where the requests of a session went: port and path, without its token."""
    lines = [(each.port, each.data.split(b" ")[1].decode()) for each in requests.get(token, [])]
    return [f"{port}{path.removeprefix(f'/{token}')}" for port, path in lines]


def main() -> int:
    """Print a line for each session."""
    if shutil.which("tsung") is None:
        print("tsung is not installed: nothing compared (apt-get install tsung)")
        return 2
    verdicts = compare()
    for verdict in verdicts:
        same = f"fixed: {verdict.case.fix}" if verdict.case.fix else "same"
        print(f"{verdict.case.name:26} {len(verdict.tsung)} requests  {verdict.fault or same}")
    wrong = sum(bool(verdict.fault) for verdict in verdicts)
    print(f"{len(verdicts)} sessions, {wrong} differ from Tsung without a documented reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
