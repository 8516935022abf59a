"""The parent of the workers: starts them, passes signals on, says what became of them.

All workers are forked before trio runs here: a fork inside a running trio shares
its epoll with the child. Must not know connections.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import AsyncIterator, Sequence

import trio

from pytsung.errors import UsageError
from pytsung.protocols.websocket.masking import translation_tables
from pytsung_server import kernel, limits
from pytsung_server.bus import Bus, open_lanes
from pytsung_server.counts import Table
from pytsung_server.directory import DEFAULT
from pytsung_server.directory_file import read_directory
from pytsung_server.door import Door
from pytsung_server.secure import server_context
from pytsung_server.services import Services
from pytsung_server.settings import Settings
from pytsung_server.sockets import open_listeners, resolve
from pytsung_server.worker import Worker

START_TIMEOUT = 30.0
"""Seconds until all workers must serve; each takes about 10 ms."""

KILL_AFTER = 5.0
"""Seconds beyond the grace after which a worker that does not end is killed."""

_log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit status.

    Raises:
        UsageError: address, certificate, or file of projects cannot be used.
    """
    descriptors = limits.raise_descriptor_limit()
    cap = limits.worker_cap(descriptors)
    tls = server_context(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
    directory = read_directory(settings.config) if settings.config else DEFAULT
    count = min(settings.workers, limits.cores())
    listeners = open_listeners(resolve(settings.host, settings.port), count)
    place = _place(settings.host, listeners[0])
    admin = _open_admin(settings, listeners)
    _warn_of_limits(settings, descriptors)
    with_teams = [project.id for project in directory.projects.values() if project.team]
    table = Table(settings.workers, with_teams)
    doors = [
        Door(listener, range(number, settings.workers, len(listeners)), table)
        for number, listener in enumerate(listeners)
    ]
    lanes, ends = open_lanes(settings.workers)
    ready, say_ready = os.pipe()
    workers = [
        Worker(
            settings=settings,
            index=index,
            table=table,
            door=doors[index % len(doors)],
            tls=tls,
            cap=cap,
            directory=directory,
            lane=end,
            ready=lambda: os.write(say_ready, b"."),
        )
        for index, end in enumerate(ends)
    ]
    translation_tables()
    gc.collect()
    gc.freeze()  # or the first collection in each worker copies all that it shares
    pids = []
    parents = [ready, *(lane.fileno() for lane in lanes)]
    if admin is not None:
        parents.append(admin.fileno())
    for worker in workers:
        others = [end.fileno() for end in ends if end is not worker.lane]
        for door in doors:
            if door is not worker.door:
                others.extend(door.descriptors)
        pids.append(_fork(worker, [*parents, *others]))
    os.close(say_ready)
    for door in doors:
        door.close()
    for end in ends:
        end.close()
    services = Services(settings, Bus(lanes), table.totals, admin)
    supervisor = _Supervisor(settings, table, pids, services)
    if admin is not None:
        _log.info("admin port: http://%s", _place(settings.admin_host, admin))
    line = (
        f"pytsung-server listening on {settings.scheme}://{place} "
        f"({settings.workers} workers, profile {settings.profile.value})"
    )
    return trio.run(supervisor.run, ready, line)


def _open_admin(settings: Settings, listeners: Sequence[socket.socket]) -> socket.socket | None:
    """The admin port's socket, if there is to be one; without it `listeners` are of no use."""
    if settings.admin_port is None:
        return None
    try:
        return open_listeners(resolve(settings.admin_host, settings.admin_port), 1)[0]
    except UsageError as error:
        for listener in listeners:
            listener.close()
        raise UsageError(f"--admin-port: {error}") from error


def _place(host: str, listener: socket.socket) -> str:
    """Host and port as a URL has them."""
    port = listener.getsockname()[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _warn_of_limits(settings: Settings, descriptors: int) -> None:
    cap = limits.worker_cap(descriptors)
    cores = limits.cores()
    capacity = limits.capacity(settings.workers, cap, cores)
    if capacity < settings.max_connections:
        _log.warning(
            "%d workers of %d descriptors hold %d connections, not %d;"
            " for all give --workers %d, or raise the hard limit (ulimit -Hn)",
            settings.workers,
            descriptors,
            capacity,
            settings.max_connections,
            limits.workers_for(settings.max_connections, cap, cores),
        )


def _fork(worker: Worker, foreign: list[int]) -> int:
    """Run a worker in a process of its own, without the `foreign` descriptors."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        kernel.die_with(parent)
        # A Ctrl-C reaches the whole process group; the parent decides what it means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        for descriptor in foreign:
            os.close(descriptor)
        worker.run()
        status = 0
    except BaseException:  # noqa: BLE001 - the process ends here, and says of what
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


class _Supervisor:
    """Watches the workers until the last has ended."""

    def __init__(
        self, settings: Settings, table: Table, pids: list[int], services: Services
    ) -> None:
        self._settings = settings
        self._table = table
        self._services = services
        self._pids = pids  # of the workers that live
        self._usage: list[resource.struct_rusage] = []
        self._stopping = trio.Event()
        self._failed = False

    async def run(self, ready: int, line: str) -> int:
        """Say `line` when all workers are ready, then wait for the end; gives the exit status."""
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGUSR1) as signals:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._obey, signals)
                nursery.start_soon(self._announce, ready, line)
                nursery.start_soon(self._kill_late)
                nursery.start_soon(self._services.run)
                if self._settings.until_eof:
                    nursery.start_soon(self._hear_stdin)
                async with trio.open_nursery() as watch:
                    for index, pid in enumerate(list(self._pids)):
                        watch.start_soon(self._watch, index, pid)
                nursery.cancel_scope.cancel()
        if self._settings.stats is not None:
            text = json.dumps(self._stats(), indent=2) + "\n"
            await trio.Path(self._settings.stats).write_text(text)
        return 1 if self._failed else 0

    async def _announce(self, ready: int, line: str) -> None:
        """Wait until each worker has written its byte."""
        waiting = len(self._pids)
        async with trio.lowlevel.FdStream(ready) as stream:
            with trio.move_on_after(START_TIMEOUT):
                while waiting and (said := await stream.receive_some()):
                    waiting -= len(said)
        if not waiting:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        elif not self._stopping.is_set():
            self._fail(f"the workers did not start within {START_TIMEOUT:g} seconds")

    async def _watch(self, index: int, pid: int) -> None:
        """Wait for one worker's end; one that was not told to end takes the others along."""
        descriptor = os.pidfd_open(pid)
        try:
            await trio.lowlevel.wait_readable(descriptor)
        finally:
            os.close(descriptor)
        _, status, usage = os.wait4(pid, 0)  # noqa: ASYNC222 - it has ended: no waiting
        self._pids.remove(pid)
        self._usage.append(usage)
        self._table.open[index] = 0
        code = os.waitstatus_to_exitcode(status)
        # A worker that was told to end before it listened to signals ends by the signal.
        if not self._stopping.is_set() or code not in (0, -signal.SIGTERM):
            how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
            self._fail(f"worker {pid} {how}")

    async def _obey(self, signals: AsyncIterator[int]) -> None:
        async for number in signals:
            if number == signal.SIGUSR1:
                sys.stderr.write(json.dumps(self._table.totals()) + "\n")
                sys.stderr.flush()
            elif self._stopping.is_set():
                self._signal(signal.SIGKILL)
            else:
                self._stop()

    async def _hear_stdin(self) -> None:
        """Stop when whoever started us is gone; what is said there is nobody's business."""
        stdin = trio.lowlevel.FdStream(os.dup(sys.stdin.fileno()))
        with contextlib.suppress(trio.BrokenResourceError):
            async for _ in stdin:
                pass
        self._stop()

    async def _kill_late(self) -> None:
        await self._stopping.wait()
        await trio.sleep(self._settings.grace + KILL_AFTER)
        self._signal(signal.SIGKILL)

    def _fail(self, reason: str) -> None:
        self._failed = True
        _log.error("%s; the server ends", reason)
        self._stop()

    def _stop(self) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._pids:
            os.kill(pid, number)

    def _stats(self) -> dict[str, float]:
        """The counts of all workers, and what all processes of the server cost."""
        usage = [resource.getrusage(resource.RUSAGE_SELF), *self._usage]
        totals = self._table.totals()
        shared = totals.pop("shared_bytes")
        return {
            **totals,
            "workers": self._settings.workers,
            "cpu_seconds": sum(one.ru_utime + one.ru_stime for one in usage),
            # Each process's own peak, but what the fork left shared is counted once.
            "peak_rss": sum(one.ru_maxrss for one in usage) * 1024 - shared,
        }
