"""How cost grows with the length of a session: from 10 requests to 10,000.

    python -m bench.growth.sessions [--top 10000] [--users 50] [--graph FILE.svg]

Answers: what a session of so many requests, each with a URL of its own, costs before it
begins (seconds from the command to the first user), in memory (of the controller and of the
worker that plays it, beyond what the shortest takes), and, while users play it again and
again over kept connections, in CPU for one request. nginx answers on one core, the generator
has the other. A minute.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench import http
from bench.growth import outcome
from bench.growth.curve import Curve, Point, sizes
from bench.memory import RUN_ID
from bench.nginx import Nginx, find_nginx, serving
from bench.processes import Memory

FIRST = 10
REQUEST = '<request><http url="{path}"/></request>'
COLUMNS = (
    "requests in the session",
    "start to first user",
    "controller",
    "worker",
    "CPU per request",
    "requests/s",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """So many requests in the session: seconds of start-up, memory at work, and cost at work."""

    length: int
    start_up: float
    controller: Memory
    worker: Memory
    request: http.Cost

    def row(self) -> str:
        """Its row of the table."""
        return outcome.row(
            [
                f"{self.length:,}",
                f"{self.start_up:.1f} s",
                f"{self.controller.rss / 2**20:,.0f} MiB",
                f"{self.worker.rss / 2**20:,.0f} MiB",
                outcome.microseconds(self.request.cpu),
                f"{self.request.rate:,.0f}",
            ]
        )


def generator(length: int) -> http.Generator:
    """pytsung, with so many requests where the session of `bench.http` has one."""
    ours = next(one for one in http.GENERATORS if one.name == "pytsung")
    if REQUEST not in ours.text:
        raise ValueError(f"the session of bench.http has no {REQUEST}")
    requests = [REQUEST.replace("{path}", "{path}?" + str(n)) for n in range(length)]
    return replace(ours, text=ours.text.replace(REQUEST, "\n".join(requests)))


def measure(length: int, nginx: Nginx, users: int) -> Cost:
    """Play one session again and again, and look."""
    began = time.time()
    with http.playing(generator(length), nginx, users) as played:
        request = http.watch(played, nginx, users)
        (worker,) = played.family.leaves(RUN_ID)
        controller = played.family.memory([played.pid])
        (events,) = played.folder.glob("log/*/events.jsonl")
        start = json.loads(events.read_text().partition("\n")[0])
        memory = played.family.memory([worker])
    return Cost(length, start["at"] - began, controller, memory, request)


def curves(costs: Sequence[Cost]) -> list[Curve]:
    """What a request costs while it is played, and what one more in the session costs at all."""
    playing = tuple(Point(cost.length, cost.request.cpu) for cost in costs)
    found = [Curve("CPU per request", outcome.microseconds, playing)]
    for name, of in (("controller", _controller), ("worker", _worker)):
        first = of(costs[0])
        grown = tuple(
            Point(cost.length, (of(cost) - first) / (cost.length - costs[0].length))
            for cost in costs[1:]
            if of(cost) > first
        )
        found.append(Curve(f"Memory of the {name}", outcome.size_of, grown))
    return found


def _controller(cost: Cost) -> int:
    return cost.controller.rss


def _worker(cost: Cost) -> int:
    return cost.worker.rss


def main() -> int:
    """Print the table."""
    parser = outcome.options_of(__doc__ or "", 10_000, "requests in the session")
    parser.add_argument("--users", type=int, default=50, help="connections (%(default)s)")
    options = parser.parse_args()
    if find_nginx() is None:
        print("nginx is not installed (apt-get install nginx-light).", file=sys.stderr)
        return 2
    outcome.begin(f"{options.users} users play one session again and again.", COLUMNS)
    costs: list[Cost] = []
    with serving(http.NGINX_CORE) as nginx:
        for length in sizes(FIRST, options.top):
            print(f"{length:,} requests", file=sys.stderr)
            costs.append(measure(length, nginx, options.users))
            print(costs[-1].row(), flush=True)
    outcome.conclude(curves(costs), "requests in the session", options.graph)
    return 0


if __name__ == "__main__":
    sys.exit(main())
