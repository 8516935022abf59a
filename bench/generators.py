"""The load generators that are measured, each started with the same load.

Must not know what is measured of them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Family
from bench.sessions import ALL_AT_ONCE, Load

STOP_TIME = 10.0
OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Generator:
    """A program that generates load. `command` is made of the load, its file, and a folder."""

    name: str
    command: Callable[[Load, Path, Path], list[str]]
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Running:
    """A generator at work: its processes, and the folder that its log goes to."""

    family: Family
    process: subprocess.Popen[bytes]
    folder: Path

    def wait(self, patience: float) -> Path:
        """Wait for the end of the test; gives the log directory."""
        self.process.wait(patience)
        directories = list((self.folder / "log").iterdir())
        if not directories:
            raise RuntimeError(f"there is no log directory; {self.last_words()}")
        return directories[0]

    def require_alive(self) -> None:
        """Raise RuntimeError, with what the program said, when it has ended already."""
        if self.process.poll() is not None:
            raise RuntimeError(
                f"it ended with status {self.process.returncode}; {self.last_words()}"
            )

    def last_words(self) -> str:
        """The end of what the program said on stderr and stdout."""
        said = (self.folder / OUTPUT).read_text(errors="replace").strip()
        return f"its last words: {said[-500:]}" if said else "it said nothing"


def _pytsung(options: Sequence[str] = ()) -> Callable[[Load, Path, Path], list[str]]:
    def command(_: Load, file: Path, folder: Path) -> list[str]:
        words = [sys.executable, "-m", "pytsung", "-f", str(file), "-l", str(folder), "--quiet"]
        return [*words, *options, "start"]

    return command


def _tsung(_: Load, file: Path, folder: Path) -> list[str]:
    # An id of its own: it may not be the only Tsung on this host. -n: no web page.
    words = ["tsung", "-f", str(file), "-l", str(folder), "-i", f"bench{os.getpid()}", "-n"]
    return [*words, "start"]


def _bare(load: Load, _: Path, __: Path) -> list[str]:
    words = [sys.executable, "-m", "bench.bare_epoll", "--source", *load.sources]
    words += ["--host", load.host, "--port", str(load.port), "--connections", str(load.users)]
    return words if load.rate >= ALL_AT_ONCE else [*words, "--rate", str(load.rate)]


def pytsung(*options: str) -> Generator:
    """pytsung, with further options."""
    return Generator("pytsung", _pytsung(options))


BARE = Generator("bare epoll loop", _bare)

# epmd, Erlang's name service, is there for every Erlang program of the host.
TSUNG = Generator("Tsung", _tsung, ignored=frozenset({"epmd"}))


def has_tsung() -> bool:
    """Whether Tsung is installed here; says so when it is not."""
    if shutil.which("tsung") is None:
        print("Tsung is not installed (apt-get install tsung): no row for it.", file=sys.stderr)
        return False
    return True


@contextmanager
def generate(generator: Generator, load: Load) -> Iterator[Running]:
    """Start a generator; it is stopped, if it still runs, when the context is left."""
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as name:
        folder = Path(name)
        file = folder / "bench.xml"
        file.write_text(load.configuration())
        (folder / "log").mkdir()
        family = Family(generator.ignored)
        with (folder / OUTPUT).open("wb") as output:
            process = subprocess.Popen(
                generator.command(load, file, folder / "log"),
                env=family.environment,
                stdout=output,
                stderr=output,
            )
        try:
            yield Running(family, process, folder)
        finally:
            if generator.name == "pytsung" and process.poll() is None:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_TIME)
            family.kill()
            process.wait()
