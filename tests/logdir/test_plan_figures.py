"""The head of a summary says what was asked for, so that a result can be read without its plan."""

from pytsung.logdir.plan_figures import describe_plan
from pytsung.plan import AgentHost, ArrivalPhase, Endpoint, Load, Plan, ScheduledUser, Target


def test_the_figures_count_every_phase_that_is_played() -> None:
    """A repeated load asks for its users as often as it is played."""
    plan = Plan(
        name="bench.xml",
        agent_hosts=(AgentHost("web1"), AgentHost("web2")),
        targets=(Target(Endpoint("::1", 9505)),),
        load=Load(
            phases=(ArrivalPhase(1, 20, 100), ArrivalPhase(2, 10, 5, max_users=3)),
            scheduled_users=(ScheduledUser(1.0, 0),),
            loop=1,
        ),
        sessions=(),
    )
    figures = describe_plan(plan)
    assert figures.users == 2 * (2000 + 3) + 1
    assert (figures.phases, figures.duration) == (4, 60.0)
    assert (figures.agent_hosts, figures.targets) == (2, ("[::1]:9505",))
    assert figures.name == "bench.xml"
    assert figures.sentence
