"""The loop: timers, descriptors and trio as a guest."""

from __future__ import annotations

import socket
from functools import partial
from time import monotonic

import pytest
import trio

from pytsung.reactor.calendar import NEVER, Bucket
from pytsung.reactor.reactor import READ, Reactor


class Sleeper:
    """A timed item that notes when it was woken."""

    def __init__(self, reactor: Reactor) -> None:
        self.reactor = reactor
        self.deadline = NEVER
        self.bucket: Bucket | None = None
        self.woken: list[float] = []

    def on_timer(self) -> None:
        self.woken.append(self.reactor.now)


def test_trio_runs_as_guest_and_its_result_comes_out() -> None:
    """Control messages and name look-ups live in trio; without it nothing could be stopped."""

    async def main(word: str) -> str:
        await trio.sleep(0.01)
        await trio.to_thread.run_sync(lambda: None)
        return word * 2

    assert Reactor().run(main, "ab") == "abab"


def test_an_exception_of_the_guest_comes_out() -> None:
    """A bug in the control task must end the process, not hang it."""

    async def main() -> None:
        raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        Reactor().run(main)


def test_an_exception_of_a_handler_comes_out() -> None:
    """A bug in a user's driver must not be lost in the loop."""

    cleaned_up: list[bool] = []

    class Broken(Sleeper):
        def on_timer(self) -> None:
            raise RuntimeError("broken timer")

    reactor = Reactor()
    broken = Broken(reactor)
    reactor.wake_at(broken, monotonic())

    async def main() -> None:
        try:
            await trio.sleep_forever()
        finally:
            cleaned_up.append(True)

    with pytest.raises(RuntimeError, match="broken timer"):
        reactor.run(main)
    assert cleaned_up


def test_timers_fire_in_their_slot_and_moved_ones_only_once() -> None:
    """A think time that fires twice would play a session twice."""
    reactor = Reactor()
    start = monotonic()
    early, late, moved, cancelled = (Sleeper(reactor) for _ in range(4))
    reactor.wake_at(early, start + 0.01)
    reactor.wake_at(late, start + 0.06)
    reactor.wake_at(moved, start + 0.05)
    reactor.wake_at(moved, start + 0.02)
    reactor.wake_at(moved, start + 0.03)
    reactor.wake_at(cancelled, start + 0.02)
    cancelled.deadline = NEVER

    async def main() -> None:
        await trio.sleep(0.1)

    reactor.run(main)
    assert [len(item.woken) for item in (early, late, moved, cancelled)] == [1, 1, 1, 0]
    assert early.woken[0] - start >= 0.008
    assert moved.woken[0] - start >= 0.027
    assert len(reactor.lags) >= 3


def test_a_descriptor_closed_in_a_turn_gets_no_event_of_that_turn() -> None:
    """Its number may already belong to another socket."""
    reactor = Reactor()
    pairs = [socket.socketpair() for _ in range(2)]
    seen: list[int] = []

    class CloseBoth:
        def on_ready(self, events: int) -> None:
            seen.append(events)
            for pair in pairs:
                reactor.close(pair[0].detach())

    for near, far in pairs:
        reactor.register(near.fileno(), CloseBoth(), READ)
        far.send(b"x")

    async def main() -> None:
        await trio.sleep(0.02)

    reactor.run(main)
    assert seen == [READ]
    for _, far in pairs:
        with pytest.raises(BrokenPipeError):
            far.send(b"x")
        far.close()


def test_callbacks_from_threads_run_in_the_loop() -> None:
    """Resolved names arrive from a thread and must wake a sleeping loop."""
    reactor = Reactor()

    async def main() -> bool:
        called = trio.Event()
        await trio.to_thread.run_sync(lambda: reactor.call_soon_threadsafe(called.set))
        with trio.move_on_after(5):
            await called.wait()
        return called.is_set()

    assert reactor.run(main)


def test_sockets_have_their_turn_between_callbacks() -> None:
    """Whoever starts many users in slices must let answers be read in between."""
    reactor = Reactor()
    ours, theirs = socket.socketpair()
    order: list[str] = []
    done = trio.Event()

    class Reader:
        def on_ready(self, events: int) -> None:
            order.append(f"read {ours.recv(9).decode()}")
            if order[-1] == "read 3":
                done.set()

    def step(number: int) -> None:
        order.append(f"step {number}")
        theirs.send(str(number).encode())
        if number < 3:
            reactor.call_soon(partial(step, number + 1))

    async def main() -> None:
        reactor.register(ours.fileno(), Reader(), READ)
        reactor.call_soon(partial(step, 1))
        with trio.fail_after(5):
            await done.wait()

    with ours, theirs:
        reactor.run(main)
    assert order == ["step 1", "read 1", "step 2", "read 2", "step 3", "read 3"]
