"""The published schema of summary.json: scripts are written against it, so it must not lie."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from pytsung.logdir.summary import RunSummary, read_summary, write_summary
from pytsung.stats.thresholds import Crossing
from tests.report.runs import write_run

PATH = Path(__file__).parents[2] / "docs" / "reference" / "summary.schema.json"


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(PATH.read_text())


@pytest.fixture
def summary(tmp_path: Path) -> Any:
    write_run(tmp_path)
    return json.loads((tmp_path / "summary.json").read_text())


def test_a_real_summary_is_as_the_schema_says(schema: Any, summary: Any) -> None:
    """The promise, kept by what a run writes."""
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(summary)


def test_thresholds_and_a_missing_figure_are_in_it(schema: Any, tmp_path: Path) -> None:
    """A threshold of which nothing was measured has null for its value."""
    found = read_summary(write_run(tmp_path))
    crossing = Crossing("page: p(95)<10", None, "s", kept=False)
    write_summary(tmp_path, type(found)(**{**plain(found), "thresholds": (crossing,)}))
    Draft202012Validator(schema).validate(json.loads((tmp_path / "summary.json").read_text()))


def plain(summary: RunSummary) -> dict[str, Any]:
    return {field.name: getattr(summary, field.name) for field in fields(summary)}


def test_it_names_every_key(schema: Any) -> None:
    """A key that is added to the summary must be described, too."""
    assert set(schema["properties"]) == {field.name for field in fields(RunSummary)}


@pytest.mark.parametrize("key", ["verdict", "users", "samples", "cost"])
def test_it_notices_what_is_missing_or_wrong(schema: Any, summary: Any, key: str) -> None:
    """A schema that takes anything promises nothing."""
    without, wrong = deepcopy(summary), deepcopy(summary)
    del without[key]
    wrong[key] = "many"
    for broken in (without, wrong):
        with pytest.raises(ValidationError):
            Draft202012Validator(schema).validate(broken)
