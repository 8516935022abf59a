"""Pictures of a report for the documentation: light, dark, on a phone.

    python docs/images/photograph.py LOGDIR

Makes the report of a run and photographs it with headless Chromium, from its file,
with no network. Anything that the page says on the browser's console, or asks the
network for, ends the script with an error: it is the browser's half of the report's
tests, and runs where Chromium is installed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pytsung.report.report import Extent, write_report
from pytsung.report.sources import read_run

HERE = Path(__file__).parent
PICTURES = (
    ("report-light.png", 1200, 1560, ()),
    ("report-dark.png", 1200, 1560, ("--blink-settings=preferredColorScheme=0",)),
    ("report-phone.png", 500, 1400, ("--blink-settings=preferredColorScheme=1",)),
)
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
CONSOLE = re.compile(r"CONSOLE.*|.*(?:net_error|ERR_)\S*.*")


def photograph(browser: str, page: Path, picture: Path, width: int, height: int, *more: str) -> str:
    """Make one picture; gives what the page said on the console."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                browser,
                *OPTIONS,
                *more,
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--screenshot={picture}",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    return "\n".join(CONSOLE.findall(done.stderr))


def main() -> int:
    """Make the pictures; 1 when the page complained."""
    parser = argparse.ArgumentParser(description="Pictures of a report for the documentation.")
    parser.add_argument("logdir", type=Path)
    parser.add_argument("--output", type=Path, default=HERE)
    asked = parser.parse_args()
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.stderr.write("no Chromium here: apt-get install --no-install-recommends chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        page = write_report(read_run(asked.logdir), Path(folder), extent=Extent(images=False))
        single = page.with_name("report-single.html")
        said = [
            photograph(browser, single, asked.output / name, width, height, *more)
            for name, width, height, more in PICTURES
        ]
    complaints = "\n".join(filter(None, said))
    if complaints:
        sys.stderr.write(f"the page complained:\n{complaints}\n")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
