"""What one send to each of very many sockets costs, and whose work that is.

    python -m bench.floor [--clients 15000] [--rounds 5]

Answers: how much of an event's cost is the server's, how much its kernel's, and how
much is done for the receivers, because on loopback the sender's core does their half
of TCP, too, and wakes them. The same sockets get the same bytes by a loop in C, a loop
in Python, and the bundled server's own fan-out, in turns, while the clients sleep until
something comes, look all the time, or do not read. In the last row packets are received
by the other core, as those that leave through a network card are by another host: a
network namespace with receive packet steering, which needs root. Takes two cores, and
about a minute.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.crowd import LINUX_IP_BIND_ADDRESS_NO_PORT, PER_SOURCE
from bench.machine import describe_machine, raise_descriptor_limit
from bench.rivals import SEND_LOOP
from bench.senders import Sender, c_loop, fan_out, python_loop
from bench.server import fresh_source

REST = 0.004
"""Seconds between two bursts, for the other core to come to an end."""

SETTLE = 0.02
MICROSECONDS = 1e6

SLEEPING, LOOKING, DEAF = b"s", b"l", b"d"
MODES = {
    SLEEPING: "sleep until something comes",
    LOOKING: "look all the time",
    DEAF: "do not read",
}
STEERED = "sleep, and another core receives"
CORES = sorted(os.sched_getaffinity(0))
NAMES = ("C", "Python", "pytsung-server")


# -- the clients ----------------------------------------------------------------------


class Clients:
    """So many clients in a process of their own, on the second core."""

    def __init__(self, port: int, count: int) -> None:
        self._line, theirs = socket.socketpair()
        self._pid = os.fork()
        if not self._pid:
            self._line.close()
            os.sched_setaffinity(0, {CORES[1]})
            _listen(port, count, theirs)
            os._exit(0)
        theirs.close()

    def expect(self, mode: bytes, size: int) -> None:
        """From now on they behave in this way, until all of them have `size` bytes."""
        self._line.send(mode + struct.pack("=I", size))
        self._line.recv(1)

    def wait(self) -> None:
        """Until everybody has everything."""
        self._line.send(b"\0")
        if not self._line.recv(1):
            raise RuntimeError("the process of the clients has ended")

    def close(self) -> None:
        """Let them go."""
        self._line.close()
        os.waitpid(self._pid, 0)


def _listen(port: int, count: int, line: socket.socket) -> None:
    source = fresh_source()
    clients = {}
    for number in range(count):
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_IP, LINUX_IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"{source}.{1 + number // PER_SOURCE}", 0))
        client.connect(("127.0.0.1", port))
        client.setblocking(False)
        clients[client.fileno()] = client
    while command := line.recv(5):
        mode, missing = command[:1], count * struct.unpack("=I", command[1:])[0]
        with select.epoll() as epoll:
            for descriptor in clients if mode != DEAF else ():
                epoll.register(descriptor, select.EPOLLIN)
            line.send(b"r")
            if mode == DEAF:
                line.recv(1)
                for descriptor in clients:
                    epoll.register(descriptor, select.EPOLLIN)
            patience = 0 if mode == LOOKING else -1
            while missing:
                for descriptor, _ in epoll.poll(patience):
                    missing -= len(clients[descriptor].recv(4096))
        if mode != DEAF:
            line.recv(1)
        line.send(b"r")


# -- the measurement ------------------------------------------------------------------


def cpu_of(send: Sender) -> float:
    """Seconds of CPU, user and system, that sending to everybody takes."""
    used = 0.0
    started = time.thread_time()
    for _ in send():
        used += time.thread_time() - started
        time.sleep(REST)
        started = time.thread_time()
    return used


def measure(count: int, rounds: int, modes: Sequence[bytes]) -> dict[bytes, dict[str, float]]:
    """For each way of the clients and each sender, seconds of CPU for one send."""
    raise_descriptor_limit()
    os.sched_setaffinity(0, {CORES[0]})
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        clients = Clients(listener.getsockname()[1], count)
        sockets = [listener.accept()[0] for _ in range(count)]
    for one in sockets:
        one.setblocking(False)
    descriptors = [one.fileno() for one in sockets]
    clients.expect(SLEEPING, 0)
    clients.wait()
    ours, size = fan_out(descriptors)
    clients.expect(DEAF, size)
    clients.wait()
    senders = {"C": c_loop(descriptors, bytes(size))} if SEND_LOOP.is_installed else {}
    senders |= {"Python": python_loop(descriptors, bytes(size)), "pytsung-server": ours}
    found: dict[bytes, dict[str, list[float]]] = {
        mode: {name: [] for name in senders} for mode in modes
    }
    for _ in range(rounds):
        for mode in modes:
            for name, send in senders.items():
                clients.expect(mode, size)
                time.sleep(SETTLE)
                found[mode][name].append(cpu_of(send) / count)
                clients.wait()
    clients.close()
    return {mode: {name: median(some) for name, some in row.items()} for mode, row in found.items()}


def show(what: str, row: dict[str, float]) -> None:
    """Print one row."""
    cells = [f"{row[name] * MICROSECONDS:.1f} µs" if name in row else "–" for name in NAMES]
    print(f"| {what} | {' | '.join(cells)} |", flush=True)


def steered(options: argparse.Namespace) -> None:
    """The last row, measured by this program again in a network namespace of its own."""
    missing = [name for name in ("unshare", "ip", "mount") if shutil.which(name) is None]
    if os.geteuid() or missing:
        print(f"\nNo row for another core: it takes {', '.join(missing) or 'root'}.")
        return
    os.sched_setaffinity(0, CORES)
    again = [sys.executable, "-m", "bench.floor", "--steered", "--clients", str(options.clients)]
    command = ["unshare", "--net", "--mount", *again, "--rounds", str(options.rounds)]
    subprocess.run(command, check=True)


def steer() -> None:
    """Have the second core receive what comes over this namespace's loopback."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "sysfs", "none", "/sys"], check=True)
    mask = f"{1 << CORES[1]:x}"
    Path("/sys/class/net/lo/queues/rx-0/rps_cpus").write_text(mask)


def retransmitted() -> int:
    """Packets that were sent again in this network namespace."""
    names, values = re.findall(r"^Tcp: (.+)$", Path("/proc/net/snmp").read_text(), re.MULTILINE)
    return int(values.split()[names.split().index("RetransSegs")])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=15_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steered", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if len(CORES) < 2:
        parser.error("it takes two cores: one for the server, one for the clients")
    if options.steered:
        steer()
        show(STEERED, measure(options.clients, options.rounds, [SLEEPING])[SLEEPING])
        if again := retransmitted():
            print(f"\nIn the last row {again:,} packets were lost, and sent again.")
        return
    print(describe_machine())
    print(f"One send to each of {options.clients:,} clients: CPU of the sender's core.\n")
    print("| clients | loop in C | loop in Python | pytsung-server |\n| --- | --- | --- | --- |")
    for mode, row in measure(options.clients, options.rounds, list(MODES)).items():
        show(MODES[mode], row)
    steered(options)


if __name__ == "__main__":
    main()
