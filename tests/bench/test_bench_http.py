"""What is claimed of HTTP's cost rests on this arithmetic, and on equal work for everybody."""

from __future__ import annotations

from pathlib import Path

from bench.http import GENERATORS, RUN, Cost, ratio, row
from bench.nginx import PATH, Nginx
from pytsung.config import read_configuration
from pytsung.plan import For, RequestStep
from pytsung.protocols.http.requests import HttpRequest

NGINX = Nginx(8080, 8443)


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    """A busy moment of the machine spoils one round, not the result."""
    costs = {
        "wrk": [Cost(1e-6, 10), Cost(2e-6, 10), Cost(1e-6, 10)],
        "pytsung": [Cost(2e-6, 10), Cost(40e-6, 10), Cost(2e-6, 10)],
    }
    assert ratio(costs, "pytsung", "wrk") == "2.00"
    assert ratio(costs, "pytsung", "k6") == "–"
    assert row(costs, "pytsung") == "| pytsung | 2.0 µs | 2.00 | 1.00 | 10 | 2.0, 40.0, 2.0 |"


def test_the_configurations_make_the_same_request() -> None:
    """In clear and over TLS, looked at or not."""
    inspected = []
    for generator in GENERATORS:
        if generator.file != "get.xml":
            continue
        text = generator.text.format(port=8080, tls_port=8443, users=50, run=RUN, path=PATH)
        plan = read_configuration(text.encode()).plan
        (loop,) = plan.sessions[0].steps
        assert isinstance(loop, For)
        (step,) = loop.steps
        assert isinstance(step, RequestStep)
        assert isinstance(step.request, HttpRequest)
        assert step.request.url == PATH
        inspected.append(bool(step.matches))
    assert inspected == [False, True, False, False]


def test_commands_name_their_file(tmp_path: Path) -> None:
    """Each is told what to do by the file that was written for it."""
    for generator in GENERATORS:
        command = generator.command(tmp_path / generator.file, NGINX, 50)
        assert generator.name == "wrk" or str(tmp_path / generator.file) in command
