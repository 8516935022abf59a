"""Pictures of the dashboard for the documentation: light, dark, on a phone. Needs Chromium.

    .venv/bin/python docs/images/dashboard.py

Runs a small load against the bundled server, changes it as an operator would, and
photographs its page. What the page says on the browser's console ends the script with
an error.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PORT = 8491
URL = f"http://127.0.0.1:{PORT}/"
PICTURES = (
    ("dashboard-light.png", "light", 1200, 1390),
    ("dashboard-dark.png", "dark", 1200, 1390),
    ("dashboard-phone.png", "light", 420, 1180),
)
PATH = "/v1/realtime?project=console&amp;channels[]=files"
CONFIGURATION = f"""<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice">
  <clients><client host="localhost" use_controller_vm="true" cpu="2" maxusers="5000"/></clients>
  <servers><server host="127.0.0.1" port="9513" type="tcp"/></servers>
  <load>
    <arrivalphase phase="1" duration="15" unit="second">
      <users arrivalrate="30" unit="second"/>
    </arrivalphase>
    <arrivalphase phase="2" duration="45" unit="second">
      <users arrivalrate="60" unit="second"/>
    </arrivalphase>
  </load>
  <sessions><session name="reader" probability="100" type="ts_websocket">
    <transaction name="subscribe">
      <request><websocket type="connect" path="{PATH}"/></request>
    </transaction>
    <for from="1" to="6" var="i">
      <thinktime value="2" random="true"/>
      <transaction name="ping">
        <request><websocket type="message" frame="text">{{"type":"ping"}}</websocket></request>
      </transaction>
    </for>
    <request><websocket type="close"/></request>
  </session></sessions>
</tsung>
"""
ORDERS = ((24, {"action": "pause"}), (4, {"action": "resume"}), (6, {"action": "rate", "rate": 90}))
"""What the operator does, each so many seconds after the one before."""


def give(order: dict[str, object]) -> None:
    """Give an order as the page does."""
    body = json.dumps(order).encode()
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(URL + "live/order", body, headers)  # noqa: S310 - http
    with urllib.request.urlopen(asked):  # noqa: S310 - http, see URL
        pass


def photograph(browser: str) -> list[str]:
    """Make the pictures; gives what the page said on the console."""
    said: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for name, scheme, width, height in PICTURES:
            page = chromium.new_page(
                color_scheme="dark" if scheme == "dark" else "light",
                viewport={"width": width, "height": height},
            )
            page.on("console", lambda line: said.append(line.text))
            page.goto(URL)
            page.wait_for_timeout(2500)
            page.screenshot(path=HERE / name)
            page.close()
        chromium.close()
    return said


def main() -> int:
    """Make the pictures; 1 when the page complained."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.stderr.write("no Chromium here: apt-get install --no-install-recommends chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "readers.xml")
        configuration.write_text(CONFIGURATION)
        options = ["-f", str(configuration), "-l", folder, "--target", "--web-port", str(PORT)]
        run = subprocess.Popen(
            [sys.executable, "-m", "pytsung", *options, "--seed", "67", "start"],
            env={**os.environ, "PYTSUNG_LOOPBACK_ONLY": "1", "PYTSUNG_RUN_DIR": f"{folder}/run"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for pause, order in ORDERS:
                time.sleep(pause)
                give(order)
            time.sleep(8)
            said = photograph(browser)
        finally:
            run.terminate()
            run.wait()
    sys.stderr.writelines(f"the page complained: {text}\n" for text in said)
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
