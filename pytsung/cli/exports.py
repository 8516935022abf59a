"""Where a run's figures go while it lasts, besides its log directory.

Must not know how they are sent.
"""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from pytsung.cli.arguments import Arguments
from pytsung.dashboard.export import Export, exporting
from pytsung.dashboard.line_client import LineProtocolClient
from pytsung.errors import UsageError
from pytsung.fence import Fence
from pytsung.logdir.line_protocol import LineProtocolFile, Lines
from pytsung.stats.totals import RunTotals


def check_exports(asked: Arguments) -> None:
    """Raise UsageError for what cannot be sent to, before a run begins."""
    if "://" in asked.influx:
        _check_url("--influx", asked.influx, "http://127.0.0.1:8086/api/v2/write?org=O&bucket=B")
    if asked.otlp:
        _check_url("--otlp", asked.otlp, "http://127.0.0.1:4318")
        if importlib.util.find_spec("opentelemetry") is None:
            raise UsageError(
                "--otlp: OpenTelemetry's SDK is not installed; pip install 'pytsung[otlp]'"
            )


def open_lines(asked: Arguments, run: str) -> Lines | None:
    """Who takes InfluxDB's lines: a file, or a URL."""
    if "://" in asked.influx:
        return LineProtocolClient(asked.influx, run, os.environ)
    return LineProtocolFile(Path(asked.influx), run) if asked.influx else None


async def begin_exports(
    stack: AsyncExitStack,
    asked: Arguments,
    lines: Lines | None,
    run: str,
    totals: Callable[[], RunTotals],
    say: Callable[[str], None],
) -> None:
    """Send figures away as long as `stack` is open; what goes wrong with that is said."""
    exports: list[Export] = [lines] if isinstance(lines, LineProtocolClient) else []
    if asked.otlp:
        from pytsung.dashboard.otlp import OtlpExport  # noqa: PLC0415 - an extra, and slow

        exports.append(OtlpExport(asked.otlp, run, totals))
    for export in exports:
        await stack.enter_async_context(exporting(export, say))


def _check_url(option: str, url: str, example: str) -> None:
    """Refuse what is no URL, and a host that PYTSUNG_LOOPBACK_ONLY forbids."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{option} {url}: not a URL to send to; write {example}")
    fence = Fence()
    if not fence.is_up:
        return
    try:
        found = {str(place[0]) for *_, place in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise UsageError(f"{option} {url}: {host} is not known here; name another host") from error
    if not all(map(fence.allows, found)):
        raise UsageError(
            f"{option} {url}: PYTSUNG_LOOPBACK_ONLY forbids {host};"
            " list its network in PYTSUNG_TEST_NETWORKS"
        )
