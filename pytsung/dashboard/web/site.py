"""The web application: the page, its stream of news, orders, Tsung's addresses, `/metrics`.

Imported when the first visitor comes. Must not know how the run is played: it has its
picture, and hands orders on.
"""

from __future__ import annotations

import gzip
import html
import importlib.util
import json
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from pytsung import __version__
from pytsung.control.orders import Action, Order, read_order
from pytsung.dashboard.broadcast import Broadcast
from pytsung.dashboard.exposition import CONTENT_TYPE, exposition
from pytsung.dashboard.live_run import Status
from pytsung.dashboard.web.doorkeeper import Doorkeeper
from pytsung.dashboard.web.guard import FILE_POLICY, REPORT_POLICY, Guard
from pytsung.dashboard.web.news_socket import converse
from pytsung.dashboard.web.news_stream import NewsStream
from pytsung.dashboard.web.run_files import REPORT_PAGES, RunFiles
from pytsung.errors import UsageError

MOST_FOLLOWERS = 64
"""Browsers, and `watch`es, that follow one run; further ones are told to come back."""

LARGEST_ORDER = 1024  # bytes
PLOTLY = "plotly.js"
_STYLE_ID = re.compile(r'getElementById\("([0-9a-f]{64})"\)')
ASSETS = {
    PLOTLY: "text/javascript",
    "live.css": "text/css",
    "plotly.css": "text/css",
    "live.js": "text/javascript",
    "charts.js": "text/javascript",
    "tables.js": "text/javascript",
    "words.js": "text/javascript",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(slots=True)
class Site:
    """One run's web application. `is_live` is false when only its files are shown."""

    broadcast: Broadcast
    files: RunFiles
    guard: Guard
    order: Callable[[Order], None]
    complain: Callable[[str], None]
    quirks: bool = False
    is_live: bool = True
    _assets: dict[str, bytes] = field(default_factory=dict)
    _reporting: trio.Lock = field(default_factory=trio.Lock)

    def application(self) -> Doorkeeper:
        """The ASGI application, with its guard before it."""
        tsung: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "ts_web:status": self._page,
            "ts_web:report": self._report,
            "ts_web:graph": self._report,
            "ts_web:update": self._update,
            "ts_web:error": self._error,
            "ts_web:logs": self._logs,
            "ts_web:stop": self._stop_by_get,
            "ts_api:status": self._status,
        }
        routes = [
            Route("/", self._page if self.is_live else self._to_logs),
            Route("/live/stream", self._stream),
            WebSocketRoute("/live/socket", self._socket),
            Route("/live/order", self._take_order, methods=["POST"]),
            Route("/live/assets/{version}/{name}", self._asset),
            Route("/metrics", self._metrics),
            Route("/favicon.ico", self._no_icon),
            *(Route(f"/es/{name}", answer) for name, answer in tsung.items()),
            *(Route(f"/es/{name.replace(':', '/')}", answer) for name, answer in tsung.items()),
            Route("/{name:path}", self._file),
        ]
        return Doorkeeper(Starlette(routes=routes), self.guard, self.complain)

    # -- our own page ---------------------------------------------------------

    async def _page(self, _: Request) -> Response:
        text = await trio.to_thread.run_sync(_live_page)
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

    async def _stream(self, _: Request) -> Response:
        """News as server-sent events: a browser that was cut off asks again by itself."""
        if self.broadcast.followers >= MOST_FOLLOWERS:
            return _too_many()
        return NewsStream(self.broadcast.follow())

    async def _socket(self, socket: WebSocket) -> None:
        """The same news as messages of a WebSocket, which also takes orders."""
        if self.broadcast.followers >= MOST_FOLLOWERS:
            await socket.send_denial_response(_too_many())
            return
        news = self.broadcast.follow()
        await converse(socket, news, lambda text: self._carry_out(text, by="watch")[0])

    async def _take_order(self, request: Request) -> Response:
        body = b""
        async with aclosing(request.stream()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > LARGEST_ORDER:
                    return JSONResponse({"error": "this is no order: too long"}, 413)
        answer, status = self._carry_out(body, by="page")
        return JSONResponse(answer, status)

    def _carry_out(self, text: str | bytes, *, by: str) -> tuple[dict[str, Any], int]:
        """The answer to an order, and its status in HTTP."""
        try:
            plain = json.loads(text)
            if not isinstance(plain, dict):
                raise UsageError('an order is an object: {"action": "stop"}')
            self.order(read_order(plain, by=by))
        except (ValueError, RecursionError):
            return {"error": "an order is JSON"}, 400
        except UsageError as error:
            return {"error": str(error)}, 409
        return {"done": True}, 200

    async def _asset(self, request: Request) -> Response:
        """A part of the page; packed, because some come through a tunnel."""
        name = request.path_params["name"]
        kind = ASSETS.get(name)
        if kind is None:
            return PlainTextResponse("no such part of the page\n", 404)
        if name not in self._assets:
            self._assets[name] = await trio.to_thread.run_sync(_packed, name)
        headers = {**_FOREVER, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(self._assets[name], media_type=kind, headers=headers)

    async def _no_icon(self, _: Request) -> Response:
        """Ours is in the page; browsers ask for another one beside every report."""
        return Response(status_code=204, headers=_FOREVER)

    async def _metrics(self, _: Request) -> Response:
        live = self.broadcast.live
        text = exposition(live.totals, live.hosts)
        return Response(text, media_type=None, headers={"Content-Type": CONTENT_TYPE})

    # -- Tsung's --------------------------------------------------------------

    async def _status(self, _: Request) -> Response:
        text = tsung_status(self.broadcast.live.status())
        return Response(text, media_type="application/json")

    async def _report(self, request: Request) -> Response:
        name = "graph.html" if request.url.path.endswith("graph") else "report.html"
        if not await self._make_report(again=False):
            return self._notice(self.files.says, 404)
        return RedirectResponse(f"/{name}", 303)

    async def _update(self, _: Request) -> Response:
        await self._make_report(again=False)
        return self._notice(self.files.says)

    async def _make_report(self, *, again: bool) -> bool:
        async with self._reporting:  # one at a time: each takes a core for seconds
            return await trio.to_thread.run_sync(lambda: self.files.make_report(again=again))

    async def _error(self, _: Request) -> Response:
        return self._notice("")

    async def _logs(self, _: Request) -> Response:
        rows = "".join(
            f'<tr><td><a href="/{html.escape(entry.name)}">{html.escape(entry.name)}</a>'
            f"<td>{entry.changed}<td>{'-' if entry.size is None else f'{entry.size} k'}</tr>"
            for entry in self.files.listing()
        )
        table = f"<table><thead><tr><th>file<th>changed<th>size</thead>{rows}</table>"
        return self._notice_page("Files of the run", table)

    async def _to_logs(self, _: Request) -> Response:
        return RedirectResponse("/es/ts_web:logs", 303)

    async def _stop_by_get(self, _: Request) -> Response:
        if not self.quirks:
            text = "A link must not stop a test. Press Stop on the page, or run pytsung stop."
            return self._notice(f"{text} (--tsung-quirks allows it.)", 405)
        self.order(Order(Action.STOP, by="ts_web:stop"))
        return self._notice("Tsung controller  is stopping now !")

    async def _file(self, request: Request) -> Response:
        path = self.files.find(request.path_params["name"])
        if path is None:
            return self._notice("There is no such file in the run's directory.", 404)
        kind = "text/plain" if path.suffix in (".log", ".dump", ".jsonl", ".data") else None
        policy = _report_policy() if path.name in REPORT_PAGES else FILE_POLICY
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
        return FileResponse(path, media_type=kind, headers=headers)

    # -- plain pages ----------------------------------------------------------

    def _notice(self, text: str, status: int = 200) -> Response:
        return self._notice_page("", f"<p>{html.escape(text)}</p>", status)

    def _notice_page(self, title: str, body: str, status: int = 200) -> Response:
        live = '<a href="/">Live</a>' if self.is_live else ""
        text = (
            _read("plain.html")
            .decode()
            .replace("@VERSION@", __version__)
            .replace("@NAME@", html.escape(self.files.directory.name))
            .replace("@LIVE@", live)
            .replace("@TITLE@", f"<h2>{title}</h2>" if title else "")
            .replace("@BODY@", body)
        )
        return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


def _too_many() -> Response:
    text = f"{MOST_FOLLOWERS} browsers follow this run already; close one of them\n"
    return PlainTextResponse(text, 503, {"Retry-After": "30"})


def tsung_status(status: Status) -> str:
    """The line that Tsung answers at `ts_api:status`: its keys, in its order."""
    phase = status.phase_total if status.phase is None else status.phase
    return (
        f'{{"phase": {phase},"phase_total": {status.phase_total},"users": {status.users},'
        f'"connected_users": {status.connected_users},'
        f'"request_rate": {status.request_rate:.2f},"active_beams": {status.active_beams},'
        f'"cpu_controller": {status.cpu_controller:.2f}}}'
    )


def _read(name: str) -> bytes:
    """A part of the page; its style stands on that of the report."""
    data = resources.files("pytsung.dashboard.web").joinpath("static", name).read_bytes()
    if name == "live.css":
        data = (
            resources.files("pytsung.report").joinpath("templates", "style.css").read_bytes() + data
        )
    return data


@cache
def _report_policy() -> str:
    script = resources.files("pytsung.report").joinpath("templates", "cursor.js").read_bytes()
    return REPORT_POLICY.format(digest=b64encode(sha256(script).digest()).decode())


@cache
def _live_page() -> str:
    """The page, with an element for each style that plotly.js would otherwise put into it.

    These are styles of maps, named by their own hash. Our policy forbids them, and we
    draw none; but each would be a violation on the browser's console.
    """
    names = sorted(set(_STYLE_ID.findall(_plotly().read_text("utf-8"))))
    found = "".join(f'<template id="{name}"></template>' for name in names)
    return _read("live.html").decode().replace("@VERSION@", __version__).replace("@STYLES@", found)


def _packed(name: str) -> bytes:
    return gzip.compress(_plotly().read_bytes() if name == PLOTLY else _read(name))


def _plotly() -> Path:
    found = importlib.util.find_spec("plotly")  # not imported: only its script is wanted
    assert found is not None, "plotly is among pytsung's dependencies"
    assert found.origin is not None
    return Path(found.origin).parent / "package_data" / "plotly.min.js"
