"""The page in a real browser, on real runs: it moves by itself, and what it says is true.

Needs Chromium; the browser talks to 127.0.0.1 alone.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.end_to_end.command import (
    ASK,
    CONNECT,
    Command,
    configuration,
    think,
    wait_for,
)
from tests.end_to_end.conftest import Start
from tests.end_to_end.test_outside import ask

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
    (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""
LOOK = 40_000
"""Milliseconds until the page must show something: a browser without a GPU, on a busy machine."""

LOAD = (
    '<arrivalphase phase="1" duration="6" unit="second">'
    '<users arrivalrate="20" unit="second"/></arrivalphase>'
    '<arrivalphase phase="2" duration="{0}" unit="second">'
    '<users arrivalrate="5" unit="second"/></arrivalphase>'
)


@pytest.fixture(scope="module")
def plain_asyncio() -> Iterator[None]:
    """Loops of asyncio itself: once trio-asyncio is imported, others would come of it."""
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(None)


@pytest.fixture(scope="module")
def browser(plain_asyncio: None) -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium here: apt-get install --no-install-recommends chromium")
    expect.set_options(timeout=LOOK)
    with sync_playwright() as playwright:
        options = [
            "--no-sandbox",
            "--disable-gpu",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody has used, which notes whatever its policy forbids."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(LOOK)
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Controllers of this test alone, with their page on a free port."""
    monkeypatch.setenv("PYTSUNG_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("PYTSUNG_NO_WEB", "0")
    monkeypatch.setenv("PYTSUNG_WEB_PORT", "0")


def begin(start: Start, port: int, *words: str, rest: int = 6) -> tuple[Command, str]:
    """A run with users, and the address of its page."""
    steps = (CONNECT, ASK, think(1), ASK)
    run = start(*words, "start", text=configuration(port, *steps, load=LOAD.format(rest)))
    run.wait_until_started(1)
    return run, str(ask({"ask": "status"})["url"])


def said(page: Page) -> list[str]:
    """Everything that the page complains of from now on."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    return complaints


def tile(page: Page, name: str) -> str:
    """The figure of a tile."""
    found = page.locator("#tiles div", has=page.get_by_text(name, exact=True))
    return found.locator(".value").inner_text()


def points(page: Page, chart: str, line: int) -> list[Any]:
    """The figures of a line as plotly has drawn them."""
    return list(page.evaluate(f"Array.from(document.getElementById('{chart}').data[{line}].y)"))


def second(page: Page) -> float:
    return float(page.evaluate("Number(document.documentElement.dataset.second ?? -1)"))


def until(page: Page, condition: str, timeout: float = LOOK) -> None:
    """Wait for something on the page; its policy forbids what Playwright's own waiting does."""
    deadline = time.monotonic() + timeout / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never: {condition}"
        page.wait_for_timeout(100)


def wait_seconds(page: Page, count: int) -> None:
    """Wait until the page has moved on by itself."""
    until(page, f"Number(document.documentElement.dataset.second) >= {second(page) + count}")


def wait_drawn(page: Page) -> None:
    """Wait for the first news after a page was opened, and for plotly to have drawn them.

    The two come in either order. Empty charts are drawn before the news; a page with
    news draws them as soon as there is plotly.
    """
    until(page, "document.documentElement.dataset.second !== undefined")
    until(page, "document.getElementById('users').data?.length === 3")


def test_the_page_moves_by_itself_and_ends_with_the_summarys_figures(
    start: Start, port: int, context: BrowserContext
) -> None:
    """Nobody has to press reload; and in the end page and summary.json are of one mind."""
    run, url = begin(start, port, "-k")
    page = context.new_page()
    complaints = said(page)
    page.goto(url)
    wait_seconds(page, 1)
    seen = set()
    for _ in range(4):
        wait_seconds(page, 1)
        seen.add(page.locator("#elapsed").inner_text())
    assert len(seen) >= 3
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    expect(page.locator("#agents tbody tr")).to_have_count(1)
    expect(page.locator("#activity")).to_contain_text("of 2")
    until(page, "document.documentElement.dataset.state === 'ended'", timeout=60_000)
    wait_for(lambda: list(run.log_root.glob("*/summary.json")) != [], "a summary", run)
    summary = run_summary(run)
    request = summary["samples"]["request"]
    cells = page.locator("#samples tr", has_text="request").locator("td").all_inner_texts()
    assert cells[1] == f"{request['count']:,}"
    assert _seconds(cells[5]) == pytest.approx(request["p95"], rel=0.01)
    assert _seconds(cells[7]) == pytest.approx(request["max"], rel=0.01)
    users = summary["users"]
    assert f"peak {users['peak']}, {users['started']} started" in page.inner_text("#tiles")
    assert page.locator("#verdict strong").inner_text() == summary["verdict"]["status"]
    assert sum(points(page, "arrivals", 1)) == users["started"]
    assert (complaints, page.evaluate("window.violations")) == ([], [])
    see_the_report(context, url)
    page.get_by_role("button", name="Close").click()
    page.locator("#sure").get_by_role("button", name="Stop the test").click()
    assert run.wait().status in (0, 3)


def see_the_report(context: BrowserContext, url: str) -> None:
    """Report and graphs come with their images, and their script runs, under their policy."""
    page = context.new_page()
    complaints = said(page)
    page.goto(url + "es/ts_web:report", timeout=60_000)
    assert page.url == url + "report.html"
    assert page.locator("svg").count() > 3
    page.goto(url + "es/ts_web:graph", timeout=60_000)
    until(page, "Array.from(document.images).every((image) => image.naturalWidth > 0)")
    assert (complaints, page.evaluate("window.violations")) == ([], [])
    page.close()


def run_summary(run: Command) -> Any:
    (path,) = run.log_root.glob("*/summary.json")
    return json.loads(path.read_text())


def _seconds(text: str) -> float:
    number, unit = text.replace(",", "").split()
    return float(number) * {"ms": 0.001, "s": 1.0}[unit]


def test_a_reload_keeps_the_history_and_two_browsers_see_the_same(
    start: Start, port: int, browser: Browser, context: BrowserContext
) -> None:
    """Charts begin with the test, not with the tab."""
    run, url = begin(start, port, rest=30)
    first, other = context.new_page(), browser.new_context().new_page()
    first.goto(url)
    wait_drawn(first)
    wait_seconds(first, 4)
    before = points(first, "users", 1)
    assert len(before) >= 5
    first.reload()
    wait_drawn(first)
    assert points(first, "users", 1)[: len(before)] == before
    other.goto(url)
    wait_drawn(other)
    assert points(other, "users", 1)[: len(before)] == before
    assert "arrival phase 1 begins" in other.inner_text("#events")
    run.process.terminate()
    run.wait()
    expect(other.locator("#link")).to_have_text("the run is over")
    other.context.close()


def test_a_page_goes_on_with_the_next_run_at_its_place(
    start: Start, port: int, context: BrowserContext
) -> None:
    """The controller was killed, and started again: the tab that is still open must not mix two."""
    first, url = begin(start, port, rest=60)
    page = context.new_page()
    page.goto(url)
    wait_drawn(page)
    wait_seconds(page, 3)
    first.signal(signal.SIGKILL)
    first.process.wait()
    expect(page.locator("#link")).to_have_text("connection lost; trying again …")
    before = page.inner_text("#directory")
    place = str(urlsplit(url).port)
    second_run, again = begin(start, port, "--web-port", place, rest=60)
    assert again == url
    expect(page.locator("#link")).to_have_text("live")
    assert page.inner_text("#directory") != before
    assert page.locator("#events", has_text="the test begins").count() == 1
    shown = points(page, "arrivals", 1)
    wait_seconds(page, 1)
    began = [i["users_started"] for i in intervals(second_run)]
    assert shown == began[: len(shown)]
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    second_run.process.terminate()
    second_run.wait()


def intervals(run: Command) -> list[Any]:
    """The seconds of a run so far."""
    (path,) = run.log_root.glob("*/intervals.jsonl")
    *lines, _ = path.read_text().split("\n")
    return [json.loads(line)["merged"] for line in lines]


def test_orders_of_the_page_are_carried_out(
    start: Start, port: int, context: BrowserContext
) -> None:
    """Pause, resume, another rate, stop: the summary says that the load was amended."""
    run, url = begin(start, port, rest=60)
    page = context.new_page()
    complaints = said(page)
    page.goto(url)
    page.get_by_role("button", name="Pause arrivals").click()
    expect(page.locator("#activity")).to_contain_text("paused")
    page.get_by_role("button", name="Resume arrivals").click()
    expect(page.get_by_role("button", name="Pause arrivals")).to_be_visible()
    page.get_by_label("arrivals/s").fill("x")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#said")).to_contain_text("is no rate")
    page.get_by_label("arrivals/s").fill("40")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#events")).to_contain_text("40 arrivals per second from now on")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator("#sure").get_by_role("button", name="Go on").click()
    assert run.process.poll() is None
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator("#sure").get_by_role("button", name="Stop the test").click()
    result = run.wait()
    assert result.status == 0, result.stderr
    assert result.summary["amended"] is True
    actions = [event["action"] for event in result.events if event["event"] == "order"]
    assert actions == ["pause", "resume", "rate", "stop"]
    result.check_books()
    expect(page.locator("#link")).to_have_text("the run is over")
    assert page.evaluate("window.violations") == []
    assert [
        text for text in complaints if "ERR_" not in text and "Failed to load" not in text
    ] == []


def test_elsewhere_the_page_needs_its_token(
    start: Start, port: int, context: BrowserContext
) -> None:
    """0.0.0.0 is everybody; the printed URL opens it, and then the cookie does."""
    run, url = begin(start, port, "--web-bind", "0.0.0.0", rest=30)
    found = re.fullmatch(r"http://[^:/]+:(\d+)/\?token=(.+)", url)
    assert found is not None, url
    page = context.new_page()
    address = f"http://127.0.0.1:{found[1]}/"
    refused = page.goto(address)
    assert refused is not None
    assert refused.status == 401
    page.goto(f"{address}?token={found[2]}")
    wait_seconds(page, 1)
    assert page.url == address
    assert second(page) > 0
    run.process.terminate()
    run.wait()


def test_hosts_of_the_target_are_drawn_and_listed(
    start: Start, port: int, context: BrowserContext
) -> None:
    """Beside those of the load generator, each under its name."""
    text = configuration(port, CONNECT, think(1), load=LOAD.format(30)).replace(
        "</servers>", '</servers><monitoring><monitor host="localhost"/></monitoring>'
    )
    run = start("start", text=text)
    run.wait_until_started(1)
    page = context.new_page()
    complaints = said(page)
    page.goto(str(ask({"ask": "status"})["url"]))
    row = page.locator("#hosts tr", has_text="localhost")
    expect(row).to_contain_text("target")
    expect(row).to_contain_text("GB")
    expect(page.locator("#host-cpu .legendtext").get_by_text("localhost")).to_be_visible()
    assert (complaints, page.evaluate("window.violations")) == ([], [])
    run.process.terminate()
    run.wait()


def test_another_sites_page_can_neither_read_nor_order(
    start: Start, port: int, context: BrowserContext, listener: Any
) -> None:
    """The operator's browser visits many pages while a test runs."""
    run, url = begin(start, port, rest=30)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{listener.port}/")
    outcome = page.evaluate(
        """async (url) => {
          const tried = [];
          for (const how of [
            {},
            {method: "POST", mode: "no-cors", body: '{"action": "stop"}'},
            {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"},
          ]) {
            try {
              const path = how.method ? "live/order" : "es/ts_api:status";
              const answer = await fetch(url + path, how);
              tried.push(answer.type === "opaque" ? "opaque" : "read");
            } catch { tried.push("refused"); }
          }
          return tried;
        }""",
        url,
    )
    assert "read" not in outcome
    page.goto(url + "es/ts_web:stop")
    assert "A link must not stop a test" in page.inner_text("body")
    assert run.process.poll() is None
    assert not [e for e in _events(run) if '"order"' in e]
    run.process.terminate()
    run.wait()


def _events(run: Command) -> list[str]:
    (path,) = run.log_root.glob("*/events.jsonl")
    return path.read_text().splitlines()
