"""The report in a real browser, from its file, with no network: it must work, and ask for nothing.

Needs Chromium; `docs/images/photograph.py` ends with an error when the page says
anything on the console, or asks the network for anything.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.report.runs import write_run

SCRIPT = Path(__file__).parents[2] / "docs" / "images" / "photograph.py"


def test_the_page_works_offline_in_light_and_dark_and_on_a_phone(tmp_path: Path) -> None:
    """A report is opened where it was mailed to, not where it was made."""
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        pytest.skip("no Chromium here: apt-get install --no-install-recommends chromium")
    run = write_run(tmp_path / "run")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(run), "--output", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    corners: dict[str, float] = {}
    for name in ("light", "dark", "phone"):
        with Image.open(tmp_path / f"report-{name}.png") as picture:
            corners[name] = float(np.asarray(picture.convert("L"))[2, 2])
            assert len(picture.getcolors(1 << 24) or ()) > 50
    assert corners["dark"] < 60 < 200 < corners["light"] == corners["phone"]
