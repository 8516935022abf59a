"""The verdict decides whether anyone may believe a run: each of its rules is forced here, with a
run just inside it."""

import pytest

from pytsung.stats import Interval, SampleSummary
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Judge, Verdict, worst_percentile

USERS = 200


def second(
    index: int,
    late: float = 0.001,
    lag: float = 0.001,
    cpu: float = 0.5,
    started: int = USERS,
    dropped: int = 0,
    lost: int = 0,
) -> Interval:
    """A second of a run in which 2 % of the arrivals and loop turns have the given delays."""
    delays = [0.0] * 98 + [late] * 2
    lags = [0.0] * 98 + [lag] * 2
    generator = {
        "lateness": SampleSummary.of(delays * (USERS // 100)),
        "loop_lag": SampleSummary.of(lags * (USERS // 100)),
        "worker_cpu": SampleSummary.of([0.1, cpu]),
    }
    return Interval(
        index,
        users_started=started,
        users_dropped=dropped,
        users_lost=lost,
        generator=generator,
    )


class Run:
    """A run as the controller leads it: every interval to the judge and to the totals."""

    def __init__(self, *seconds: Interval) -> None:
        self.judge = Judge()
        self.totals = RunTotals()
        for interval in seconds:
            self.judge.interval("web1", interval)
            self.totals.add(interval)

    def verdict(self, wanted: float | None = None, faults: tuple[str, ...] = ()) -> Verdict:
        wanted = self.totals.users_started if wanted is None else wanted
        return self.judge.verdict(self.totals, wanted=wanted, faults=faults)


def test_a_run_within_all_limits_is_clean() -> None:
    """The word must be reachable, or nobody will heed the others."""
    run = Run(*(second(n, late=0.049, lag=0.0195, cpu=0.89) for n in range(10)))
    assert run.verdict() == Verdict("clean")


def test_a_run_of_nothing_is_clean() -> None:
    """A run stopped before its first second has nothing wrong in it."""
    assert Run().verdict() == Verdict("clean")


def test_late_arrivals_in_one_interval_degrade() -> None:
    """Arrivals that come late arrive in bunches: another load than was asked for."""
    verdict = Run(second(0), second(1, late=0.0625), second(2)).verdict()
    assert verdict.status == "degraded"
    assert verdict.reasons == ("agent web1, 1 s: arrivals started late, p99 62.5 ms (limit 50 ms)",)


def test_arrivals_very_late_over_the_run_are_invalid() -> None:
    """Seconds late, the plan's rate has not been played at all."""
    verdict = Run(*(second(n, late=1.5) for n in range(4))).verdict()
    assert verdict.status == "invalid"
    assert verdict.reasons[0] == "the run: arrivals started late, p99 1,500 ms (limit 1,000 ms)"


def test_one_late_interval_in_a_long_run_stays_degraded() -> None:
    """A hiccup is said, but does not void an hour of measuring."""
    run = Run(second(0, late=1.5), *(second(n) for n in range(1, 10)))
    assert run.verdict().status == "degraded"


def test_too_few_users_started_is_invalid() -> None:
    """A generator that cannot start the users makes every target look good."""
    verdict = Run(*(second(n) for n in range(10))).verdict(wanted=2200)
    assert verdict == Verdict(
        "invalid", ("the run: 2,000 of 2,200 users started (90.9%, limit 95%)",)
    )


@pytest.mark.parametrize(
    ("started", "wanted", "status"),
    [
        (1900, 2000.0, "clean"),  # 95 % exactly
        (2, 8.0, "clean"),  # far below, but within 4 σ: σ = 2.8
        (60, 100.0, "clean"),  # 4 σ exactly
        (59, 100.0, "invalid"),
        (2100, 2000.0, "clean"),  # more than wanted is chance too
    ],
)
def test_chance_is_not_a_fault(started: int, wanted: float, status: str) -> None:
    """A run stopped early has started a Poisson number of users, not the mean."""
    assert Run(second(0, started=started)).verdict(wanted).status == status


def test_users_dropped_by_tsungs_rule_do_not_spoil_a_run() -> None:
    """Tsung leaves users unstarted when a phase's time is over; so do we, and say how many."""
    run = Run(second(0, started=1500, dropped=500))
    assert run.verdict(wanted=2000).status == "clean"


def test_loop_lag_degrades() -> None:
    """While the loop is late, every time that it measures is too long."""
    quiet = [second(n) for n in range(5)]
    verdict = Run(*quiet, second(5, lag=0.03125)).verdict()
    assert verdict == Verdict("degraded", ("agent web1, 5 s: loop lag p99 31.2 ms (limit 20 ms)",))


def test_a_busy_worker_degrades() -> None:
    """A worker near 100 % has no room left for what the target does next."""
    quiet = [second(n) for n in range(5)]
    verdict = Run(*quiet, second(5, cpu=0.97)).verdict()
    assert verdict == Verdict(
        "degraded", ("agent web1, 5 s: a worker used 97.0% of a core (limit 90%)",)
    )


def test_a_generator_short_of_time_for_a_third_of_the_run_is_invalid() -> None:
    """Lag in one second and a busy worker in another add up: both are too little processor."""
    quiet = [second(n) for n in range(6)]
    late = Run(*quiet[:6], *(second(n, late=0.06) for n in range(6, 10)))
    assert late.verdict().status == "invalid"
    third = Run(*quiet, second(6, lag=0.05), second(7, cpu=0.95), second(8, cpu=0.95))
    assert third.verdict().status == "degraded"
    more = Run(*quiet[:5], *(second(n, lag=0.05) for n in (5, 6)), second(7, cpu=0.95))
    assert more.verdict().status == "invalid"
    assert "3 of 8 intervals" in more.verdict().reasons[0]


def test_a_single_busy_second_never_condemns_a_run() -> None:
    """A smoke test of two seconds must not fail for the second in which workers start."""
    assert Run(second(0, cpu=0.95), second(1)).verdict().status == "degraded"


def test_the_worst_case_of_a_rule_speaks_for_the_others() -> None:
    """Thousands of lines would hide the one that matters."""
    lags = (0.03125, 0.0625, 0.03125)
    run = Run(*(second(n, lag=lag) for n, lag in enumerate(lags)), *map(second, range(3, 20)))
    assert run.verdict().reasons == (
        "agent web1, 1 s: loop lag p99 62.5 ms (limit 20 ms); in 3 intervals in all",
    )


def test_a_missing_interval_degrades() -> None:
    """What was not reported may have been anything."""
    run = Run(second(0))
    run.judge.missing("web2", 7)
    assert run.verdict() == Verdict("degraded", ("agent web2, 7 s: no figures from the agent",))


def test_a_missing_worker_degrades() -> None:
    """An agent reports on time without the part of a worker that hangs."""
    run = Run()
    run.judge.interval("web2", second(3), missing=(2, 4))
    assert run.verdict() == Verdict("degraded", ("agent web2, 3 s: no figures from worker 2, 4",))


def test_a_lost_worker_degrades() -> None:
    """The others go on, but the load is not the one that was asked for."""
    run = Run(second(0, lost=40))
    run.judge.lost("web1", at=12.3, users=40, worker=1, reason="signal 9")
    assert run.verdict() == Verdict(
        "degraded", ("agent web1, 12 s: worker 1 lost with 40 users (signal 9)",)
    )


def test_a_lost_agent_degrades() -> None:
    """As with a worker, a whole host more."""
    run = Run(second(0, lost=80))
    run.judge.lost("web1", at=12, users=80, reason="connection reset")
    assert run.verdict().reasons == ("agent web1, 12 s: lost with 80 users (connection reset)",)


def test_a_stalled_agent_degrades() -> None:
    """For the time of a stall nobody knows what its users did."""
    run = Run(second(0))
    run.judge.stalled("web1", at=9.0, silence=5.2)
    assert run.verdict() == Verdict("degraded", ("agent web1, 9 s: stalled, silent for 5 s",))


def test_many_losses_are_counted() -> None:
    """Fifty-four dead workers are one line too many."""
    run = Run(second(0))
    for worker in range(9):
        run.judge.lost("web1", at=1, users=1, worker=worker)
    reasons = run.verdict().reasons
    assert len(reasons) == 4
    assert reasons[-1] == "fleet: 6 more losses or stalls (see events.jsonl)"


@pytest.mark.parametrize(("lost", "status"), [(100, "degraded"), (101, "invalid")])
def test_more_than_half_of_the_users_lost_is_invalid(lost: int, status: str) -> None:
    """The half that is left is another test."""
    run = Run(second(0, started=200, lost=lost))
    run.judge.lost("web1", at=1, users=lost)
    assert run.verdict().status == status


def test_a_fault_is_invalid_and_comes_first() -> None:
    """Sums that do not add up, or an end by a fault: then no other reason matters."""
    run = Run(second(0, late=0.1), second(1), second(2))
    verdict = run.verdict(faults=("the run: users started 5, but its agents together 4",))
    assert verdict.status == "invalid"
    assert verdict.reasons[0].startswith("the run: users started 5")
    assert len(verdict.reasons) == 2


def test_one_outlier_among_few_samples_does_not_decide() -> None:
    """At three arrivals a second the 99th percentile is the worst of three, by chance."""
    few = {"lateness": SampleSummary.of([0.001, 0.002, 0.3])}
    assert Run(Interval(0, generator=few)).verdict().status == "clean"


def test_two_outliers_among_few_samples_decide() -> None:
    """Twice in a second is a pattern, not chance."""
    few = {"lateness": SampleSummary.of([0.001, 0.25, 0.3])}
    assert Run(Interval(0, generator=few)).verdict().status == "degraded"


def test_a_glaring_outlier_decides_alone() -> None:
    """A loop that stands still for half a second leaves one sample of loop lag, not many."""
    few = {"loop_lag": SampleSummary.of([0.001, 0.5])}
    assert Run(Interval(0, generator=few)).verdict().status == "degraded"


@pytest.mark.parametrize("count", range(2, 100))
def test_below_a_hundred_samples_the_second_highest_speaks(count: int) -> None:
    """A rank computed in floats may slip by one; it must not, at any count."""
    figure = worst_percentile(SampleSummary.of([1.0] * (count - 2) + [2.0, 4.0]), limit=1.0)
    assert figure == pytest.approx(2.0, rel=0.005)
