"""Hosts that are reached by SSH: the one package that meets asyncio.

asyncssh runs under trio-asyncio; what comes out are trio streams. Must not know
what is run on a host, or why.
"""

from pytsung.ssh.address import SshAddress
from pytsung.ssh.client import SshClient, open_ssh
from pytsung.ssh.errors import SshError
from pytsung.ssh.process import RemoteProcess

__all__ = ["RemoteProcess", "SshAddress", "SshClient", "SshError", "open_ssh"]
