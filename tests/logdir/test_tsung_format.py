"""The JSON backend, held against a file of real Tsung 1.7: every blank counts to somebody."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from pytsung.logdir.blocks import Blocks
from pytsung.logdir.tsung_format import Entry, JsonFormat
from pytsung.logdir.tsung_log import TsungLog
from pytsung.logdir.tsung_reader import parse_tsung_log
from tests.golden.runs import STARTED, small_run

GOLDEN = Path(__file__).parents[1] / "golden" / "tsung-1.7-json.log"
SAMPLE = re.compile(
    r'\{"name": "(?P<name>\w+)"(?:, "hostname": "(?P<host>[^"]*)")?(?P<rest>[^}]*)\}'
)
NUMBER = re.compile(r":\s+(-?[0-9.e-]+)")


def entries_of(line: str) -> list[Entry]:
    """The statistics of one block of the golden file, their numbers as they are spelled there."""
    entries = []
    for found in SAMPLE.finditer(line):
        name = found["name"].removeprefix("http_")
        if found["host"] is not None:
            name = f'{{{name},"os_mon@{found["host"]}"}}'
        entries.append(Entry(name, NUMBER.findall(found["rest"])))
    return entries


def test_a_file_of_tsungs_comes_out_again_byte_by_byte() -> None:
    """Programs read it with patterns, not only with parsers."""
    text = GOLDEN.read_text()
    times = [int(time) for time in re.findall(r'"timestamp": (\d+)', text)]
    lines = [line for line in text.splitlines() if '"name"' in line]
    form = JsonFormat()
    written = form.begin(times[0])
    for time, line in zip(times[1:], lines, strict=True):
        written += form.block(time, entries_of(line))
    assert written + form.end(0.0) == text


def written(backend: str, *, is_killed: bool = False) -> str:
    out = io.StringIO()
    log = TsungLog(out, backend)
    for interval in small_run():
        log.host('{cpu,"tsung_controller@bench"}', 12.5)
        log.add(interval, STARTED + interval.index + 1)
    if not is_killed:
        log.finish(STARTED + 24)
    return out.getvalue()


def lines(blocks: Blocks) -> list[dict[str, object]]:
    """Names of hosts lose the part before @ in JSON."""
    return [
        {name.replace("tsung_controller@", ""): line for name, line in block.lines.items()}
        for block in blocks.blocks
    ]


def test_json_says_what_text_says() -> None:
    """Two backends of one run; a statistic that one lacks would be lost with it."""
    text, json_ = (parse_tsung_log(written(backend)) for backend in ("text", "json"))
    assert lines(text) == lines(json_)
    assert json_.started == int(STARTED)


def test_json_is_valid_when_a_run_ends() -> None:
    """Tsung leaves the document open after `tsung stop`; here every end is written."""
    document = json.loads(written("json"))
    assert document["stats"][0] == {"timestamp": int(STARTED), "samples": []}
    assert len(document["stats"]) == 4
    out = io.StringIO()
    TsungLog(out, "json").finish(STARTED)
    assert json.loads(out.getvalue())["stats"][0]["samples"] == []


def test_a_killed_run_leaves_what_can_be_read() -> None:
    """Each block is written when it is complete."""
    blocks = parse_tsung_log(written("json", is_killed=True))
    assert not blocks.is_complete
    assert len(blocks.blocks) == 1  # the second is complete only with the end of its entry


def test_text_under_other_names_is_text() -> None:
    """`rrdtool` was never built in Tsung, and `fullstats` has text beside its own file."""
    assert written("rrdtool") == written("fullstats") == written("text")


def test_a_hosts_sum_is_valid_json() -> None:
    """Tsung writes its name as it is, quotes and all, and then nobody can read the file."""
    form = JsonFormat()
    text = form.begin(1) + form.block(2, [Entry('{hits,"os_mon@db"}', ("3", "7"))]) + form.end(3)
    (sample,) = json.loads(text)["stats"][1]["samples"]
    assert sample == {"name": "hits", "hostname": "db", "value": 3, "total": 7}
