"""What was asked for, from the command line and the variables `PYTSUNG_…`.

Each long option can also be given as a variable: `--agent-timeout 20s` is
`PYTSUNG_AGENT_TIMEOUT=20s`. Must not know what an option does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytsung.cli.parser import COMMANDS, LATER, closest, make_parser
from pytsung.errors import ExitStatus, UsageError


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was asked for. Times are seconds."""

    command: str
    configuration: str
    log_root: Path
    statistics: str = "tsung.log"
    warm_up: float = 1.0
    keep: bool = False
    controller_id: str = ""
    url: str = ""
    web: bool = True
    web_bind: str = ""
    web_port: int | None = None
    excluded_tags: tuple[str, ...] = ()
    local: bool = False
    server: str = ""
    target: bool = False
    target_options: str = ""
    thresholds: tuple[str, ...] = ()
    seed: int | None = None
    grace: float = 2.0
    agent_timeout: float = 30.0
    on_agent_loss: str = "continue"
    connector: str = ""
    accept_new_host_keys: bool = False
    agent_python: str = ""
    cache: str = ""
    quirks: bool = False
    entity_directories: tuple[Path, ...] = ()
    code_directories: tuple[Path, ...] = ()
    verbose: bool = False
    quiet: bool = False
    color: bool = True
    json: bool = False
    fix: bool = False
    emit: str = ""
    report: bool = True
    junit: str = ""
    prometheus: int | None = None
    influx: str = ""
    otlp: str = ""


def parse(words: Sequence[str], environment: Mapping[str, str] = os.environ) -> Arguments:
    """Read the command line. Raises UsageError; --help and --version leave by SystemExit."""
    parser = make_parser()
    parser.set_defaults(**_defaults_from(environment, parser))
    found = parser.read(words)
    command, configuration = _command_of(found.words, found.file)
    if command == "debug":
        command, found.verbose = "start", True
    return Arguments(
        command=command,
        configuration=configuration
        if configuration == "-"
        else str(Path(configuration).expanduser()),
        log_root=Path(found.log_dir).expanduser().absolute(),
        statistics=found.statistics,
        warm_up=found.warm_up,
        keep=found.keep,
        controller_id=found.id,
        url=found.words[1] if command == "watch" and len(found.words) > 1 else "",
        web=not found.no_web,
        web_bind=found.web_bind,
        web_port=found.web_port,
        excluded_tags=tuple(tag for tag in found.exclude_tags.split(",") if tag),
        local=found.local,
        server=found.server,
        target=found.target,
        target_options=found.target_options,
        thresholds=tuple(found.threshold),
        seed=found.seed,
        grace=found.grace,
        agent_timeout=found.agent_timeout,
        on_agent_loss=found.on_agent_loss,
        connector=found.connector,
        accept_new_host_keys=found.accept_new_host_keys,
        agent_python=found.agent_python,
        cache=found.cache,
        quirks=found.tsung_quirks,
        entity_directories=tuple(Path(name).expanduser() for name in found.entity_dir),
        code_directories=tuple(Path(name).expanduser() for name in found.code_dir),
        verbose=found.verbose,
        quiet=found.quiet,
        color=not found.no_color,
        json=found.json,
        fix=found.fix,
        emit=found.emit or "",
        report=not found.no_report,
        junit=found.junit,
        prometheus=found.prometheus,
        influx=found.influx,
        otlp=found.otlp,
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
        meant = closest(command, [*COMMANDS, *LATER]) or f"; known are {known}"
        raise UsageError(f"{command}: unknown command{meant}")
    if command == "check" and len(rest) == 1:
        return command, rest[0]
    if command == "watch" and len(rest) == 1:
        return command, file
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
