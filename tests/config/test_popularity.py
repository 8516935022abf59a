"""Which session a user plays: the mix of a test, and where Tsung refuses a sum of 98."""

from __future__ import annotations

import pytest

from tests.config.configurations import USERS, document, fault, faults, plan, session, warnings


def phases(*setups: str) -> str:
    inner = "".join(
        f'<arrivalphase phase="{n}" duration="1">{USERS}{setup}</arrivalphase>'
        for n, setup in enumerate(setups, 1)
    )
    return f"<load>{inner}</load>"


def sessions(**popularities: str) -> str:
    return "".join(session(name=name, popularity=text) for name, text in popularities.items())


PERCENT = sessions(read='probability="70"', write='probability="29.98"', rare='probability="0"')
WEIGHTS = sessions(read='weight="1"', write='weight="3"')


def test_every_phase_has_one_number_a_session() -> None:
    """So that whoever draws a session needs nothing but the phase."""
    assert [each.weights for each in plan(sessions=PERCENT, load=phases("", "")).load.phases] == [
        (70.0, 29.98, 0.0)
    ] * 2


def test_a_phase_has_its_own_mix() -> None:
    """`session_setup` holds for one phase; what it does not name keeps its own number."""
    setup = '<session_setup name="read" probability="29.98"/>'
    setup += '<session_setup name="w*" probability="70.02"/>'
    first, second = plan(sessions=PERCENT, load=phases(setup, "")).load.phases
    assert first.weights == (29.98, 70.02, 0.0)
    assert second.weights == (70.0, 29.98, 0.0)


def test_the_last_setup_that_matches_wins() -> None:
    """A pattern for all, then exceptions."""
    setup = '<session_setup name="*" weight="5"/><session_setup name="?rite" weight="2"/>'
    assert plan(sessions=WEIGHTS, load=phases(setup)).load.phases[0].weights == (5.0, 2.0)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("a.b", [0]),
        ("a?b", [0, 1]),
        ("a*b*", [0, 1, 2]),
        ("[a]xb", []),
        ("*", [0, 1, 2, 3]),
        ("a", []),
    ],
)
def test_patterns_are_globs(pattern: str, fits: list[int]) -> None:
    """Every `*` and `?` counts and nothing else does; Tsung expands the first of each only."""
    named = "".join(session(name=name) for name in ("a.b", "axb", "a b b", "c"))
    setup = f'<session_setup name="{pattern}" weight="9"/>'
    weights = plan(sessions=named, load=phases(setup)).load.phases[0].weights
    assert [n for n, weight in enumerate(weights) if weight == 9] == fits


def test_a_setup_of_no_session_is_only_worth_a_warning() -> None:
    """Tsung says nothing either, but it is nearly always a slip."""
    setup = '<session_setup name="reed" weight="5"/>'
    assert warnings(sessions=WEIGHTS, load=phases(setup)) == [
        "test.xml:6: no session is called “reed”"
    ]


@pytest.mark.parametrize("total", ["99.95", "100.05"])
def test_probabilities_may_miss_100_by_a_twentieth(total: str) -> None:
    """Tsung's own tolerance: thirds must be possible."""
    plan(sessions=sessions(one=f'probability="{total}"'))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sessions": sessions(one='probability="99"')}, "add up to 99"),
        ({"sessions": sessions(one='probability="100"', two='probability="0.1"')}, "to 100.1"),
        ({"sessions": sessions(one="")}, "neither probability nor weight"),
        ({"sessions": sessions(one='weight="1" probability="100"')}, "both probability and weight"),
        ({"sessions": sessions(one='weight="1"', two='probability="1"')}, "a probability where"),
        ({"sessions": sessions(one='probability="100"', two='weight="1"')}, "a weight where"),
        ({"sessions": sessions(one='weight="a lot"')}, 'weight="a lot"'),
        ({"sessions": sessions(one='weight="0"', two='weight="0"')}, "the weight 0 in this phase"),
        ({"load": phases('<session_setup name="one"/>')}, "neither probability nor weight"),
        ({"load": phases('<session_setup weight="1"/>')}, "needs the attribute name"),
        ({"load": phases('<session_setup name="one" probability="100"/>')}, "a probability where"),
    ],
)
def test_a_wrong_mix_is_refused(changed: dict[str, str], words: str) -> None:
    """Users that play another mix than was meant make every figure mean something else."""
    message = fault(**changed)
    assert words in message
    assert "; " in message


def test_a_number_that_is_none_is_wrong_once() -> None:
    """A sum that is wrong for it says nothing more, and sends its reader to another line."""
    (found,) = faults(document(sessions=sessions(one='probability="1e2"')))
    assert 'probability="1e2"' in found.text


def test_each_phase_is_checked_by_itself() -> None:
    """A sum is wrong in the phase where it is wrong."""
    wrong = '<session_setup name="read" probability="10"/>'
    data = document(sessions=PERCENT, load=phases("", wrong, ""))
    (found,) = faults(data)
    assert "add up to 39.98" in str(found)


def test_without_phases_nobody_is_drawn_and_nothing_is_checked() -> None:
    """A test of scheduled users alone may leave its probabilities at 0."""
    load = '<load><user session="one" start_time="1"/></load>'
    assert plan(sessions=sessions(one='probability="0"'), load=load).load.phases == ()
