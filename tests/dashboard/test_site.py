"""The web application by itself: Tsung's addresses, files of the run, orders, refusals."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trio

from pytsung import report
from pytsung.control.orders import Action, Order
from pytsung.dashboard.broadcast import Broadcast
from pytsung.dashboard.web.guard import FILE_POLICY, Guard
from pytsung.dashboard.web.run_files import RunFiles
from pytsung.dashboard.web.site import ASSETS, Site, tsung_status
from pytsung.errors import UsageError
from tests.dashboard.test_live_run import Feed
from tests.golden.runs import small_run

SPEC_KEYS = [
    "phase",
    "phase_total",
    "users",
    "connected_users",
    "request_rate",
    "active_beams",
    "cpu_controller",
]


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()


class Page:
    """A site of a run of some seconds, and a browser without a network."""

    def __init__(self, directory: Path, token: str = "", **of: Any) -> None:
        self.feed = Feed()
        for interval in small_run():
            self.feed.tell(interval)
        self.orders: list[Order] = []
        self.complaints: list[str] = []
        self.site = Site(
            Broadcast(self.feed.live),
            RunFiles(directory),
            Guard(token),
            of.pop("order", self.orders.append),
            self.complaints.append,
            **of,
        )

    def ask(self, target: str, body: bytes | None = None, **headers: str) -> Answer:
        path, _, query = target.partition("?")
        named = {"host": "127.0.0.1:8091", **headers}
        if body is not None:
            named.setdefault("content-type", "application/json")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET" if body is None else "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), text.encode()) for name, text in named.items()],
        }
        answer = Answer()

        incoming = [{"type": "http.request", "body": body or b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not incoming:
                await trio.sleep_forever()  # as long as the browser is there
            return incoming.pop()

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {n.decode(): t.decode() for n, t in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        async def main() -> None:
            with trio.fail_after(20):
                await self.site.application()(scope, receive, send)

        trio.run(main)
        return answer


@pytest.mark.parametrize("form", ["ts_api:status", "ts_api/status"])
def test_tsungs_status_has_its_keys_in_its_order(form: str, tmp_path: Path) -> None:
    """Scripts poll this address; Tsung writes one line, rates with two decimals."""
    page = Page(tmp_path)
    answer = page.ask(f"/es/{form}")
    assert answer.headers["content-type"] == "application/json"
    assert list(json.loads(answer.text)) == SPEC_KEYS
    assert re.fullmatch(
        r'\{"phase": 1,"phase_total": 2,"users": \d+,"connected_users": \d+,'
        r'"request_rate": \d+\.\d\d,"active_beams": 0,"cpu_controller": \d+\.\d\d\}',
        answer.text,
    )


def test_waiting_for_the_last_users_is_the_last_phase(tmp_path: Path) -> None:
    """Tsung's own figure there; None would break who reads it as a number."""
    page = Page(tmp_path)
    page.feed.live.state = "ended"
    assert json.loads(tsung_status(page.feed.live.status()))["phase"] == 2


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    """It works without a network, under a policy that allows no inline script or style."""
    page = Page(tmp_path)
    answer = page.ask("/")
    assert answer.status == 200
    assert "'unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)
    assert not re.search(r"<style|<script>|\son\w+=|\sstyle=", answer.text)
    wanted = re.findall(r'(?:src|href)="(/live/assets/[^"]+)"', answer.text)
    assert len(wanted) == 4
    for address in wanted:
        part = page.ask(address)
        assert part.status == 200, address
        assert gzip.decompress(part.body)
    assert page.ask("/live/assets/1/../site.py").status == 404


def test_every_module_of_the_page_is_served(tmp_path: Path) -> None:
    """A module that imports another one which is not there shows an empty page."""
    page = Page(tmp_path)
    for name in ASSETS:
        text = gzip.decompress(page.ask(f"/live/assets/x/{name}").body).decode()
        if name != "plotly.js":
            assert set(re.findall(r'from "\./([^"]+)"', text)) <= set(ASSETS)


def test_orders_are_handed_on(tmp_path: Path) -> None:
    """Each button is one order."""
    page = Page(tmp_path)
    for order in ({"action": "pause"}, {"action": "rate", "rate": 50}, {"action": "stop"}):
        answer = page.ask("/live/order", json.dumps(order).encode())
        assert (answer.status, json.loads(answer.text)) == (200, {"done": True})
    assert [(o.action, o.rate, o.by) for o in page.orders] == [
        (Action.PAUSE, 0.0, "page"),
        (Action.RATE, 50.0, "page"),
        (Action.STOP, 0.0, "page"),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 409),
        (b'{"action": "explode"}', 409),
        (b'{"action": "rate"}', 200),
        (b'{"action": "rate", "rate": "many"}', 409),
        (b'{"action": "rate", "rate": true}', 409),
        (b"[" * 1000, 400),
        (b" " * 2000, 413),
    ],
)
def test_what_is_no_order_is_refused_in_words(body: bytes, status: int, tmp_path: Path) -> None:
    """The page shows the sentence; nothing of it may reach the run."""

    def careful(order: Order) -> None:
        assert order.rate == 0.0

    answer = Page(tmp_path, order=careful).ask("/live/order", body)
    assert answer.status == status
    assert ("error" in json.loads(answer.text)) is (status != 200)


def test_an_order_that_makes_no_sense_now_is_said(tmp_path: Path) -> None:
    """Pause was pressed when arrivals were over: the person at the page must learn why not."""

    def refuse(_: Order) -> None:
        raise UsageError("arrivals are over")

    answer = Page(tmp_path, order=refuse).ask("/live/order", b'{"action": "pause"}')
    assert (answer.status, json.loads(answer.text)["error"]) == (409, "arrivals are over")


def test_a_link_stops_the_test_only_as_a_quirk(tmp_path: Path) -> None:
    """Tsung's stop is a plain GET: any page, and any prefetching browser, could do it."""
    page = Page(tmp_path)
    for form in ("ts_web:stop", "ts_web/stop"):
        assert page.ask(f"/es/{form}").status == 405
    assert not page.orders
    page = Page(tmp_path, quirks=True)
    answer = page.ask("/es/ts_web:stop")
    assert answer.status == 200
    assert "Tsung controller  is stopping now !" in answer.text
    assert [order.action for order in page.orders] == [Action.STOP]


def test_only_files_of_the_run_are_served(tmp_path: Path) -> None:
    """The directory of the run, and nothing around it, whatever the path says."""
    directory = tmp_path / "run"
    (directory / "data").mkdir(parents=True)
    (directory / "tsung.log").write_text("# stats\n")
    (directory / "data" / "x.txt").write_text("1\n")
    (tmp_path / "secret").write_text("secret")
    (directory / "way out").symlink_to(tmp_path / "secret")
    page = Page(directory)
    assert page.ask("/tsung.log").text == "# stats\n"
    assert page.ask("/tsung.log").headers["content-type"].startswith("text/plain")
    assert page.ask("/data/x.txt").text == "1\n"
    for path in ("/../secret", "/data/../../secret", "//etc/passwd", "/way out", "/data", "/\0"):
        assert page.ask(path).status == 404, path


def test_files_of_the_run_have_no_power_over_it(tmp_path: Path) -> None:
    """A dump may hold a page of the target, scripts and all; here it must be nobody."""
    (tmp_path / "match.html").write_text("<script>fetch('/live/order')</script>")
    answer = Page(tmp_path).ask("/match.html")
    assert answer.headers["content-security-policy"] == FILE_POLICY
    assert "sandbox" in FILE_POLICY
    assert "allow-same-origin" not in FILE_POLICY


def test_a_report_may_run_its_own_script_and_no_other(tmp_path: Path) -> None:
    """It is of our origin, with its images; so what a target answered must not be run in it."""
    (tmp_path / "report.html").write_text("<p>a report</p>")
    policy = Page(tmp_path).ask("/report.html").headers["content-security-policy"]
    script = Path(report.__file__).with_name("templates").joinpath("cursor.js").read_bytes()
    digest = b64encode(sha256(script).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "connect-src" not in policy  # default-src 'none' holds


def test_the_listing_names_the_files(tmp_path: Path) -> None:
    """Tsung's Logs page: name, date, size in k, rounded up."""
    (tmp_path / "tsung.log").write_bytes(b"x" * 1500)
    (tmp_path / "a<b>&.txt").touch()
    (tmp_path / ".hidden").touch()
    text = Page(tmp_path).ask("/es/ts_web:logs").text
    assert re.search(r'<a href="/tsung.log">tsung.log</a><td>[-0-9 :]+<td>2 k', text)
    assert "<b>" not in text
    assert ".hidden" not in text


def test_without_a_live_run_the_page_leads_to_the_files(tmp_path: Path) -> None:
    """`pytsung view` of a directory of Tsung's: there is nothing live in it."""
    answer = Page(tmp_path, is_live=False).ask("/")
    assert (answer.status, answer.headers["location"]) == (303, "/es/ts_web:logs")


def test_a_report_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """In the first second there is nothing to report on."""
    answer = Page(tmp_path).ask("/es/ts_web:report")
    assert answer.status == 404
    assert "No report" in answer.text


def test_the_token_goes_from_the_url_into_a_cookie(tmp_path: Path) -> None:
    """A URL is shown in the window, kept in the history, and copied into tickets."""
    page = Page(tmp_path, token="abc")
    answer = page.ask("/?token=abc", host="load-1:8091")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert page.ask("/", host="load-1:8091", cookie="x=1; pytsung_token=abc").status == 200
    assert page.ask("/", host="load-1:8091").status == 401
    assert page.ask("/metrics?token=abc", host="load-1:8091").status == 200
    assert page.ask("/live/stream", host="load-1:8091", cookie="pytsung_token=ab").status == 401


def test_metrics_are_on_the_same_port(tmp_path: Path) -> None:
    """One port to open for page and Prometheus."""
    answer = Page(tmp_path).ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "pytsung_users_started_total 24\n" in answer.text


def test_what_fails_behind_the_page_is_said_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in the page costs an answer, not the run."""

    def fail(_: RunFiles) -> None:
        raise RuntimeError("a bug")

    page = Page(tmp_path)
    monkeypatch.setattr(RunFiles, "listing", fail)
    assert page.ask("/es/ts_web:logs").status == 500
    assert page.complaints == ["/es/ts_web:logs: RuntimeError: a bug"]
