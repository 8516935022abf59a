"""The server's counts in Prometheus's text format, version 0.0.4.

Must not know where the counts come from.
"""

from __future__ import annotations

from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

PREFIX = "pytsung_server_"

_GAUGES = {
    "open": ("connections", "Connections that are open now."),
    "peak": ("connections_peak", "Most connections that were open at once."),
    "max_connections": ("connections_limit", "Connections that are held at most (option)."),
    "workers": ("workers", "Worker processes."),
    "redis_subscribed": ("redis_subscribed", "1 while events come from Redis, 0 while it is gone."),
}

_COUNTERS = {
    "accepted": ("connections_accepted", "Connections taken from the kernel, refused ones too."),
    "refused": ("connections_refused", "Connections closed at once because of the limit."),
    "upgrades": ("upgrades", "Handshakes that were answered with 101."),
    "messages": ("messages_received", "Text and binary messages from clients."),
    "events": ("events_received", "Published events that came to the workers, in each worker."),
    "deliveries": ("events_delivered", "Event frames that were sent to clients."),
    "slow": ("slow_clients", "Connections that were ended because they did not read."),
    "published": ("events_published", "Events that were taken in for all workers."),
    "invalid": ("events_invalid", "Messages that were to be published, but are no events."),
    "lost": ("events_lost", "Events that some worker was too busy to take."),
    "redis_losses": ("redis_losses", "How often the connection to Redis was lost."),
    "errors": ("protocol_errors", "Connections that broke the rules or were too slow."),
    "resets": ("connection_resets", "Connections that broke off: reset, or not to be reached."),
    "bytes_received": ("received_bytes", "Bytes from clients, without TLS."),
    "bytes_sent": ("sent_bytes", "Bytes to clients, without TLS."),
}


def exposition(counts: Mapping[str, int]) -> str:
    """All counts that have a metric, as text. Unknown names are left out."""
    lines: list[str] = []
    for metrics, kind, suffix in ((_GAUGES, "gauge", ""), (_COUNTERS, "counter", "_total")):
        for name, (metric, description) in metrics.items():
            if name in counts:
                full = f"{PREFIX}{metric}{suffix}"
                lines += [
                    f"# HELP {full} {description}",
                    f"# TYPE {full} {kind}",
                    f"{full} {counts[name]}",
                ]
    return "\n".join(lines) + "\n"
