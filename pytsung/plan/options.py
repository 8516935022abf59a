"""How a session's connections behave (Tsung's `<option>`s); seconds and bytes.

Must not know sockets or TLS libraries: these are wishes, `agent` makes them true.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """TLS settings; Tsung manual, options `ssl_*`. The server is never verified, as in Tsung."""

    versions: tuple[str, ...] = ()
    ciphers: str = ""
    reuse_sessions: bool = True
    send_sni: bool = True


@dataclass(frozen=True, slots=True)
class WebSocketOptions:
    """The WebSocket that server types `websocket` lay a conversation on (options `websocket_*`).

    An empty `origin` is the target's host name.
    """

    path: str = "/chat"
    is_text: bool = False
    subprotocols: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How fast a user reads what it awaits: a token bucket, in bytes and bytes per second."""

    rate: float
    burst: float


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """Options in force for one session; defaults are Tsung's (manual, "Options").

    Times are seconds; `connect_timeout=None` waits for ever. `idle_timeout` is
    the longest silence while an answer is awaited. `receive_buffer` and
    `send_buffer` are SO_RCVBUF and SO_SNDBUF in bytes, None leaves them to the kernel
    (Tsung sets 32768). `source_ports` are the
    first and last local port to use, where the test fixes them. `datagram_…` are the
    buffers of UDP. `barrier_timeout` is
    how long a user waits for all the others (None: for ever).
    """

    connect_timeout: float | None = None
    idle_timeout: float = 600.0
    max_retries: int = 3
    retry_delay: float = 0.010
    receive_buffer: int | None = None
    send_buffer: int | None = None
    reuse_address: bool = False
    reuse_port: bool = False
    transparent: bool = False
    source_ports: tuple[int, int] | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
    rate_limit: RateLimit | None = None
    barrier_timeout: float | None = None
    datagram_receive_buffer: int | None = None
    datagram_send_buffer: int | None = None
    websocket: WebSocketOptions = field(default_factory=WebSocketOptions)
