"""The parser of the command line: commands and options, Tsung's and our own, with their help.

Must not know what an option does, nor that one can come from a variable.
"""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from pytsung import __version__
from pytsung.errors import UsageError

COMMANDS = {
    "start": "run the test; the exit status says how it went",
    "debug": "start, with everything in the controller's log",
    "status": "say how the running test is doing",
    "stop": "end the running test, with a full result",
    "watch": "follow the running test on this terminal, or the one whose page is at URL",
    "view": "serve the dashboard of a run that is over, of the newest one in -l DIR",
    "check": "read the configuration and print its plan; nothing is sent",
    "preflight": "look at every host: will it hold the plan? --fix or --emit cures",
    "report": "make the report of a run that is over: report.html and more",
    "compare": "compare two or more runs: what differs beyond noise",
    "percentile": "print percentiles of a run, or of tsung-fullstats.log",
    "plot": "draw several runs into the same charts, as tsplot does",
    "log2tsung": "make a configuration of a web server's access log",
    "bundle": "pack a run into one file; --mask hides hosts and secrets",
    "serve": "run the bundled server; its options follow: pytsung serve --help",
}

LATER = {
    "record": "write the session by hand",
}
"""Commands that are planned but not built, each with what serves until then."""

_DESCRIPTION = """\
Runs the load test that a Tsung configuration describes.

commands:
"""

_EPILOG = """\
Options may stand on either side of the command. Each long option can be a variable instead:
PYTSUNG_LOG_DIR=results is --log-dir results.

examples:
  pytsung check tsung.xml
      what would run, in words
  pytsung -f tsung.xml -l results start
      run it; files go to a new directory below results
  pytsung -f examples/bench.xml --target start
      run it against the bundled server
  pytsung -f tsung.xml --local --server 127.0.0.1:8080 start
      every <client> on this machine, everything sent to one server
  pytsung -f tsung.xml --threshold 'request: p(95)<200' start
      exit status 99 if the 95th percentile is 200 ms or more

exit status:
  0  done; the verdict is clean or degraded     4    no agent, or no log directory
  1  internal error: a bug in pytsung           99   a threshold was crossed
  2  wrong usage or configuration               130  stopped by SIGINT (Ctrl-C)
  3  done; the verdict is invalid               143  stopped by SIGTERM
"""

_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def duration(text: str) -> float:
    """Seconds of `2s`, `500ms`, `1.5m`, `1h`, or a bare number."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 2s, 500ms or 1m")
    return float(found["number"]) * _UNITS[found["unit"]]


def whole_number(text: str) -> int:
    """A decimal integer, 0 or more."""
    if not text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number; write one such as 42")
    return int(text)


def one_of(*words: str) -> Callable[[str], str]:
    """Reads one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(words)}")
        return text

    return read


def closest(word: str, known: Iterable[str]) -> str:
    """`; did you mean WORD?` where one of `known` looks like `word`, else nothing."""
    similar = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {similar[0]}?" if similar else ""


class Parser(argparse.ArgumentParser):
    """argparse, but what is wrong is raised as a UsageError with its cure."""

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The options, and the words that are none as `words`. Raises UsageError."""
        try:
            found, unknown = self.parse_known_intermixed_args(words)
        except argparse.ArgumentError as error:
            cure = "" if ";" in error.message else "; see pytsung --help"
            raise UsageError(f"{error.argument_name}: {error.message}{cure}") from error
        for word in unknown:
            option = word.partition("=")[0]
            known = [name for name in self._option_string_actions if name.startswith("--")]
            meant = closest(option, known) or "; see pytsung --help"
            raise UsageError(f"{option}: unknown option{meant}")
        return found

    def error(self, message: str) -> NoReturn:
        """What argparse says when it is not about one argument."""
        raise UsageError(f"{message}; see pytsung --help")


class Help(argparse.RawDescriptionHelpFormatter):
    """Options in one column, `-f, --file FILE`, texts in another."""

    def __init__(self, prog: str) -> None:
        width = min(shutil.get_terminal_size().columns, 98)
        super().__init__(prog, max_help_position=30, width=width)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Names first, their value once (argparse itself does so from Python 3.13 on)."""
        names = ", ".join(action.option_strings)
        value = "" if action.nargs == 0 else f" {action.metavar}"
        return names + value


def make_parser() -> Parser:
    """The parser, for the command and for the reference that lists its options."""
    listed = "".join(f"  {name:11}{text}\n" for name, text in COMMANDS.items())
    parser = Parser(
        prog="pytsung",
        usage="pytsung [options] COMMAND",
        description=_DESCRIPTION + listed,
        epilog=_EPILOG,
        formatter_class=Help,
        add_help=False,
        allow_abbrev=False,
        exit_on_error=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    _add_tsung_options(parser.add_argument_group("as in Tsung"))
    run = parser.add_argument_group("the run")
    _add_target_options(run)
    _add_run_options(run)
    _add_agent_options(run)
    _add_file_options(run)
    _add_output_options(parser.add_argument_group("what is shown"))
    _add_ignored_options(parser.add_argument_group("accepted for Tsung's sake, without effect"))
    return parser


def _add_tsung_options(group: argparse._ArgumentGroup) -> None:
    home = Path("~/.tsung")
    add = group.add_argument
    add(
        "-f",
        "--file",
        metavar="FILE",
        default=str(home / "tsung.xml"),
        help="the configuration; - reads it from stdin (%(default)s)",
    )
    add(
        "-l",
        "--log-dir",
        metavar="DIR",
        default=str(home / "log"),
        help="make the run's own directory, YYYYMMDD-HHMM, in DIR (%(default)s)",
    )
    add(
        "-m",
        "--statistics",
        metavar="FILE",
        default="tsung.log",
        help="file of Tsung's statistics in that directory; - writes to stdout (%(default)s)",
    )
    add(
        "-w",
        "--warm-up",
        metavar="TIME",
        type=duration,
        default=1.0,
        help="delay before the first arrival phase (1s)",
    )
    add(
        "-r",
        "--connector",
        metavar="CMD",
        default="",
        help="reach hosts by CMD HOST COMMAND, not by SSH; {host} in it stands for the host",
    )
    add(
        "-k",
        "--keep",
        action="store_true",
        help="when the test is over, keep the dashboard until Ctrl-C or pytsung stop",
    )
    add("-i", "--id", metavar="ID", default="", help="name of this controller; several can run")
    add("-n", "--no-web", action="store_true", help="no dashboard")
    add(
        "-x",
        "--exclude-tags",
        metavar="TAGS",
        default="",
        help="leave out the requests that have one of these tags; commas between them",
    )


def _add_target_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--local", action="store_true", help="one agent on this machine plays every <client>")
    add(
        "--server",
        metavar="HOST:PORT",
        default="",
        help="send everything there, not to the configuration's servers",
    )
    add(
        "--target",
        action="store_true",
        help="run the bundled server at the server's address (loopback) while the test lasts",
    )
    add(
        "--target-options",
        metavar="WORDS",
        default="",
        help="options for the bundled server, in quotes",
    )


def _add_run_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--threshold",
        metavar="'NAME: LIMIT'",
        action="append",
        default=[],
        help="a limit for a statistic, such as 'connect: p(95)<200' (ms); repeatable",
    )
    add("--seed", metavar="N", type=whole_number, help="seed of every random choice in the run")
    add(
        "--grace",
        metavar="TIME",
        type=duration,
        default=2.0,
        help="when stopped, wait so long for requests in flight (2s)",
    )


def _add_agent_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--agent-timeout",
        metavar="TIME",
        type=duration,
        default=30.0,
        help="an agent that is silent for so long is lost (30s)",
    )
    add(
        "--on-agent-loss",
        metavar="WORD",
        type=one_of("continue", "redistribute", "stop"),
        default="continue",
        help="continue without it, redistribute its future users, or stop (%(default)s)",
    )
    add(
        "--accept-new-host-keys",
        action="store_true",
        help="SSH: write down the keys of hosts that are not known yet; refuse changed ones",
    )
    add(
        "--agent-python",
        metavar="CMD",
        default="",
        help="the Python that runs agents on other hosts (the newest found, 3.10 or newer)",
    )
    add(
        "--cache",
        metavar="DIR",
        default="",
        help="keep the agent's code in DIR on other hosts, so that the next start is quicker",
    )


def _add_file_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--tsung-quirks", action="store_true", help="do as Tsung does where Tsung has defects")
    add(
        "--entity-dir",
        metavar="DIR",
        action="append",
        default=[],
        help="allow the configuration's entities to be read from DIR; repeatable",
    )
    add(
        "-X",
        "--code-dir",
        metavar="DIR",
        action="append",
        default=[],
        help="look in DIR for the Python functions that sessions call; repeatable",
    )


def _add_output_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--web-bind",
        metavar="ADDRESS",
        default="",
        help="serve the dashboard there, too: 0.0.0.0 for everybody who has its token (127.0.0.1)",
    )
    add("--web-port", metavar="PORT", type=whole_number, help="port of the dashboard (8091)")
    add("--json", action="store_true", help="check, preflight: print as JSON")
    add("--fix", action="store_true", help="preflight: apply what cures, as root or by sudo")
    add(
        "--emit",
        metavar="KIND",
        type=one_of("sh", "ansible"),
        help="preflight: print a script (sh) or a playbook (ansible) that cures",
    )
    add("--no-report", action="store_true", help="make no report at the end")
    add(
        "--prometheus",
        metavar="PORT",
        type=whole_number,
        help="serve http://127.0.0.1:PORT/metrics while the test lasts",
    )
    add(
        "--influx",
        metavar="FILE|URL",
        default="",
        help="append every second in InfluxDB's line protocol, or post it",
    )
    add("--otlp", metavar="URL", default="", help="send metrics to an OpenTelemetry collector")
    add("--junit", metavar="FILE", default="", help="write verdict and thresholds as JUnit XML")
    add("-v", "--verbose", action="store_true", help="write everything into the controller's log")
    add("--quiet", action="store_true", help="say only warnings and the verdict")
    add("--no-color", action="store_true", help="no colours; so does the variable NO_COLOR")
    add("-h", "--help", action="help", help="print this text")
    add("--version", action="version", version=f"pytsung {__version__}", help="print the version")


def _add_ignored_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    for option, value, text in (
        ("-p", "N", "processes of an Erlang VM"),
        ("-t", "PORT", "first port between Erlang nodes"),
        ("-T", "PORT", "last port between Erlang nodes"),
        ("-I", "IP", "address of the Erlang controller"),
        ("-L", "SECONDS", "lifetime of cached TLS sessions"),
        ("-d", "LEVEL", "log level before the configuration is read"),
    ):
        add(option, metavar=value, help=text)
    for option, text in (
        ("-s", "SMP of Erlang VMs"),
        ("-F", "long names of Erlang nodes"),
        ("-6", "IPv6 between Erlang nodes"),
    ):
        add(option, action="store_true", help=text)
