"""The command line: words to options, options to a run, a run to an exit status.

Must not know how anything is done: it puts the parts together.
"""

from pytsung.cli.main import main, stats_main

__all__ = ["main", "stats_main"]
