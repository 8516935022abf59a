"""A small fixed run, second by second, for golden files and for other tools to read.

Its times are binary fractions, so that no machine rounds them differently.
"""

from __future__ import annotations

from pytsung.stats import Interval, Recorder

STARTED = 1_700_000_000.25
"""Unix time of the run's origin."""

ARRIVALS = 8
USERS_A_SECOND = 3
LEAVING = 22
SECONDS = 24
"""24 users arrive over 8 s, hold, and leave in the seconds 22 and 23."""


def small_run() -> list[Interval]:
    """The intervals of the run."""
    recorder = Recorder()
    return [_second(recorder, index) for index in range(SECONDS)]


def _second(recorder: Recorder, index: int) -> Interval:
    if index < ARRIVALS:
        for user in range(USERS_A_SECOND):
            _arrive(recorder, index, user)
    if index == 3:
        recorder.count("error_connect_econnrefused", 4)
        recorder.sample("tr_log-in", 0.5)
    if index == 11:
        recorder.count("newphase")
        recorder.sample("tr_pause", 1.5)
    if index >= LEAVING:
        for _ in range(ARRIVALS * USERS_A_SECOND // (SECONDS - LEAVING)):
            recorder.user_finished()
            recorder.connection_closed()
            recorder.sample("session", 16.0 + 0.125 * (index - LEAVING))
    recorder.generator_samples("lateness", [0.0009765625] * 4)
    recorder.generator_samples("loop_lag", [0.00048828125] * 4)
    recorder.generator_samples("worker_cpu", [0.25])
    return recorder.take(index)


def _arrive(recorder: Recorder, index: int, user: int) -> None:
    recorder.users_started += 1
    recorder.users_open += 1
    recorder.connections_opened += 1
    recorder.connections_open += 1
    recorder.sample("connect", 0.000244140625 * (1 + user))
    recorder.sample("request", 0.001953125 * (1 + index))
    recorder.count("200")
    recorder.count("size_sent", 213)
    recorder.count("size_rcv", 248)
