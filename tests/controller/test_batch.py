"""Jobs of a batch system: their hosts are known by variables alone, each system its own way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.controller.batch import batch_nodes, slurm_names, with_batch_hosts
from pytsung.errors import UsageError
from pytsung.plan import AgentHost


@pytest.mark.parametrize(
    ("system", "variable"),
    [("torque", "PBS_NODEFILE"), ("pbs", "PBS_NODEFILE"), ("oar", "OAR_NODEFILE")],
)
def test_a_file_of_nodes(system: str, variable: str, tmp_path: Path) -> None:
    """A host stands there once for each of its places, which are workers; domains are cut off."""
    nodes = tmp_path / "nodes"
    nodes.write_text("n1.cluster.example\nn1.cluster.example\n\nn2\n")
    assert batch_nodes(system, {variable: str(nodes)}) == ["n1", "n1", "n2"]


def test_a_list_of_nodes() -> None:
    """As LSF has it."""
    assert batch_nodes("lsf", {"LSB_HOSTS": "a.x a.x  b.x"}) == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n1", ["n1"]),
        ("n1,gpu5", ["n1", "gpu5"]),
        ("n[1-3]", ["n1", "n2", "n3"]),
        ("n[08-11,20],x", ["n08", "n09", "n10", "n11", "n20", "x"]),
        ("rack[1-2]-a,n[7]", ["rack1-a", "rack2-a", "n7"]),
    ],
)
def test_slurms_ranges(text: str, names: list[str]) -> None:
    """Leading zeroes are part of a name."""
    assert list(slurm_names(text)) == names


@given(st.text("n0123456789[]-, .", max_size=30))
def test_slurms_list_is_read_or_refused(text: str) -> None:
    """Whatever stands in the variable, there is an end to it."""
    try:
        names = [name for name, _ in zip(slurm_names(text), range(1000), strict=False)]
    except ValueError:
        return
    assert all("[" not in name and "," not in name for name in names)


@pytest.mark.parametrize(
    ("system", "environment", "words"),
    [
        ("pbs", {}, "PBS_NODEFILE is not set; start pytsung in a job of that system"),
        ("oar", {"OAR_NODEFILE": "/nonexistent"}, "No such file"),
        ("lsf", {"LSB_HOSTS": " "}, "there is no host in it"),
        ("slurm", {"SLURM_JOB_NODELIST": "n[1-"}, "is no list of nodes"),
    ],
)
def test_no_hosts_are_said_with_the_variable(
    system: str, environment: dict[str, str], words: str
) -> None:
    """A test without hosts would be a very quick success."""
    with pytest.raises(UsageError) as raised:
        batch_nodes(system, environment)
    assert words in str(raised.value)


def test_clients_of_a_job_take_after_the_one_that_stands_for_them() -> None:
    """The controller's own host is left to the controller, unless there is no other."""
    clients = (AgentHost("a"), AgentHost("hosts of lsf", max_users=50, batch="lsf"))
    found = with_batch_hosts(clients, {"head"}, {"LSB_HOSTS": "head n1 n1 n2"})
    assert [host.name for host in found] == ["a", "n1", "n1", "n2"]
    assert [host.max_users for host in found] == [800, 50, 50, 50]
    (alone,) = with_batch_hosts(clients[1:], {"head"}, {"LSB_HOSTS": "head"})
    assert alone.name == "head"
