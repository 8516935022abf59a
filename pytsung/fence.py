"""Where connections may go: no test may ever reach a stranger's host.

Must not know who connects, or why.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping


class Fence:
    """Which addresses connections may go to.

    PYTSUNG_LOOPBACK_ONLY=1 refuses all but 127.0.0.0/8, ::1 and the networks in
    PYTSUNG_TEST_NETWORKS (comma separated).
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environment is None else environment
        self.is_up = variables.get("PYTSUNG_LOOPBACK_ONLY", "") not in ("", "0")
        listed = variables.get("PYTSUNG_TEST_NETWORKS", "").replace(",", " ").split()
        self._networks = [ipaddress.ip_network(network) for network in listed]

    def allows(self, address: str) -> bool:
        """Whether a connection to this literal address may be made."""
        if not self.is_up:
            return True
        parsed = ipaddress.ip_address(address)
        return parsed.is_loopback or any(parsed in network for network in self._networks)
