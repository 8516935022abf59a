"""How much the system keeps for one loopback connection that its far end has not taken.

Asks the kernel for that one socket (sock_diag(7)): the table in /proc/net/tcp takes a
second to read where earlier runs left 100,000 ports in TIME_WAIT. Linux only.
"""

from __future__ import annotations

import socket
import struct

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY, request and answer
_REQUEST = 1  # NLM_F_REQUEST
_ALL = 0xFFFFFFFF  # every state, any cookie
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_QUESTION = struct.Struct("=BBBBI")  # inet_diag_req_v2: family, protocol, extensions, -, states
_PORTS = struct.Struct("!HH")  # inet_diag_sockid: its ports,
_REST = struct.Struct("=16s16sIII")  # addresses, interface and cookie
_WRITE_QUEUE_AT = 76
_WORD = struct.Struct("=I")
_HOME = socket.inet_aton("127.0.0.1")


def unsent_bytes(port: int, peer: int) -> int:
    """Bytes that 127.0.0.1:`port` has for 127.0.0.1:`peer`, unacknowledged ones too.

    Raises:
        ConnectionError: there is no such connection any more.
    """
    place = _PORTS.pack(port, peer) + _REST.pack(_HOME, _HOME, 0, _ALL, _ALL)
    question = _QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ALL) + place
    header = _HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.send(header + question)
        answer = kernel.recv(4096)
    if _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        raise ConnectionError(f"no connection from port {port} to {peer}")
    found: int = _WORD.unpack_from(answer, _WRITE_QUEUE_AT)[0]
    return found
