"""Load generators whose users come at a rate, whatever the target does: each with the same load.

Every user opens a connection, makes one GET of `/1`, `/10` or `/100` in turn or by
chance, and leaves. What is asked of each generator is how long that took, connecting
included, as it reports it itself. Must not know what is true.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, quantiles

DELAYS = (1, 10, 100)
"""Milliseconds after which the target answers."""

TSUNG_XML = """\
<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice"{backend}>
  <clients><client host="localhost" use_controller_vm="true" maxusers="15000">
{sources}
  </client></clients>
  <servers><server host="127.0.0.1" port="{port}" type="tcp"/></servers>
  <load><arrivalphase phase="1" duration="{seconds:g}" unit="second">
    <users arrivalrate="{rate:g}" unit="second"/>
  </arrivalphase></load>
  <sessions>
{sessions}
  </sessions>
</tsung>
"""
SESSION = """\
    <session name="ms{delay}" weight="1" type="ts_http"><transaction name="ms{delay}">
      <request><http url="/{delay}" method="GET" version="1.1"/></request>
    </transaction></session>"""

K6_JS = """\
import http from 'k6/http';
import exec from 'k6/execution';
import {{ Trend }} from 'k6/metrics';
const delays = {delays};
const trends = {{}};
for (const delay of delays) trends[delay] = new Trend('ms' + delay, true);
export const options = {{
  scenarios: {{ open: {{
    executor: 'constant-arrival-rate', rate: {whole_rate}, timeUnit: '1s',
    duration: '{seconds}s', preAllocatedVUs: {vus}, maxVUs: {vus}, gracefulStop: '3s',
  }} }},
  noConnectionReuse: true, discardResponseBodies: true,
  summaryTrendStats: ['avg', 'med', 'p(99)', 'count'],
}};
export default function () {{
  const delay = delays[exec.scenario.iterationInTest % delays.length];
  const timings = http.get('http://127.0.0.1:{port}/' + delay).timings;
  trends[delay].add(timings.connecting + timings.duration);
}}
export function handleSummary(data) {{ return {{ '{result}': JSON.stringify(data.metrics) }}; }}
"""
K6_MOST_USERS = 1000
"""k6 makes all its users beforehand; each takes 140 KB."""


@dataclass(frozen=True, slots=True)
class Offer:
    """So many users a second for so long, from these addresses to this port."""

    port: int
    rate: float
    seconds: float
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """What came of many requests; in seconds."""

    count: int
    mean: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Said:
    """What a generator reported: times by delay, and its verdict if it has one."""

    times: Mapping[int, Times]
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """A generator: `prepare` writes its file and gives its command, `read` finds its report."""

    name: str
    program: str
    prepare: Callable[[Offer, Path], list[str]]
    read: Callable[[Path], Said]

    @property
    def is_installed(self) -> bool:
        """Whether it can be measured here."""
        return shutil.which(self.program) is not None


def _xml(offer: Offer, folder: Path, *, backend: str = "") -> Path:
    file = folder / "open.xml"
    text = TSUNG_XML.format(
        backend=f' backend="{backend}"' if backend else "",
        sources="\n".join(f'    <ip value="{source}"/>' for source in offer.sources),
        port=offer.port,
        seconds=offer.seconds,
        rate=offer.rate,
        sessions="\n".join(SESSION.format(delay=delay) for delay in DELAYS),
    )
    file.write_text(text)
    (folder / "log").mkdir()
    return file


def _prepare_pytsung(offer: Offer, folder: Path) -> list[str]:
    words = [sys.executable, "-m", "pytsung", "-f", str(_xml(offer, folder))]
    return [*words, "-l", str(folder / "log"), "--quiet", "start"]


def _read_pytsung(folder: Path) -> Said:
    (file,) = (folder / "log").glob("*/summary.json")
    summary = json.loads(file.read_text())
    times = {
        delay: Times(one["count"], one["mean"], one["p50"], one["p99"])
        for delay in DELAYS
        if (one := summary["samples"].get(f"tr_ms{delay}"))
    }
    return Said(times, summary["verdict"]["status"])


def _prepare_tsung(offer: Offer, folder: Path) -> list[str]:
    # `fullstats`, every value in a file, is the only way to percentiles that it has.
    file = _xml(offer, folder, backend="fullstats")
    name = f"saturation{os.getpid()}"  # it may not be the only Tsung on this host
    return ["tsung", "-f", str(file), "-l", str(folder / "log"), "-n", "-i", name, "start"]


def _read_tsung(folder: Path) -> Said:
    (file,) = (folder / "log").glob("*/tsung-fullstats.log")
    return Said(read_fullstats(file.read_text()))


def read_fullstats(text: str) -> dict[int, Times]:
    """The times of transactions `ms…` in a file of Tsung's; it counts in milliseconds."""
    found: dict[int, list[float]] = {}
    for delay, values in re.findall(r"\{sample,tr_ms(\d+),\s*\[?([^\]}]+)\]?\}", text):
        found.setdefault(int(delay), []).extend(float(one) / 1e3 for one in values.split(","))
    return {delay: times_of(values) for delay, values in sorted(found.items())}


def times_of(values: list[float]) -> Times:
    """The figures of single values."""
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else values * 99
    return Times(len(values), fmean(values), cuts[49], cuts[98])


def _prepare_k6(offer: Offer, folder: Path) -> list[str]:
    script = folder / "open.js"
    text = K6_JS.format(
        delays=list(DELAYS),
        whole_rate=max(1, round(offer.rate)),
        seconds=round(offer.seconds),
        vus=min(K6_MOST_USERS, round(offer.rate * 0.2) + 50),
        port=offer.port,
        result=folder / "k6.json",
    )
    script.write_text(text)
    sources = f"--local-ips={offer.sources[0]}-{offer.sources[-1]}"
    return ["k6", "run", "--quiet", "--no-usage-report", sources, str(script)]


def _read_k6(folder: Path) -> Said:
    metrics = json.loads((folder / "k6.json").read_text())
    return Said(
        {
            delay: Times(one["count"], one["avg"] / 1e3, one["med"] / 1e3, one["p(99)"] / 1e3)
            for delay in DELAYS
            if f"ms{delay}" in metrics and (one := metrics[f"ms{delay}"]["values"])["count"]
        }
    )


GENERATORS = (
    OpenLoop("pytsung", sys.executable, _prepare_pytsung, _read_pytsung),
    OpenLoop("Tsung", "tsung", _prepare_tsung, _read_tsung),
    OpenLoop("k6", "k6", _prepare_k6, _read_k6),
)
