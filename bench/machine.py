"""Where and with what a measurement was made: one line that belongs beside every figure.

Must not know what is measured.
"""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import subprocess
from pathlib import Path

import trio

from pytsung import __version__


def describe_machine() -> str:
    """Processor, kernel, and the versions of everything that takes part."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [
        f"{os.cpu_count()} × {processor(Path('/proc/cpuinfo').read_text())}",
        f"{memory:.0f} GiB",
        f"Linux {platform.release()}",
        f"Python {platform.python_version()}",
        f"pytsung {__version__}",
        f"trio {trio.__version__}",
        tsung_version() or "Tsung not installed",
    ]
    return "Machine: " + ", ".join(parts) + "."


def processor(cpuinfo: str) -> str:
    """The processor's name in the text of /proc/cpuinfo; the architecture where it has none."""
    found = re.search(r"^model name\s*: (.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def tsung_version() -> str:
    """`Tsung 1.7.0`, or nothing where there is no Tsung."""
    if shutil.which("tsung") is None:
        return ""
    said = subprocess.run(["tsung", "-v"], capture_output=True, text=True, check=False, timeout=20)
    found = re.search(r"(\d+\.\d+(\.\d+)?)", said.stdout + said.stderr)
    return f"Tsung {found[1]}" if found else "Tsung"


def raise_descriptor_limit() -> int:
    """Let this process, and those it starts, open as many files as the host allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
