"""No test may ever reach a stranger's host: this is the one place that sees to it."""

from __future__ import annotations

import pytest

from pytsung.fence import Fence

UP = {"PYTSUNG_LOOPBACK_ONLY": "1"}


@pytest.mark.parametrize(
    ("environment", "address", "allowed"),
    [
        ({}, "192.0.2.1", True),
        ({"PYTSUNG_LOOPBACK_ONLY": "0"}, "192.0.2.1", True),
        (UP, "127.0.0.1", True),
        (UP, "127.200.1.2", True),
        (UP, "::1", True),
        (UP, "192.0.2.1", False),
        (UP, "10.0.0.1", False),
        (UP, "2001:db8::1", False),
        (UP, "::ffff:192.0.2.1", False),
        ({**UP, "PYTSUNG_TEST_NETWORKS": "10.1.0.0/16, 2001:db8::/32"}, "10.1.2.3", True),
        ({**UP, "PYTSUNG_TEST_NETWORKS": "10.1.0.0/16, 2001:db8::/32"}, "2001:db8::5", True),
        ({**UP, "PYTSUNG_TEST_NETWORKS": "10.1.0.0/16"}, "10.2.0.1", False),
    ],
)
def test_the_fence(environment: dict[str, str], address: str, allowed: bool) -> None:
    """Every test and harness puts it up."""
    assert Fence(environment).allows(address) is allowed
