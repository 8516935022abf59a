"""From a shell on a host to a Python program there: the lines that find a Python and become it.

All that is asked of a host is `sh` on a byte stream, and a Python new enough. Must not
know what the program does, nor what carries the stream.

Nothing may follow those lines until the program has answered: shells read ahead.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import trio

COMMAND = "sh"
"""What is run on a host. One word without a special character in it: every way to run
something there, and every login shell, takes it as it is."""

PREAMBLE_LIMIT = 256 * 1024
"""Bytes that a login shell may say (banners, `motd`) before the program speaks."""

LAST_WORDS = 1.0
"""Seconds to wait for what a host that failed still has to say on stderr."""


def python_script(
    source: str,
    arguments: Sequence[str],
    *,
    pythons: Sequence[str],
    oldest: tuple[int, int],
    variables: Mapping[str, str],
) -> bytes:
    """The lines for the shell: one group, all of it read before any of it is run.

    The program is run by the first of `pythons` that is `oldest` or newer; its first
    argument is the mark that its answer begins with. Where there is none, the shell says
    `MARK failed python` and what it found.
    """
    mark = arguments[0]
    words = shlex.join(arguments)
    numbers = ", ".join(map(str, oldest))
    lines = ["{"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines += [
        f"program={shlex.quote(source)}",
        "found=",
        f"for python in {shlex.join(pythons)}; do",
        # Unquoted, so that --agent-python may have several words.
        f"  if $python -I -S -c 'import sys; sys.exit(sys.version_info < ({numbers}))' \\",
        "    </dev/null >/dev/null 2>&1",
        f'  then exec $python -I -S -c "$program" {words}; fi',
        "  version=$($python -c 'import sys; print(sys.version.split()[0])' \\",
        '    </dev/null 2>/dev/null) && found="$found $python is $version"',
        "done",
        f'printf "\\n%s failed python %s\\n" {mark} "$found"',
        "exit 1",
        "}\n",
    ]
    return "\n".join(lines).encode()


async def first_answer(stream: trio.abc.ReceiveStream, mark: str) -> str | None:
    """What follows the mark on its line; None where the stream ends without one."""
    said = b""
    start = f"\n{mark} ".encode()
    while len(said) < PREAMBLE_LIMIT:
        data = await stream.receive_some()
        if not data:
            return None
        said += bytes(data)
        _, found, rest = said.partition(start)
        line, ends, _ = rest.partition(b"\n")
        if found and ends:
            return line.decode("utf-8", "replace").strip()
    return None


async def last_line(complaints: trio.abc.ReceiveStream) -> str:
    """The last line that was said on stderr, as far as it comes soon."""
    said = b""
    with trio.move_on_after(LAST_WORDS):
        async for data in complaints:
            said = (said + bytes(data))[-4096:]
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
