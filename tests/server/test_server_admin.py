"""The admin port: publishing, counts, metrics, health, and who may ask."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pytsung_server import counts, metrics
from pytsung_server.admin import Admin, is_loopback
from pytsung_server.http import Answer, Request
from pytsung_server.ingress import Ingress
from pytsung_server.redis_feed import FeedStatus

from tests.server.admin_client import AdminClient, wait_for
from tests.server.conftest import StartServer
from tests.server.test_server_redis import EVENT

MESSAGE = json.dumps(EVENT).encode()
COUNTS = {"open": 3, "accepted": 5, "max_connections": 10}


class Published:
    """Remembers what was published."""

    def __init__(self, token: str = "", redis: FeedStatus | None = None) -> None:
        self.messages: list[bytes] = []
        self.admin = Admin(Ingress(self.messages.append, redis), lambda: dict(COUNTS), token)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        named = {"host": "127.0.0.1:9506", "content-type": "application/json"}
        for name, text in headers.items():
            named[name.replace("_", "-")] = text
        return self.admin.answer(Request(method, path, named, body))

    def post(self, body: bytes = MESSAGE, **headers: str) -> Answer:
        return self.ask("POST", "/v1/realtime/events", body, **headers)


def test_an_event_is_published_as_it_came() -> None:
    """The workers read the message again; nothing of it may be lost on the way."""
    port = Published()
    answer = port.post()
    assert answer.status == 202
    assert json.loads(answer.body) == {"project": "console", "channels": ["files"]}
    assert port.messages == [MESSAGE]


def test_several_events_in_one_request_are_published_all_or_none() -> None:
    """A publisher of a thousand a second sends what is due together; half of it is no use."""
    port = Published()
    several = b"\n".join([MESSAGE] * 3)
    taken = port.post(several, content_type="application/x-ndjson")
    assert (taken.status, json.loads(taken.body)) == (202, {"events": 3})
    assert port.messages == [MESSAGE] * 3
    refused = port.post(several + b"\nnonsense", content_type="application/x-ndjson")
    assert refused.status == 400
    assert json.loads(refused.body)["error"].startswith("line 4: ")
    assert len(port.messages) == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/v1/realtime/events", b"{}", {}, 400),
        ("POST", "/v1/realtime/events", b"hello", {}, 400),
        ("POST", "/v1/realtime/events", MESSAGE, {"content_type": "text/plain"}, 415),
        ("GET", "/v1/realtime/events", b"", {}, 405),
        ("POST", "/metrics", b"", {}, 405),
        ("GET", "/", b"", {}, 404),
        ("GET", "/health", b"", {"host": "evil.example"}, 421),
        ("GET", "/health", b"", {"host": "127.0.0.1.evil.example"}, 421),
        ("GET", "/health", b"", {"host": ""}, 421),
        ("GET", "/health", b"", {"host": "[::1"}, 421),
    ],
)
def test_all_else_is_refused(
    method: str, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    """A web page in a browser of this host may neither publish nor read: it is not local."""
    port = Published()
    answer = port.ask(method, path, body, **headers)
    assert answer.status == status
    assert "error" in json.loads(answer.body)
    assert port.messages == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9506", "localhost:1", "[::1]:9506"])
def test_this_host_is_let_in_by_any_of_its_names(host: str) -> None:
    """curl, Prometheus and scripts write it in different ways."""
    assert Published().ask("GET", "/health", host=host).status == 200


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer secret", 200),
        ("bearer secret", 200),
        ("Bearer secre", 401),
        ("Bearer secrett", 401),
        ("Basic secret", 401),
        ("Bearer s\xe9cret", 401),
        ("", 401),
    ],
)
def test_a_token_is_asked_for_when_there_is_one(authorization: str, status: int) -> None:
    """Whoever can publish can reach every client of the test."""
    port = Published(token="secret")
    answer = port.ask("GET", "/health", authorization=authorization, host="server.example")
    assert answer.status == status
    assert (("WWW-Authenticate", "Bearer") in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("127.0.0.1.example", False),
    ],
)
def test_loopback_is_what_nobody_else_reaches(host: str, expected: bool) -> None:
    """Without a token the admin port must not be open to a network."""
    assert is_loopback(host) is expected


def test_health_is_bad_while_redis_is_gone() -> None:
    """A balancer, or a person, sees at once why no events come."""
    status = FeedStatus(reason="Connection refused")
    port = Published(redis=status)
    answer = port.ask("GET", "/health")
    assert answer.status == 503
    assert json.loads(answer.body)["redis"]["reason"] == "Connection refused"
    status.subscribed = True
    assert port.ask("GET", "/health").status == 200


def test_metrics_are_what_prometheus_reads() -> None:
    """Each has its help and its type, counters end in _total, and the figures are the counts."""
    answer = Published().ask("GET", "/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    families = {one.name: one for one in text_string_to_metric_families(answer.body.decode())}
    assert families["pytsung_server_connections"].samples[0].value == 3
    accepted = families["pytsung_server_connections_accepted"]
    assert (accepted.type, accepted.samples[0].value) == ("counter", 5)


def test_every_count_has_a_metric() -> None:
    """What is counted for one reader must not be missing for the other."""
    named = {*counts.PUBLISHED, "open"} - {"shared_bytes"}
    text = metrics.exposition(dict.fromkeys(named, 1))
    assert text.count("# HELP") == len(named)


# -- the real thing -------------------------------------------------------------


def test_the_port_is_served_beside_the_workers(start_server: StartServer, tmp_path: Path) -> None:
    """Publish, count, scrape and look at the health of a running server."""
    server = start_server("--workers", "2", "--admin-port", "0")
    admin = AdminClient(server)
    server.client().upgrade()
    assert admin.post(MESSAGE).status == 202
    wait_for(lambda: admin.counts()["events"] == 2)  # one in each worker
    counted = admin.counts()
    assert (counted["open"], counted["published"], counted["workers"]) == (1, 1, 2)
    assert admin.get("/health").json == {"status": "ok"}
    assert "pytsung_server_events_published_total 1\n" in admin.get("/metrics").text
    assert server.stop() == 0


def test_promtool_has_nothing_to_complain_of_the_server(start_server: StartServer) -> None:
    """Prometheus's own judge of names, types and help texts."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here: apt-get install --no-install-recommends prometheus")
    admin = AdminClient(start_server("--workers", "1", "--admin-port", "0"))
    text = admin.get("/metrics").text
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_elsewhere_a_token_is_needed(
    start_server: StartServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On an address of the network, no token, no admin port."""
    from pytsung_server.cli import main

    assert main(["--port", "0", "--admin-port", "0", "--admin-host", "0.0.0.0"]) == 2
    assert "--admin-token" in capsys.readouterr().err
    token = tmp_path / "token"
    token.write_text("secret\n")
    server = start_server("--workers", "1", "--admin-port", "0", "--admin-token", str(token))
    admin = AdminClient(server)
    assert admin.get("/health").status == 401
    assert admin.get("/health", Authorization="Bearer secret").status == 200


def test_an_admin_port_that_is_taken_is_said_before_anything_starts(
    start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server without its admin port would only be noticed when somebody needs it."""
    from pytsung_server.cli import main

    port = AdminClient(start_server("--workers", "1", "--admin-port", "0")).port
    assert main(["--port", "0", "--admin-port", str(port)]) == 2
    assert f"127.0.0.1:{port}: the port is taken" in capsys.readouterr().err
