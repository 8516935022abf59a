"""How many configurations of a collection are read, and why the others are not.

PYTSUNG_CORPUS=DIR python -m tests.corpus.table [-v]
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict

from pytsung.config import read_configuration
from pytsung.errors import ConfigurationError, Fault
from tests.corpus.collection import WHY_NOT, entries

_REASONS = (
    ("a protocol of a later version", r"sessions of type ts_\w+ are not supported"),
    ("a session type that is not Tsung's", r"there is no session type"),
    ("Erlang code of its own", r"Erlang function|Erlang code|no function for %%"),
    ("a file that is not there", r"^the file |the entity's file|contents_from_file"),
    ("an option of hosts of a later version", r"<(server type|ip scan|ip value|client type)="),
    ("the format of before Tsung 1.0", r"idx-tsunami"),
    ("a template, or not valid in Tsung either", r""),
)
"""Each with what its faults say; the first that fits any fault is a file's reason."""


def reason_of(faults: list[Fault]) -> str:
    """Why a configuration is refused, in a few words."""
    for words, pattern in _REASONS:
        if any(re.search(pattern, fault.text) for fault in faults):
            return words
    raise AssertionError("the last reason fits everything")


def main() -> int:
    """Print the table; with -v every file with its first fault."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in entries():
        if not entry.well_formed:
            found["(not well-formed XML)"].append(entry.name)
            continue
        try:
            with entry.at_home() as path:
                warnings = read_configuration(path).warnings
        except ConfigurationError as error:
            reason = f"refused: {reason_of(error.faults)}"
            found[reason].append(f"{entry.name}: {error.faults[0].text}")
        else:
            found["warned" if warnings else "passed"].append(entry.name)
    if not found:
        print(WHY_NOT)
        return 2
    for reason, names in sorted(found.items()):
        print(f"{len(names):5}  {reason}")
        for name in names if "-v" in sys.argv[1:] else ():
            print(f"         {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
