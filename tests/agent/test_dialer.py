"""Where connections leave from: without it a host has 28,000 of them, and never a million."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from pytsung.agent.dialer import DATAGRAM, Dialer, error_name
from pytsung.agent.resolver import Address
from pytsung.control.share import WorkerShare
from pytsung.plan import ConnectionOptions
from pytsung.stats import Recorder

Local = Callable[..., socket.socket]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        yield listening


@pytest.fixture
def dialled(listener: socket.socket) -> Iterator[Local]:
    """Dials, gives the socket, and closes it with the test."""
    sockets: list[socket.socket] = []
    address = Address(socket.AF_INET, listener.getsockname())

    def dial(dialer: Dialer, options: ConnectionOptions | None = None) -> socket.socket:
        descriptor = dialer.dial(address, options or ConnectionOptions())
        sockets.append(socket.socket(fileno=descriptor))
        return sockets[-1]

    yield dial
    for one in sockets:
        one.close()


def make(
    *addresses: str, pattern: str = "", index: int = 0, count: int = 1, connections: int = 0
) -> Dialer:
    recorder = Recorder()
    recorder.connections_open = connections
    share = WorkerShare(index, count, (), (), source_addresses=addresses, source_range=pattern)
    return Dialer(share, recorder, Random(1))


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody uses, outside the kernel's own range."""
    for first in range(20_000, 30_000, 50):
        taken = []
        try:
            for port in range(first, first + count):
                taken.append(socket.socket())
                taken[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        else:
            return first
        finally:
            for one in taken:
                one.close()
    raise AssertionError("no free ports")


def test_a_connection_does_not_block(dialled: Local) -> None:
    """One that did would stop all users of the worker."""
    connection = dialled(make())
    assert not os.get_blocking(connection.fileno())
    assert not os.get_inheritable(connection.fileno())


def test_source_addresses_take_turns(dialled: Local) -> None:
    """`<ip>`s of a client, each as often as the others."""
    dialer = make("127.0.0.11", "127.0.0.12", "127.0.0.13")
    seen = [dialled(dialer).getsockname()[0] for _ in range(6)]
    assert set(seen[:3]) == {"127.0.0.11", "127.0.0.12", "127.0.0.13"}
    assert seen[3:] == seen[:3]


def test_a_source_range_is_drawn_from(dialled: Local) -> None:
    """`iprange`: each part within its bounds, both included; `<ip>`s are ignored then."""
    dialer = make("127.0.0.1", pattern="127.0.3-4.7-9")
    seen = {dialled(dialer).getsockname()[0] for _ in range(60)}
    assert seen == {f"127.0.{third}.{fourth}" for third in (3, 4) for fourth in (7, 8, 9)}


def test_fixed_ports_count_up_and_skip_those_in_use(dialled: Local) -> None:
    """`ports_range`: Tsung's counter, but a port that is taken is no error."""
    first = free_ports(6)
    options = ConnectionOptions(source_ports=(first, first + 5))
    dialer = make()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + 1))
        ports = [dialled(dialer, options).getsockname()[1] - first for _ in range(3)]
    assert ports == [0, 2, 3]
    # round the end, to what has become free: 1
    assert [dialled(dialer, options).getsockname()[1] - first for _ in range(3)] == [4, 5, 1]
    with pytest.raises(OSError, match=r".") as raised:
        dialled(dialer, options)
    assert error_name(raised.value) == "eaddrinuse"


def test_a_successor_finds_its_way_past_all_ports_of_its_predecessor(dialled: Local) -> None:
    """It counts from the beginning, where its predecessor's users still are."""
    first = free_ports(45)
    options = ConnectionOptions(source_ports=(first, first + 44))
    predecessor, successor = make(), make()
    for _ in range(40):
        dialled(predecessor, options)
    assert dialled(successor, options).getsockname()[1] == first + 40


def test_workers_of_a_host_use_different_ports(dialled: Local) -> None:
    """Every n-th port each: they cannot ask each other."""
    first = free_ports(8)
    options = ConnectionOptions(source_ports=(first, first + 7))
    ports = {
        index: [
            dialled(dialer, options).getsockname()[1] - first
            for dialer in [make(index=index, count=3)]
            for _ in range(2)
        ]
        for index in range(3)
    }
    assert ports == {0: [0, 3], 1: [1, 4], 2: [2, 5]}


def test_fixed_ports_count_for_each_source_address(dialled: Local) -> None:
    """As in Tsung: one counter an address."""
    first = free_ports(4)
    options = ConnectionOptions(source_ports=(first, first + 3))
    dialer = make("127.0.0.21", "127.0.0.22")
    seen = {dialled(dialer, options).getsockname() for _ in range(4)}
    assert seen == {
        (f"127.0.0.{address}", port) for address in (21, 22) for port in (first, first + 1)
    }


def test_a_crowded_address_is_searched_in_windows(dialled: Local) -> None:
    """Half full, the kernel's own search costs milliseconds; a window of 250 ports microseconds."""
    dialer = make("127.0.0.31", connections=1_000_000)
    if dialer._windows is None:
        pytest.skip("this kernel has no IP_LOCAL_PORT_RANGE (Linux 6.3)")
    ports = [dialled(dialer).getsockname()[1] for _ in range(40)]
    assert len(set(ports)) == 40
    low, high = dialer._windows[0], dialer._windows[-1] + 249
    assert all(low <= port <= high for port in ports)
    # Drawn windows are all over the range; the kernel alone counts on from one place.
    assert max(ports) - min(ports) > 5_000


def test_buffers_and_flags_are_set_as_asked(dialled: Local) -> None:
    """Linux doubles the sizes (socket(7))."""
    options = ConnectionOptions(
        receive_buffer=9000, send_buffer=12000, reuse_address=True, reuse_port=True
    )
    connection = dialled(make("127.0.0.41"), options)
    level = socket.SOL_SOCKET
    assert connection.getsockopt(level, socket.SO_RCVBUF) == 18000
    assert connection.getsockopt(level, socket.SO_SNDBUF) == 24000
    assert connection.getsockopt(level, socket.SO_REUSEADDR) == 1
    assert connection.getsockopt(level, socket.SO_REUSEPORT) == 1


def test_failures_leave_no_descriptor_behind(listener: socket.socket) -> None:
    """At ten thousand users a leak of one a failure ends the worker."""
    before = open_descriptors()
    nowhere = make("192.0.2.7")  # no address of this host (RFC 5737)
    with pytest.raises(OSError, match=r".") as raised:
        nowhere.dial(Address(socket.AF_INET, listener.getsockname()), ConnectionOptions())
    assert raised.value.errno == errno.EADDRNOTAVAIL
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (OSError(errno.ECONNREFUSED, ""), "econnrefused"),
        (errno.EMFILE, "emfile"),
        (OSError(12345, ""), "errno_12345"),
        (OSError("without a number"), "errno_0"),
    ],
)
def test_errors_have_their_posix_name(error: OSError | int, name: str) -> None:
    """As Erlang, and so Tsung, counts them."""
    assert error_name(error) == name


# -- families and kinds ---------------------------------------------------------------


def test_a_connection_leaves_from_an_address_of_its_own_family() -> None:
    """A client may have both; the kernel refuses to mix them."""
    dialer = make("127.0.0.5", "::1", "127.0.0.6")
    for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        with socket.create_server((host, 0), family=family) as listening:
            address = Address(family, listening.getsockname())
            sources = set()
            for _ in range(4):
                with socket.socket(fileno=dialer.dial(address, ConnectionOptions())) as dialled:
                    sources.add(dialled.getsockname()[0])
        assert sources == ({"::1"} if ":" in host else {"127.0.0.5", "127.0.0.6"})


def test_where_there_is_no_address_of_a_family_the_kernel_chooses() -> None:
    """A range is of IPv4, as in Tsung."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        address = Address(socket.AF_INET6, listening.getsockname())
        for dialer in (make("127.0.0.5"), make(pattern="127.0.0.1-9")):
            with socket.socket(fileno=dialer.dial(address, ConnectionOptions())) as dialled:
                assert dialled.getsockname()[0] == "::1"


def test_datagrams_have_buffers_of_their_own() -> None:
    """Those of UDP, not of TCP; the kernel doubles what it is given (socket(7))."""
    options = ConnectionOptions(
        receive_buffer=4096, datagram_receive_buffer=30_000, datagram_send_buffer=40_000
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        address = Address(socket.AF_INET, peer.getsockname())
        with socket.socket(fileno=make("127.0.0.7").dial(address, options, DATAGRAM)) as dialled:
            assert dialled.type == socket.SOCK_DGRAM
            assert dialled.getsockname()[0] == "127.0.0.7"
            assert dialled.getpeername() == peer.getsockname()
            assert dialled.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 60_000
            assert dialled.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 80_000
