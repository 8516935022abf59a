"""The guard at the door of the web application: every request passes here first.

Plain ASGI, so that nothing of a framework can be reached around it. Decisions are the
guard's; this turns them into answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pytsung.dashboard.web.guard import COOKIE, HEADERS, Guard, Visit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class Doorkeeper:
    """An ASGI application that lets requests through to another one, or not.

    What fails behind it is told to `complain`: it costs one answer, never the run.
    """

    def __init__(self, inner: Application, guard: Guard, complain: Callable[[str], None]) -> None:
        self._inner = inner
        self._guard = guard
        self._complain = complain

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        # What is said in place of a WebSocket is an answer with other names for its parts.
        prefix = "websocket." if is_socket else ""

        async def send_guarded(message: Message) -> None:
            if message["type"] == f"{prefix}http.response.start":
                message["headers"] = _with_ours(list(message["headers"]))
            await send(message)

        visit = _visit_of(scope)
        refusal = self._guard.refusal(visit)
        if refusal is not None:
            await _answer(send_guarded, refusal.status, refusal.text, prefix=prefix)
        elif visit.query_token and _is_page(scope) and visit.method == "GET":
            # Into a cookie with it: a URL is shown, kept and copied.
            cookie = f"{COOKIE}={visit.query_token}; Path=/; HttpOnly; SameSite=Strict"
            more = {"Location": _without_token(scope), "Set-Cookie": cookie}
            await _answer(send_guarded, 303, "this way", more)
        else:
            await self._pass_on(scope, receive, send_guarded)

    async def _pass_on(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let the application answer; it sends a 500 itself before it lets an error out."""
        try:
            await self._inner(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the run goes on, whatever the page does
            self._complain(f"{scope['path']}: {type(error).__name__}: {error}")


def _visit_of(scope: Message) -> Visit:
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    cookies = {name: value for name, _, value in pairs}
    is_socket = scope["type"] == "websocket"
    method = "GET" if is_socket else scope["method"]
    return Visit(method, headers, cookies.get(COOKIE, ""), query.get("token", ""), is_socket)


def _is_page(scope: Message) -> bool:
    if scope["type"] != "http":
        return False
    path: str = scope["path"]
    return path == "/" or path.startswith("/es/ts_web")


def _without_token(scope: Message) -> str:
    query = parse_qsl(scope["query_string"].decode("latin-1"))
    rest = urlencode([(name, value) for name, value in query if name != "token"])
    # A path such as //elsewhere would lead to another host.
    path = "/" + scope["path"].lstrip("/\\")
    return f"{path}?{rest}" if rest else path


def _with_ours(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The answer's headers and ours; what an answer says of itself stands."""
    said = {name.lower() for name, _ in headers}
    ours = [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]
    return headers + [(name, text) for name, text in ours if name not in said]


async def _answer(
    send: Send, status: int, text: str, more: dict[str, str] | None = None, *, prefix: str = ""
) -> None:
    body = f"{text}\n".encode()
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    headers |= {"Content-Length": str(len(body)), **(more or {})}
    plain = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]
    await send({"type": f"{prefix}http.response.start", "status": status, "headers": plain})
    await send({"type": f"{prefix}http.response.body", "body": body})
