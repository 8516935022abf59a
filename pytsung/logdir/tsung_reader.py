"""`tsung.log` read back, whoever wrote it: text or JSON, whole or cut off.

A line or an entry that is not known is passed over, as Tsung's own tools do; a file
of another kind is refused. Must not know what is made of the blocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytsung.errors import LogDirectoryError
from pytsung.logdir.blocks import Block, Blocks, CounterLine, Line, SampleLine, arrange

_HEADER = re.compile(r"# stats: dump at (\d+)")
_STATS = re.compile(r"stats: (?P<name>'(?:[^'\\]|\\.)*'|\{\w+,\"[^\"]*\"\}|\S+) (?P<figures>.+)")
_ESCAPED = re.compile(r"\\(.)")
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_OLD_NAMES = {"page_resptime": "page", "response_time": "request"}
_TRAILER = "EndMonitor:"


def read_tsung_log(path: Path) -> Blocks:
    """The blocks of a test. Raises LogDirectoryError for another kind of file, or none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise LogDirectoryError(
            f"{path}: cannot be read: {error.strerror or error}; name a test's log directory"
        ) from error
    blocks = parse_tsung_log(text)
    if not blocks.blocks and text.strip() and "stats" not in text:
        raise LogDirectoryError(f"{path}: not a statistics file of Tsung; name a tsung.log")
    return blocks


def parse_tsung_log(text: str) -> Blocks:
    """The blocks of a log's text, or of its JSON."""
    return _read_json(text) if text.lstrip().startswith("{") else _read_text(text)


def _read_text(text: str) -> Blocks:
    is_complete = any(line.startswith(_TRAILER) for line in text[-500:].splitlines())
    return arrange(_text_blocks(text), None, is_complete=is_complete)


def _text_blocks(text: str) -> Iterator[Block]:
    block: Block | None = None
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            break  # cut off: half a figure would be taken for a whole one
        header = _HEADER.match(line)
        if header:
            if block is not None:
                yield block
            block = Block(float(header[1]))
            continue
        found = _STATS.match(line)
        if found and block is not None:
            figures = _text_line(found["figures"].split())
            if figures is not None:
                name = _unquoted(found["name"])
                block.add(_OLD_NAMES.get(name, name), figures)
    if block is not None:
        yield block


def _text_line(words: list[str]) -> Line | None:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return None
    if len(numbers) == 2:
        return CounterLine(*numbers)
    if len(numbers) == 7:
        count, mean, deviation, maximum, minimum, mean_before, before = numbers
        return SampleLine(int(count), mean, deviation, maximum, minimum, mean_before, int(before))
    return None


def _unquoted(name: str) -> str:
    if not name.startswith("'"):
        return name
    return _ESCAPED.sub(lambda found: _UNESCAPED.get(found[1], found[1]), name[1:-1])


def _read_json(text: str) -> Blocks:
    is_complete = text.rstrip().endswith("]}]}")
    entries = list(_json_entries(text))
    started = None
    if entries and not entries[0]["samples"]:
        started = float(entries.pop(0)["timestamp"])
    return arrange(map(_json_block, entries), started, is_complete=is_complete)


def _json_entries(text: str) -> Iterator[dict[str, Any]]:
    """Each block's object; a document that a killed run left open still gives its whole ones."""
    decoder = json.JSONDecoder()
    at = text.find('{"timestamp"')
    while at >= 0:
        try:
            entry, end = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield entry
        at = text.find('{"timestamp"', end)


def _json_block(entry: dict[str, Any]) -> Block:
    block = Block(float(entry["timestamp"]))
    for sample in entry["samples"]:
        name = sample["name"]
        if "hostname" in sample:
            name = f'{{{name},"{sample["hostname"]}"}}'
        block.add(re.sub(r"^http_(?=\d+$)", "", name), _json_line(sample))
    return block


def _json_line(sample: dict[str, Any]) -> Line:
    """Tsung calls the second figure `max` where it is a level (`connected`), too."""
    if "mean" not in sample:
        return CounterLine(sample["value"], sample.get("total", sample.get("max", 0)))
    names = ("value", "mean", "stddev", "max", "min", "global_mean", "global_count")
    return SampleLine(*(sample[name] for name in names))
