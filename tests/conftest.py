"""What holds for every test: nothing leaves this machine, and properties are tried on the same
examples each time. `pytest --hypothesis-profile=explore` looks for new ones.

Third-party suites are slow and install much: they run when they are asked for, by
`make conformance` (pytest -m conformance), and say so otherwise.
"""

import atexit
import os
import signal
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests import real_clock

os.environ.setdefault("PYTSUNG_LOOPBACK_ONLY", "1")

# What a shell started in the background ignores Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Runs of the tests know nothing of others on this host; who tests the page asks for it.
_run_directory = tempfile.TemporaryDirectory(prefix="pytsung-")
atexit.register(_run_directory.cleanup)
os.environ["PYTSUNG_RUN_DIR"] = _run_directory.name
os.environ.setdefault("PYTSUNG_NO_WEB", "1")

LONGEST_ID = 60

# Deadlines and slow generation say how busy the machine is, nothing about the code.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", _patient, derandomize=True)
settings.register_profile("explore", _patient, max_examples=2000)
settings.load_profile("steady")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes and long texts are named by their argument.

    A key made by chance, or the time in gzip's head, would give a test another name in each
    process that runs tests, and they have to agree on what there is.
    """
    is_unwieldy = isinstance(val, bytes) or (isinstance(val, str) and len(val) > LONGEST_ID)
    return argname if is_unwieldy else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    real_clock.give_second_chances(items)
    real_clock.longest_first(items)
    if "conformance" in config.getoption("markexpr"):
        return
    reason = pytest.mark.skip(reason="third-party suite, minutes long: run make conformance")
    for item in items:
        if item.get_closest_marker("conformance"):
            item.add_marker(reason)


@pytest.hookimpl(optionalhook=True)  # there when xdist is
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return real_clock.Lanes(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = real_clock.second_tries(terminalreporter)
    if lines:
        terminalreporter.section("passed on the second try", yellow=True, bold=True)
        for line in lines:
            terminalreporter.line(line, yellow=True)
