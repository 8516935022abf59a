"""Starting a worker's users when the schedule says so.

A timer of the reactor that plays the arrival phases in turn, as Tsung does (its
manual, "Arrival phases"; a phase's users are fixed in number and spaced at random,
so some may be left when it ends: they are dropped). When the worker will soon be
full, the rest is handed over as a `Resume`. Times are seconds since the test's start,
and `origin` is that start on the monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from random import Random
from time import monotonic

from pytsung.agent.crowd import Crowd
from pytsung.control.share import AgentShare, Amendment, Resume, Sources, WorkerShare
from pytsung.plan import ArrivalPhase
from pytsung.reactor.calendar import NEVER, Bucket
from pytsung.schedule.arrivals import arrival_times, first_rate, times_source
from pytsung.schedule.choice import WeightedChoice
from pytsung.schedule.sources import packed, restored
from pytsung.user.program import Program

BATCH = 0.005
"""Seconds. Users due within it start together: fewer, fuller turns of the loop cost a
third less than one turn a user (measured at 1,000 users/s)."""

SLICE = 8
"""Users started in one go; then sockets have their turn. Answers that come meanwhile are read,
and timed, up to half a millisecond late. With 64 of them a target that answered within 1 ms
was reported at 2 ms, at half of the rate that a worker can start."""

NOW = -1.0
"""When to look again: as soon as sockets have had their turn."""

POLL_ENDED = 0.1
"""Seconds between looks whether all sessions have ended (Tsung: 5 to 60)."""

NEARLY_FULL = 0.75
"""Part of `max_users` at which a successor is asked for, so that it stands ready."""

AHEAD = 0.25
"""Seconds. The rest is handed over that long before the last places are taken: it takes a
busy machine up to 70 ms, in which users would be due whom nobody starts."""

MOST_AHEAD = 1 / 8
"""Part of `max_users` that a worker promises at most to users who are still to come."""


@dataclass(slots=True)
class Watcher:
    """Whom to tell. `nearly_full` wants a successor made ready, `full` wants it to go on."""

    phase_started: Callable[[int, float], None]
    nearly_full: Callable[[Resume], None]
    full: Callable[[Resume], None]
    finished: Callable[[], None]


@dataclass(slots=True)
class _Place:
    """A `Resume` in the making; its fields are explained there."""

    phase: int = 0
    phase_origin: float = 0.0
    launched: int = 0
    scheduled: int = 0
    users: int = 0

    @classmethod
    def of(cls, resume: Resume) -> _Place:
        return cls(
            resume.phase, resume.phase_origin, resume.launched, resume.scheduled, resume.users
        )

    def resume(self, sources: Sources | None) -> Resume:
        return Resume(
            self.phase, self.phase_origin, self.launched, self.scheduled, self.users, sources
        )


class Arrivals:
    """Plays one worker's share of all phases. `lateness` collects seconds, one a user."""

    def __init__(
        self,
        crowd: Crowd,
        share: AgentShare,
        worker: WorkerShare,
        programs: list[Program],
        watcher: Watcher,
    ) -> None:
        self.deadline = NEVER
        self.bucket: Bucket | None = None
        self.lateness: list[float] = []
        self.is_finished = False
        self._crowd = crowd
        self._worker = worker
        self._programs = programs
        self._watcher = watcher
        self._phases = share.plan.load.all_phases()
        self._seed = share.seed
        self._targets = [target.endpoint for target in share.plan.targets]
        self._choose_target = WeightedChoice([target.weight for target in share.plan.targets])
        self._watch_size = worker.max_users * NEARLY_FULL  # from here on, look closer
        self._last_size = worker.max_users
        self._origin = 0.0
        self._place = _Place()
        self._has_begun = False
        self._is_relieved = False  # handed over or stopped: nobody starts here any more
        self._foreseen: Resume | None = None
        self._last: deque[tuple[float, int]] | None = None  # due time and session; rest handed over
        self._times: Iterator[float] = iter(())
        self._source = Random()  # of the times
        self._next: float | None = None
        self._users = 0  # of the phase at hand

    # -- from outside ---------------------------------------------------------

    def foresee(self, place: Resume) -> None:
        """Find the way to a place already, for `begin` to go on from there.

        Half a million arrivals are drawn again in a quarter of a second: too long for
        users who are due while a predecessor is full, no matter while it is not. With
        the states of its sources there is no need to.
        """
        if place.sources is None:
            self._go_to(place)
            self._foreseen = place

    def begin(self, origin: float, place: Resume | None = None) -> None:
        """Start at the first phase, or go on where a predecessor was full."""
        self._origin = origin
        self._has_begun = True
        if place is not None:
            self._go_to(place)
        elif self._place.phase < len(self._phases):
            self._enter_phase()
        self._crowd.reactor.wake_at(self, max(origin, monotonic()))

    def amend(self, share: AgentShare, worker: WorkerShare, amendment: Amendment) -> None:
        """Play other phases; what is left of the one at hand is dropped at its new end.

        The users of the phase at hand who are due before that still start, however late.
        """
        self._phases = share.plan.load.all_phases()
        self._worker = worker
        self._foreseen = None
        place = self._place
        if self._is_relieved or not self._has_begun:
            return
        if place.phase >= amendment.first:  # it was left behind already, or was the last one
            place.phase = amendment.first
            place.phase_origin = amendment.begins
            place.launched = 0
            if amendment.phases:  # none where only users with fixed times are left
                self._crowd.world.recorder.count("newphase")
                self._enter_phase()
        elif place.phase == amendment.first - 1:
            self._duration = amendment.cut
        self.is_finished = False
        self._crowd.reactor.wake_at(self, monotonic())

    def stop(self) -> int:
        """Start nobody any more; gives how many users were due by now but not started."""
        due = 0
        elapsed = monotonic() - self._origin
        if self._last is not None:
            self._finish()
            return sum(planned <= elapsed for planned, _ in self._last)
        while not self.is_finished and self._next is not None:
            if self._place.phase_origin + self._next > elapsed:
                break
            due += 1
            self._next = next(self._times, None)
        due += sum(
            user.start_time <= elapsed
            for user in self._worker.scheduled_users[self._place.scheduled :]
        )
        self._is_relieved = True
        self._finish()
        return due

    def on_timer(self) -> None:
        """Start everybody who is due, then sleep until the next one is."""
        if self.is_finished:
            return
        if self._last is None:
            wake = min(self._start_scheduled(), self._play_phases())
        else:
            wake = self._start_last(self._last)
        if wake == NOW:
            self._crowd.reactor.call_soon(self.on_timer)
        elif wake < NEVER:
            self._crowd.reactor.wake_at(self, self._origin + wake)
        else:
            self._finish()

    # -- scheduled users ------------------------------------------------------

    def _start_scheduled(self) -> float:
        """Start the scheduled users that are due; gives when the next one is."""
        users = self._worker.scheduled_users
        while self._place.scheduled < len(users):
            user = users[self._place.scheduled]
            now = monotonic()
            if user.start_time > now - self._origin + BATCH / 2:
                return user.start_time
            if not self._has_room():
                return NEVER
            self._start(user.start_time, user.session, now)
            self._place.scheduled += 1
        return NEVER

    # -- phases ---------------------------------------------------------------

    def _go_to(self, place: Resume) -> None:
        """Be where a predecessor was, with its arrivals behind us."""
        passed, foreseen, self._foreseen = place.launched, self._foreseen, None
        if foreseen is not None and foreseen.phase == place.phase:
            passed -= foreseen.launched
        self._place = _Place.of(place)
        if place.phase >= len(self._phases):
            return
        if place.sources is not None:
            self._open_phase()
            self._restore(place.sources)
            return
        if passed == place.launched:
            self._open_phase()
        for _ in range(passed):
            self._next = next(self._times, None)
            self._choose_session.draw(self._random)

    def _enter_phase(self) -> None:
        """Set up the phase at `_place`, and tell of it."""
        self._open_phase()
        self._watcher.phase_started(self._place.phase + 1, self._place.phase_origin)

    def _open_phase(self) -> None:
        """Set up the arrivals of the phase at `_place`, from its first one."""
        number, worker = self._place.phase, self._worker
        users, dealt = worker.phase_users[number], worker.dealt
        # Random sources of their own, so that a successor can find its place in both.
        index = worker.index if dealt is None else dealt.index
        rates = worker.rates_into(number)
        self._source = times_source(self._seed, index, number)
        times = arrival_times(users, rates[number], first_rate(number, rates), self._source)
        self._times = times if dealt is None else dealt.pick(times)
        self._users = users if dealt is None else dealt.count(users)
        self._random = Random(f"{self._seed}:{worker.index}:{number}:choices")
        self._choose_session = WeightedChoice(self._phase.weights)
        self._duration = self._phase.duration
        self._next = next(self._times, None)

    def _sources(self) -> Sources | None:
        """Where the random sources stand; None where a successor must draw again."""
        if self._worker.dealt is not None or self._next is None:
            return None
        return Sources(self._next, packed(self._source), packed(self._random))

    def _restore(self, sources: Sources) -> None:
        """Let the phase that was opened go on from there."""
        self._random, self._source = restored(sources.choices), restored(sources.times)
        self._next = sources.next
        left = self._users - self._place.launched - 1
        rate = self._worker.phase_rates[self._place.phase]
        self._times = arrival_times(left, rate, rate, self._source, begins=sources.next)

    @property
    def _phase(self) -> ArrivalPhase:
        return self._phases[self._place.phase]

    def _play_phases(self) -> float:
        """Start the phase's users that are due; gives when to look again."""
        started = 0
        while self._place.phase < len(self._phases) and not self.is_finished:
            if self._next is not None and self._next > self._duration:
                self._drop_the_rest()
            if self._next is None:
                wake = self._leave_phase()
                if wake is not None:
                    return wake
                continue
            planned = self._place.phase_origin + self._next
            now = monotonic()
            elapsed = now - self._origin
            if planned > elapsed + BATCH / 2:
                # To the next boundary of a batch, so that several users share a turn.
                return max(planned, elapsed + BATCH)
            if started >= SLICE:
                return NOW
            if not self._has_room():
                return NEVER
            if self._crowd.size >= self._last_size:
                return self._start_last(self._keep_last())
            self._start(planned, self._choose_session.draw(self._random), now)
            started += 1
            self._place.launched += 1
            self._next = next(self._times, None)
        return NEVER

    def _start_last(self, last: deque[tuple[float, int]]) -> float:
        """Start those of the worker's last users that are due; gives when to look again."""
        for _ in range(min(SLICE, len(last))):
            planned, session = last[0]
            now = monotonic()
            elapsed = now - self._origin
            if planned > elapsed + BATCH / 2:
                return max(planned, elapsed + BATCH)
            last.popleft()
            self._start(planned, session, now)
        return NOW if last else NEVER

    def _drop_the_rest(self) -> None:
        """The phase's time is over before its users were all due: chance, as in Tsung."""
        self._crowd.world.recorder.users_dropped += self._users - self._place.launched
        self._next = None

    def _leave_phase(self) -> float | None:
        """Go to the next phase; a time to look again when it is not time yet."""
        elapsed = monotonic() - self._origin
        end = self._place.phase_origin + self._phase.duration
        if self._place.phase + 1 == len(self._phases):
            # The last phase is not padded: arrivals are over with its last user.
            self._place.phase += 1
            return None
        if elapsed < end:
            return end
        origin = end
        if self._phase.wait_all_sessions_end:
            if self._crowd.size:
                return elapsed + POLL_ENDED
            origin = elapsed
        self._place.phase += 1
        self._place.phase_origin = origin
        self._place.launched = 0
        self._crowd.world.recorder.count("newphase")
        self._enter_phase()
        return None

    # -- users ----------------------------------------------------------------

    def _start(self, planned: float, session: int, now: float) -> None:
        """Start one user, due at `planned`."""
        crowd, worker, place = self._crowd, self._worker, self._place
        # 1, 2, 3… over the whole test: each worker takes every n-th number.
        number = 1 + worker.index + place.users * worker.count
        place.users += 1
        target = self._targets[self._choose_target.draw(crowd.world.random)]
        lateness = now - self._origin - planned
        self.lateness.append(lateness if lateness > 0 else 0.0)
        crowd.start_user(number, self._programs[session], target, now)

    def _has_room(self) -> bool:
        """Ask for a successor when nearly full; when full, hand over to it, and give False."""
        if self._crowd.size < self._watch_size:
            return True
        max_users = self._worker.max_users
        if self._crowd.size >= max_users:
            self._watcher.full(self._place.resume(self._sources()))
            self._is_relieved = True
            self._finish()
            return False
        if self._watch_size < max_users:
            self._watch_size = max_users
            coming = ceil(max(self._worker.phase_rates, default=0.0) * AHEAD)
            self._last_size = max_users - min(coming, int(max_users * MOST_AHEAD))
            self._watcher.nearly_full(self._place.resume(self._sources()))
        return True

    def _keep_last(self) -> deque[tuple[float, int]]:
        """Keep as many of the phase's next users as there is room for; hand the rest over."""
        place, last = self._place, deque[tuple[float, int]]()
        room, users = self._worker.max_users - self._crowd.size, place.users
        while len(last) < room and self._next is not None and self._next <= self._duration:
            planned = place.phase_origin + self._next
            last.append((planned, self._choose_session.draw(self._random)))
            self._next = next(self._times, None)
        place.launched += len(last)
        place.users = users + len(last)
        self._watcher.full(place.resume(self._sources()))
        place.users = users  # these get their numbers as they start
        self._is_relieved = True
        self._last = last
        return last

    def _finish(self) -> None:
        if not self.is_finished:
            self.is_finished = True
            self.deadline = NEVER
            self._watcher.finished()
