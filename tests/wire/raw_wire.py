"""Raw, file and shell sessions, by TCP, UDP and in WebSockets: the same as Tsung's?

    python -m tests.wire.raw_wire        a line for each session; status 1 if one differs

Needs `tsung` (1.7) on the PATH and nothing but loopback. Sessions are played one after
the other; each says its number first, so what follows is known to be its own. Of
sessions that send nothing, Tsung's counters are compared.
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

from tests.wire.raw_recording import RawRecorder

SPACING = 150
TIME_LIMIT = 120.0

TSUNG = ("tsung", "-i", str(os.getpid()))
"""With a name of its own, so that another Tsung may run beside it."""

Counters = dict[str, int]


@dataclass(frozen=True)
class RawCase:
    """One session. `fix` names the documented difference that `--tsung-quirks` takes back."""

    name: str
    steps: str
    fix: str = ""


@dataclass(frozen=True)
class Setting:
    """A `<server type>` and the options of a whole document."""

    kind: str
    port: str
    cases: tuple[RawCase, ...]
    options: str = ""


def _raw(words: str, subst: str = "") -> str:
    asked = f' subst="{subst}"' if subst else ""
    return f"<request{asked}><raw {words}/></request>"


def _var(name: str, value: str) -> str:
    return f'<setdynvars sourcetype="value" value="{value}"><var name="{name}"/></setdynvars>'


_LOCAL = _raw('ack="local" data="a"')
_N = _var("n", "12")

_STREAM_CASES = (
    RawCase("an answer is awaited", _LOCAL * 2),
    RawCase("none is", _raw('ack="no_ack" data="a"') * 3),
    RawCase("all others are awaited", _raw('ack="global" data="a"') + _LOCAL),
    RawCase("zero bytes", _raw('ack="local" datasize="10"')),
    RawCase("zero bytes win over data", _raw('ack="local" data="abc" datasize="3"')),
    RawCase("size of a variable", _N + _raw('ack="local" datasize="%%_n%%"', "true")),
    RawCase("data of a variable", _N + _raw('ack="local" data="[%%_n%%]"', "true")),
    RawCase("variables without subst", _N + _raw('ack="local" data="[%%_n%%]"')),
    RawCase("all but a body", _N + _raw('ack="local" data="[%%_n%%]"', "all_except_body")),
    RawCase("line feed and tab", _raw('ack="local" data="a&#10;b&#9;c"')),
    RawCase("no escapes", _raw('ack="local" data="\\r\\n\\x41"')),
    RawCase("markup", _raw('ack="local" data="&lt;13&gt;&amp;&quot;"')),
    RawCase("Latin-1", _raw('ack="local" data="gr&#252;&#223;e"'), "UTF-8"),
    RawCase("a loop", f'<for var="i" from="1" to="3">{_LOCAL}</for>'),
    RawCase("a large request", _raw('ack="local" datasize="20000"')),
)

_FILE_CASES = (
    RawCase(
        "whole files",
        "".join(
            f"<request><fs {words}/></request>"
            for words in (
                'cmd="make_dir" path="{dir}/d"',
                'cmd="make_dir" path="{dir}/d"',
                'path="{dir}/d/a" size="45"',
                'cmd="read" path="{dir}/d/a"',
                'cmd="stat" path="{dir}/d/a"',
                'cmd="make_symlink" path="{dir}/d/a" dest="{dir}/d/l"',
                'cmd="read" path="{dir}/d/l"',
                'cmd="delete" path="{dir}/d/l"',
            )
        ),
    ),
    RawCase(
        "chunks",
        "".join(
            f"<request><fs {words}/></request>"
            for words in (
                'cmd="open" mode="write" path="{dir}/b"',
                'cmd="write_chunk" size="40"',
                'cmd="write_chunk" size="40"',
                'cmd="close"',
                'cmd="open" mode="read" path="{dir}/b"',
                'cmd="read_chunk" size="60"',
                'cmd="read_chunk" size="60"',
                'cmd="read_chunk" size="60"',
                'cmd="close"',
            )
        ),
    ),
    RawCase(
        "failures",
        "".join(
            f"<request><fs {words}/></request>"
            for words in (
                'cmd="read" path="{dir}/nothing"',
                'cmd="stat" path="{dir}/nothing"',
                'cmd="open" mode="read" path="{dir}/nothing"',
                'cmd="close"',
                'cmd="del_dir" path="{dir}/nothing"',
                'cmd="make_dir" path="{dir}/no/where"',
            )
        ),
    ),
)
_SHELL_CASES = (
    RawCase(
        "commands",
        '<request><shell cmd="printf" args="abc; printf de &gt;&amp;2"/></request>'
        '<request><shell cmd="ls /nothing-here"/></request>'
        + _N
        + '<request subst="true"><shell cmd="echo" args="%%_n%%; exit 3"/></request>',
    ),
)

SETTINGS = (
    Setting("tcp", "A", _STREAM_CASES, '<option name="global_number" value="1"/>'),
    Setting("udp", "U", tuple(each for each in _STREAM_CASES if "all others" not in each.name)),
    Setting(
        "websocket",
        "W",
        tuple(RawCase(each.name, each.steps, "Host with its port") for each in _STREAM_CASES[:9]),
        '<option name="global_number" value="1"/>',
    ),
    Setting(
        "websocket",
        "W",
        (RawCase("text frames", _LOCAL * 2, "Host with its port"),),
        '<option name="websocket_path" value="/ws?a=b"/>'
        '<option name="websocket_frame" value="text"/>'
        '<option name="websocket_subprotocols" value="one, two"/>',
    ),
)

COUNTED = (("ts_fs", _FILE_CASES), ("ts_shell", _SHELL_CASES))
OURS = ("shell_nonzero",)
"""Counters that Tsung lacks."""


def document(
    server: tuple[str, int], options: str, kind: str, sessions: Sequence[tuple[str, str]]
) -> str:
    """A configuration that plays each session once, one after the other."""
    users, bodies = [], []
    for number, (name, steps) in enumerate(sessions):
        start = 500 + number * SPACING
        users.append(f'<user session="{name}" start_time="{start}" unit="millisecond"/>')
        bodies.append(f'<session name="{name}" weight="1" type="{kind}">{steps}</session>')
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            '<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">',
            '<tsung loglevel="warning">',
            '<clients><client host="localhost" use_controller_vm="true"/></clients>',
            f'<servers><server host="127.0.0.1" port="{server[1]}" type="{server[0]}"/></servers>',
            "<load>",
            *users,
            "</load>",
            f'<options><option name="idle_timeout" value="3000"/>{options}</options>',
            "<sessions>",
            *bodies,
            "</sessions>",
            "</tsung>",
        )
    )


def marked(setting: Setting) -> list[tuple[str, str]]:
    """The sessions of a setting, each with its number before everything else."""
    return [
        (f"c{number}", _raw(f'ack="no_ack" data="(c{number})"') + case.steps)
        for number, case in enumerate(setting.cases)
    ]


def run(command: Sequence[str], text: str, home: Path) -> Counters:
    """Play a configuration; gives the counters of `tsung.log`."""
    (home / "wire.xml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*command, "-f", str(home / "wire.xml"), "-l", str(home / "log"), "start"],
        cwd=home,
        env={**os.environ, "PYTSUNG_LOOPBACK_ONLY": "1"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    logs = [path.read_text("utf-8") for path in home.glob("log/*/tsung.log")]
    if len(logs) != 1:
        raise RuntimeError(f"{command[0]} wrote no log:\n{done.stdout}{done.stderr}")
    found = re.findall(r"^stats: '?(\w+)'? (-?\d+) (-?\d+)$", logs[0], re.MULTILINE)
    samples = re.findall(r"^stats: request (\d+) ", logs[0], re.MULTILINE)
    counters = {name: int(total) for name, _, total in found if name not in ("users", "connected")}
    seen = {name: total for name, total in counters.items() if total}  # Tsung's may be zero
    return {**seen, "request": sum(map(int, samples))}


def wire_of(command: Sequence[str], setting: Setting) -> dict[str, list[bytes]]:
    """What a load generator sends in each session of a setting: a text for each connection."""
    with TemporaryDirectory() as name, RawRecorder() as recorder:
        server = setting.kind, recorder.ports[setting.port]
        run(command, document(server, setting.options, "ts_raw", marked(setting)), Path(name))
        return recorder.by_session()


def counters_of(command: Sequence[str], kind: str, case: RawCase) -> Counters:
    """What a load generator counts of a session without a server."""
    with TemporaryDirectory() as name:
        steps = case.steps.replace("{dir}", name)
        counted = run(command, document(("erlang", 80), "", kind, [("c0", steps)]), Path(name))
    return {name: count for name, count in counted.items() if name not in OURS}


def compare() -> list[tuple[str, str]]:
    """Each session's name, and what is wrong with it; empty if nothing."""
    ours = (sys.executable, "-m", "pytsung")
    verdicts = []
    for setting in SETTINGS:
        tsung = wire_of(TSUNG, setting)
        default = wire_of(ours, setting)
        quirky = wire_of((*ours, "--tsung-quirks"), setting)
        for number, case in enumerate(setting.cases):
            token = f"c{number}"
            fault = judge(case, tsung.get(token), default.get(token), quirky.get(token))
            verdicts.append((f"{setting.kind}: {case.name}", fault))
    for kind, cases in COUNTED:
        for case in cases:
            theirs, mine = counters_of(TSUNG, kind, case), counters_of(ours, kind, case)
            fault = "" if theirs == mine else f"Tsung {theirs}, we {mine}"
            verdicts.append((f"{kind}: {case.name}", fault))
    return verdicts


def judge(
    case: RawCase,
    tsung: list[bytes] | None,
    default: list[bytes] | None,
    quirky: list[bytes] | None,
) -> str:
    """What is wrong with a case; empty if nothing."""
    if not tsung:
        return "Tsung sent nothing"
    if quirky != tsung:
        return f"with --tsung-quirks: Tsung {tsung}, we {quirky}"
    if case.fix:
        return "" if default != tsung else f"nothing shows the fix “{case.fix}”"
    return "" if default == tsung else f"Tsung {tsung}, we {default}"


def main() -> int:
    """Print a line for each session."""
    if shutil.which("tsung") is None:
        print("tsung is not installed: nothing compared (apt-get install tsung)")
        return 2
    verdicts = compare()
    for name, fault in verdicts:
        print(f"{name:45} {fault or 'same'}")
    wrong = sum(bool(fault) for _, fault in verdicts)
    print(f"{len(verdicts)} sessions, {wrong} differ from Tsung without a documented reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
