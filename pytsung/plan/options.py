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
class ConnectionOptions:
    """Options in force for one session; defaults are Tsung's (manual, "Options").

    Times are seconds; `connect_timeout=None` waits for ever. `idle_timeout` is
    the longest silence while an answer is awaited. `receive_buffer` and
    `send_buffer` are SO_RCVBUF and SO_SNDBUF in bytes. `source_ports` are the
    first and last local port to use, where the test fixes them.
    """

    connect_timeout: float | None = None
    idle_timeout: float = 600.0
    max_retries: int = 3
    retry_delay: float = 0.010
    receive_buffer: int = 32768
    send_buffer: int = 32768
    reuse_address: bool = False
    reuse_port: bool = False
    transparent: bool = False
    source_ports: tuple[int, int] | None = None
    tls: TlsOptions = field(default_factory=TlsOptions)
