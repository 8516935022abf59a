"""The words of the command line, Tsung's and our own.

Options may stand on either side of the command. Each long option can also be given
as a variable: `--agent-timeout 20s` is `PYTSUNG_AGENT_TIMEOUT=20s`. Must not know
what an option does.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytsung import __version__
from pytsung.errors import ExitStatus, UsageError

COMMANDS = {
    "start": "run the test and wait for its end",
    "check": "read the configuration and print its plan",
    "serve": "run the bundled server (the same as pytsung-server)",
}

LATER = {
    "stop": "send SIGINT or SIGTERM to the running pytsung instead",
    "status": "look at the terminal of the running test, or at its tsung.log",
    "debug": "use start with --verbose",
    "view": "open the files of the log directory",
    "preflight": "raise ulimit -n and the port range by hand before a big test",
    "report": "use Tsung's own tsung_stats.pl in the log directory",
    "compare": "compare the two summary.json files",
    "watch": "look at the terminal of the running test",
    "record": "write the session by hand",
}
"""Commands that are planned but not built, each with what serves until then."""

LATER_OPTIONS = {
    "-r": "agents are started on this machine only",
    "-X": "no callbacks are called",
    "--accept-new-host-keys": "agents are started on this machine only",
    "--agent-python": "agents are started on this machine only",
    "--cache": "agents are started on this machine only",
    "--on-agent-loss": "a run goes on without a lost agent",
}

EPILOG = """\
examples:
  pytsung -f tsung.xml check              what would run, in words
  pytsung -f tsung.xml -k start           run it, keep waiting at the end
  pytsung -f examples/bench.xml --target start
                                          run it against the bundled server
  pytsung -f tsung.xml --local --server 127.0.0.1:8080 start
                                          everything on this machine, against another server
  pytsung -f tsung.xml --threshold 'request: p(95)<200' start
                                          exit status 99 when the limit is crossed

exit status: 0 done (verdict clean or degraded), 1 internal error, 2 usage or configuration,
  3 verdict invalid, 4 no agent or no log directory, 99 a threshold crossed,
  130 and 143 stopped by SIGINT and SIGTERM
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was asked for. Times are seconds."""

    command: str
    configuration: str
    log_root: Path
    controller_id: str = ""
    statistics: str = "tsung.log"
    warm_up: float = 1.0
    keep: bool = False
    excluded_tags: tuple[str, ...] = ()
    local: bool = False
    server: str = ""
    target: bool = False
    target_options: str = ""
    thresholds: tuple[str, ...] = ()
    seed: int | None = None
    grace: float = 2.0
    agent_timeout: float = 30.0
    quirks: bool = False
    entity_directories: tuple[Path, ...] = ()
    verbose: bool = False
    quiet: bool = False
    color: bool = True
    json: bool = False


_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def duration(text: str) -> float:
    """Seconds of `2s`, `500ms`, `1.5m`, `1h`, or a bare number."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 2s, 500ms or 1m")
    return float(found["number"]) * _UNITS[found["unit"]]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override] # argparse's own exits
        raise UsageError(f"{message}; see pytsung --help")


def make_parser() -> argparse.ArgumentParser:
    """The parser, for the command and for the reference that lists its options."""
    parser = _Parser(
        prog="pytsung",
        usage="pytsung [options] COMMAND",
        description="Load testing with Tsung configurations: very many users, honest numbers.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    listed = "\n".join(f"{name:8}{text}" for name, text in COMMANDS.items())
    parser.add_argument("words", nargs="*", metavar="COMMAND", help=listed.replace("\n", "; "))
    _add_tsung_options(parser.add_argument_group("as in Tsung"))
    _add_run_options(parser.add_argument_group("the run"))
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
        help="configuration; - reads it from stdin (%(default)s)",
    )
    add(
        "-l",
        "--log-dir",
        metavar="DIR",
        default=str(home / "log"),
        help="where the run's log directory is made (%(default)s)",
    )
    add("-i", "--id", metavar="ID", default="", help="controller id, part of log file names")
    add(
        "-m",
        "--statistics",
        metavar="FILE",
        default="tsung.log",
        help="statistics file in the log directory; - writes to stdout (%(default)s)",
    )
    add(
        "-w",
        "--warm-up",
        metavar="SECONDS",
        type=duration,
        default=1.0,
        help="delay before the first arrival phase (1s)",
    )
    add("-k", "--keep", action="store_true", help="after the test, wait for Ctrl-C")
    add(
        "-x",
        "--exclude-tags",
        metavar="TAGS",
        default="",
        help="leave out requests with these tags, comma separated",
    )


def _add_run_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--local", action="store_true", help="one agent on this machine plays every <client>")
    add(
        "--server",
        metavar="HOST:PORT",
        default="",
        help="send everything there instead of to the configuration's servers",
    )
    add(
        "--target",
        action="store_true",
        help="run the bundled server at the server's (loopback) address for the time of the test",
    )
    add("--target-options", metavar="WORDS", default="", help="options for the bundled server")
    add(
        "--threshold",
        metavar="'NAME: LIMIT'",
        action="append",
        default=[],
        help="a limit such as 'connect: p(95)<200'; crossed: exit status 99; repeatable",
    )
    add("--seed", metavar="N", type=int, help="repeat the random choices of another run")
    add(
        "--grace",
        metavar="TIME",
        type=duration,
        default=2.0,
        help="time for requests in flight when stopping (2s)",
    )
    add(
        "--agent-timeout",
        metavar="TIME",
        type=duration,
        default=30.0,
        help="silence after which an agent is lost (30s)",
    )
    add("--tsung-quirks", action="store_true", help="behave as Tsung does where it has defects")
    add(
        "--entity-dir",
        metavar="DIR",
        action="append",
        default=[],
        help="another directory that entities may be read from; repeatable",
    )


def _add_output_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--json", action="store_true", help="check: print the plan as JSON")
    add("-v", "--verbose", action="store_true", help="say more on stderr")
    add("--quiet", action="store_true", help="no live view on stderr")
    add("--no-color", action="store_true", help="no colours; the variable NO_COLOR does the same")
    add("-h", "--help", action="help", help="this text")
    add("--version", action="version", version=f"pytsung {__version__}", help="the version")


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
        ("-n", "no web dashboard: there is none in this version"),
    ):
        add(option, action="store_true", help=text)


def parse(words: Sequence[str], environment: Mapping[str, str] = os.environ) -> Arguments:
    """Read the command line. Raises UsageError; --help and --version leave by SystemExit."""
    for word in words:
        option = word.partition("=")[0]
        if option in LATER_OPTIONS:
            raise UsageError(
                f"{option}: not in this version of pytsung ({LATER_OPTIONS[option]}); leave it out"
            )
    parser = make_parser()
    parser.set_defaults(**_defaults_from(environment, parser))
    found = parser.parse_intermixed_args(words)
    command, configuration = _command_of(found.words, found.file)
    return Arguments(
        command=command,
        configuration=configuration
        if configuration == "-"
        else str(Path(configuration).expanduser()),
        log_root=Path(found.log_dir).expanduser().absolute(),
        controller_id=found.id,
        statistics=found.statistics,
        warm_up=found.warm_up,
        keep=found.keep,
        excluded_tags=tuple(tag for tag in found.exclude_tags.split(",") if tag),
        local=found.local,
        server=found.server,
        target=found.target,
        target_options=found.target_options,
        thresholds=tuple(found.threshold),
        seed=found.seed,
        grace=found.grace,
        agent_timeout=found.agent_timeout,
        quirks=found.tsung_quirks,
        entity_directories=tuple(Path(name).expanduser() for name in found.entity_dir),
        verbose=found.verbose,
        quiet=found.quiet,
        color=not found.no_color,
        json=found.json,
    )


def _command_of(words: Sequence[str], file: str) -> tuple[str, str]:
    """The command and the configuration it is for; `check FILE` may name it itself."""
    known = ", ".join(COMMANDS)
    if not words:
        raise UsageError(f"no command; give one of {known}, or --help")
    command, *rest = words
    if command in LATER:
        raise UsageError(f"{command}: not in this version of pytsung; {LATER[command]}")
    if command not in COMMANDS:
        raise UsageError(f"{command}: unknown command; known are {known}")
    if command == "check" and len(rest) == 1:
        return command, rest[0]
    if rest:
        raise UsageError(f"{rest[0]}: one word too many after {command}; leave it out")
    return command, file


def _defaults_from(
    environment: Mapping[str, str], parser: argparse.ArgumentParser
) -> dict[str, object]:
    """Long options given as PYTSUNG_… variables; the command line wins over them."""
    defaults: dict[str, object] = {}
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of its options
        longs = [option for option in action.option_strings if option.startswith("--")]
        if not longs or action.dest in ("help", "version"):
            continue
        name = "PYTSUNG_" + longs[0][2:].upper().replace("-", "_")
        text = environment.get(name)
        if text is None:
            continue
        if action.nargs == 0:
            defaults[action.dest] = text.lower() not in ("", "0", "no", "false")
        elif isinstance(action.default, list):
            defaults[action.dest] = [text]
        else:
            defaults[action.dest] = _converted(name, text, action)
    return defaults


def _converted(name: str, text: str, action: argparse.Action) -> object:
    if action.type is None:
        return text
    assert callable(action.type)
    try:
        return action.type(text)
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise UsageError(f"{name}={text!r}: {error}") from error


def fail(message: str, status: ExitStatus) -> int:
    """Say on stderr why nothing was done."""
    for line in message.splitlines():
        sys.stderr.write(f"pytsung: {line}\n")
    return int(status)
