"""Tsung's own tsplot draws our logs, without a word of complaint.

Debian's tsplot names python3 in its first line and does not run there: it calls
`file()` and `has_key()`, which Python 3 has not. It runs under Python 2.7 with
matplotlib and the back-port of configparser:

    python2.7 -m pip install "matplotlib<3" "configparser<5"

PYTSUNG_PYTHON2 names another interpreter than the `python2.7` on the PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.report.runs import TEXT, write_run

TSPLOT = "/usr/bin/tsplot"
IMPOSSIBLE_IN_TSUNG = "WARNING: tsung 'tr_log-in' data is not configured\n"
"""Tsung refuses such a name; its stats.conf has no expression for the quotes around it."""
NEEDS = "import matplotlib, configparser"


def python2() -> str:
    """An interpreter that tsplot runs under; skips the test when there is none."""
    if not Path(TSPLOT).exists():
        pytest.skip("tsplot is not installed: apt-get install tsung")
    found = os.environ.get("PYTSUNG_PYTHON2") or shutil.which("python2.7")
    if found is None or subprocess.run([found, "-c", NEEDS], check=False).returncode:
        pytest.skip(
            "tsplot runs under Python 2.7 alone, with matplotlib and configparser, and there is"
            " none here; name one in PYTSUNG_PYTHON2"
        )
    return found


def test_tsplot_draws_our_log_beside_tsungs(tmp_path: Path) -> None:
    """People have collections of such images, and scripts that make them."""
    interpreter = python2()
    ours = write_run(tmp_path / "run") / "tsung.log"
    done = subprocess.run(
        [interpreter, TSPLOT, "-d", tmp_path / "plots", "Tsung", TEXT, "pytsung", ours],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "MPLBACKEND": "Agg", "HOME": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, IMPOSSIBLE_IN_TSUNG, "")
    plots = {path.name for path in (tmp_path / "plots").iterdir() if path.stat().st_size > 1000}
    for name in ("users", "connected", "request_count", "request_mean", "http", "size_rcv"):
        assert {f"{name}.png", f"{name}_tn.png"} <= plots
