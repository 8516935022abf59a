"""Where Tsung's report puts a statistic: its table, its graph, the names of its files.

Facts about Tsung's report that scripts and custom templates rely on; must not
know a figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST = re.compile(r'\{(?P<metric>\w+),"(?P<node>[^"]*)"\}')


def plain_name(name: str) -> str:
    """A statistic as Tsung's report and its files call it: `cpu:os_mon@web1`, no quotes."""
    found = _HOST.fullmatch(name)
    if found:
        node = found["node"]
        node = node if node.startswith("os_mon@") else f"os_mon@{node}"
        return f"{found['metric']}:{node}"
    return name.replace("'", "").replace('"', "").replace("/", "_").replace("\0", "_")


_CATEGORIES = tuple(
    (re.compile(pattern), category)
    for pattern, category in (
        (r"cpu:.*", "os_mon_cpu"),
        (r"freemem:.*", "os_mon_free"),
        (r"load:.*", "os_mon_load"),
        (r".{4}packets:.*", "os_mon_packets"),
        (r".+:os_mon.*", "os_mon_other"),
        (r"\d+", "http_status"),
        (r"request|page|session|connect|async_rcv", "stats"),
        (r"tr_.*|xmpp_msg_latency|mqtt_forward_latency", "transaction"),
        (r"size.*", "network"),
        (r"error.*", "error"),
        (r"bidi.*|request_noack", "count"),
        (r".*match.*", "match"),
        (r"job_.*", "count"),
        (r".*", "gauge"),
    )
)


def category(plain: str) -> str:
    """The table that a statistic stands in."""
    return next(name for pattern, name in _CATEGORIES if pattern.fullmatch(plain))


@dataclass(frozen=True, slots=True)
class Column:
    """One image of a group. `field` is its column in the data files, counted from 1."""

    name: str
    field: int
    title: str
    unit: str
    in_page: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Statistics that are drawn together, an image for each column."""

    name: str
    columns: tuple[Column, ...]


def _samples(
    name: str, unit: str, mean_unit: str, titles: dict[str, str], shown: tuple[str, ...]
) -> Group:
    units = (unit, *[mean_unit] * 4)
    names = ("rate", "mean", "stddev", "max_sample", "min_sample")
    columns = tuple(
        Column(column, field, titles.get(column, f"{name}: {column}"), units[n], column in shown)
        for n, (field, column) in enumerate(enumerate(names, start=2))
    )
    return Group(name, columns)


def _counters(
    name: str, unit: str, total: str, title: str, title_total: str, *, shown: bool = True
) -> Group:
    rate = Column("rate", 2, title, unit, shown)
    return Group(name, (rate, Column("total", 3, title_total, total)))


_RULES: tuple[tuple[re.Pattern[str], Group], ...] = tuple(
    (re.compile(pattern), group)
    for pattern, group in (
        ("session", _samples("Session", "sessions/sec", "msec", {}, ())),
        (
            "size.*",
            _counters(
                "Size",
                "Kbits/sec",
                "total Kbits",
                "Network throughput",
                "Total of received and sent data",
            ),
        ),
        (
            "users|connected|job_.*",
            Group(
                "Users",
                (
                    Column("simultaneous", 2, "Simultaneous users and open connections", "", True),
                    Column("maximum_simultaneous", 3, "Highest number of simultaneous users", ""),
                ),
            ),
        ),
        (
            ".*users.*",
            _counters(
                "Users_Arrival",
                "number of users/sec",
                "total",
                "Users' arrival and departure rate",
                "Total users",
            ),
        ),
        (".*match.*", _counters("Match", "rate", "total", "Matching responses", "Total matches")),
        ("error.*", _counters("Errors", "errors/sec", "total", "Errors rate", "Total errors")),
        (
            "bidi.*|request_noack",
            _counters("Async", "rate", "total", "Requests without answer", "Total without answer"),
        ),
        (
            ".*(request|connect|async_rcv)",
            _samples(
                "Perfs",
                "requests/sec",
                "msec",
                {
                    "rate": "Request and connection rate",
                    "mean": "Mean duration of requests and connects",
                },
                ("rate", "mean"),
            ),
        ),
        (
            "bosh_http_(conn|req)",
            _counters("Bosh", "rate", "total", "BOSH connections and requests", "Total BOSH"),
        ),
        (
            "tr_.*|page|xmpp_msg_latency|mqtt_forward_latency",
            _samples(
                "Transactions",
                "transactions/sec",
                "msec",
                {
                    "rate": "Transaction and page rate",
                    "mean": "Mean duration of transactions and pages",
                },
                ("rate", "mean"),
            ),
        ),
        (
            r"\d+",
            _counters(
                "HTTP_CODE", "number/sec", "total", "HTTP responses by code", "Total HTTP responses"
            ),
        ),
    )
)
_EVENTS = _counters("Event", "rate", "total", "Events", "Total events", shown=False)
_UNITS = {"cpu": "%", "freemem": "MB", "load": "", "recvpackets": "packets", "sentpackets": ""}


def group_of(plain: str, *, is_sample: bool = True) -> Group:
    """The graph that a statistic is drawn in; a host's figure may be a sum, too."""
    metric, colon, node = plain.partition(":")
    if colon and "@" in node and not is_sample:
        title = f"{metric} of monitored hosts"
        return _counters(metric, "number/sec", "total", title, f"{title}, total")
    if colon and "@" in node:
        titles = {"mean": f"{metric} of monitored hosts"}
        shown = () if "packets" in metric else ("mean",)
        return _samples(metric, "readings/sec", _UNITS.get(metric, metric), titles, shown)
    return next((group for rule, group in _RULES if rule.fullmatch(plain)), _EVENTS)
