"""A web server's access log made into sessions: `pytsung log2tsung access.log > tsung.xml`.

In place of Tsung's log2tsung.pl, with its options and rules: a visitor is an address
with a user agent; a long pause begins a new visit; a short one becomes a think
time. The whole address names a visitor here, and the phase stands in `<load>`, so
the file runs as it is. Must not know where the log is read from.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

_LINE = re.compile(
    r'(?P<address>\S+) \S+ \S+ \[(?P<time>[^ \]]+)[^\]]*\] "(?P<method>[A-Z]+) (?P<url>\S+)'
    r' HTTP/(?P<version>\d\.\d)" (?P<status>\d{3}) \S+(?: "[^"]*" "(?P<agent>[^"]*)")?'
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d)")
_LONG_AGO = "Fri, 14 Nov 2003 02:43:31 GMT"
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Hit:
    """One request of the log; `at` in seconds."""

    at: float
    method: str
    url: str
    version: str
    status: int


@dataclass(slots=True)
class Visits:
    """Visits by their name, and the lines that could not be read."""

    by_name: dict[str, list[Hit]]
    bad_lines: int


def read_visits(lines: Iterable[str], *, pause: float = 600.0) -> Visits:
    """The visits of a log in the Combined format, in the order of their visitors' first hits."""
    hits: dict[tuple[str, str], list[Hit]] = defaultdict(list)
    bad = 0
    for line in lines:
        found = _LINE.match(line)
        at = _seconds(found["time"]) if found else None
        if found is None or at is None or found["method"] not in _METHODS:
            bad += bool(line.strip())
            continue
        hit = Hit(at, found["method"], found["url"], found["version"], int(found["status"]))
        hits[found["address"], found["agent"] or ""].append(hit)
    visits: dict[str, list[Hit]] = {}
    numbers: dict[str, int] = defaultdict(int)
    for (address, _agent), visitor in hits.items():
        for visit in _split(sorted(visitor, key=lambda hit: hit.at), pause):
            numbers[address] += 1
            visits[f"{address}-{numbers[address]}"] = visit
    return Visits(visits, bad)


def _seconds(text: str) -> float | None:
    """The log's time without its zone: only differences count."""
    found = _TIME.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, month, year, *rest = found.groups()
    hour, minute, second = map(int, rest)
    number = _MONTHS.index(month) + 1
    try:
        at = datetime(int(year), number, int(day), hour, minute, second, tzinfo=UTC)
        return at.timestamp()
    except ValueError:
        return None


def _split(hits: Sequence[Hit], pause: float) -> list[list[Hit]]:
    visits: list[list[Hit]] = []
    for hit in hits:
        if not visits or hit.at - visits[-1][-1].at > pause:
            visits.append([])
        visits[-1].append(hit)
    return visits


def configuration(visits: Visits, *, think: float = 1.0, fewest: int = 2) -> str:
    """The configuration; visits of more than `fewest` requests become sessions, with a think
    time wherever more than `think` seconds passed.
    """
    kept = {name: visit for name, visit in visits.by_name.items() if len(visit) > fewest}
    share = int(100_000 / len(kept)) / 1000 if kept else 0.0
    first = 100 - share * (len(kept) - 1)
    sessions = [
        _session(name, visit, first if n == 0 else share, think)
        for n, (name, visit) in enumerate(kept.items())
    ]
    return _FRAME.format(sessions="".join(sessions))


_FRAME = """\
<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice" dumptraffic="false" version="1.0">
  <clients>
    <client host="localhost" maxusers="950"/>
  </clients>
  <servers>
    <server host="myservername" port="80" type="tcp"/>
  </servers>
  <load>
    <arrivalphase phase="1" duration="10" unit="minute">
      <users interarrival="0.1" unit="second"/>
    </arrivalphase>
  </load>
  <sessions>
{sessions}  </sessions>
</tsung>
"""


def _session(name: str, visit: Sequence[Hit], probability: float, think: float) -> str:
    is_repeated = not name.endswith("-1")
    lines = [f'    <session name={quoteattr(name)} probability="{probability:.3f}" type="ts_http">']
    for n, hit in enumerate(visit):
        gap = hit.at - visit[n - 1].at if n else 0.0
        if gap > think:
            lines.append(f'      <thinktime value="{gap:g}"/>')
        known = is_repeated and not n and hit.status == 304
        since = f' if_modified_since="{_LONG_AGO}"' if known else ""
        url = escape(hit.url, {'"': "&quot;", "'": "&apos;"})
        http = f'<http url="{url}" version="{hit.version}" method="{hit.method}"{since}/>'
        lines.append(f"      <request>{http}</request>")
    return "\n".join([*lines, "    </session>\n"])
