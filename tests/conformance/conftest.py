"""Third-party suites are slow and install much: they run when they are asked for, by
`make conformance` (pytest -m conformance), and say so otherwise."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "conformance" in config.getoption("markexpr"):
        return
    reason = pytest.mark.skip(reason="third-party suite, minutes long: run make conformance")
    for item in items:
        if item.get_closest_marker("conformance"):
            item.add_marker(reason)
