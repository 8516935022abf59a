"""Charts of several runs by a configuration of Tsung's tsplot: `pytsung plot`.

Its sections say which statistics stand in which chart; existing files run unchanged.
Times are seconds since each run's start (tsplot counts from the first block, whose
rates it divides by the whole epoch). Must not know who wrote the logs.
"""

from __future__ import annotations

import configparser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from pytsung.errors import UsageError
from pytsung.logdir.blocks import Block, Blocks, CounterLine, SampleLine

DEFAULTS = """\
[DEFAULT]
xlabel = Seconds since the start
yfactor = 1

[users]
title = Simultaneous users
ylabel = users
stats = users.count
legend = Users

[connected]
title = Open connections
ylabel = connections
stats = connected.totalcount
legend = Connected

[request_count]
title = Requests per second
ylabel = requests/s
stats = request.count
legend = Requests

[request_mean]
title = Mean duration of requests
ylabel = seconds
stats = request.mean
legend = Requests
yfactor = 1000

[connect_mean]
title = Mean duration of connects
ylabel = seconds
stats = connect.mean
legend = Connects
yfactor = 1000
"""
"""What is drawn when no configuration is given."""

_STYLES = "b- r- g- c- y^ kv"

_SAMPLE: dict[str, Callable[[Block, SampleLine], float]] = {
    "count": lambda block, line: line.count / block.seconds,
    "mean": lambda _, line: line.mean,
    "stddev": lambda _, line: line.deviation,
    "max": lambda _, line: line.maximum,
    "min": lambda _, line: line.minimum,
    "gmean": lambda _, line: line.mean_before,
}
_COUNTER: dict[str, Callable[[CounterLine], float]] = {
    "count": lambda line: line.value,
    "totalcount": lambda line: line.total,
    "max": lambda line: line.total,
}


@dataclass(frozen=True, slots=True)
class Plot:
    """One chart of the configuration."""

    name: str
    title: str
    xlabel: str
    ylabel: str
    stats: Sequence[tuple[str, str]]
    legends: Sequence[str]
    xfactor: float
    yfactors: Sequence[float]
    styles: Sequence[str]
    position: str
    is_bar: bool
    yscale: str
    image_type: str
    dpi: float
    thumbnail_dpi: float


def read_plots(path: Path | None) -> list[Plot]:
    """The charts of a configuration file, or the default ones. Raises UsageError."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None)
    try:
        if path is None:
            parser.read_string(DEFAULTS)
        else:
            parser.read_string(_decoded(path), str(path))
        return [_plot(parser[name]) for name in parser.sections()]
    except (configparser.Error, ValueError, KeyError) as error:
        raise UsageError(f"{path}: not a configuration of tsplot: {error}") from error


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")  # Tsung's French files


def _plot(section: configparser.SectionProxy) -> Plot:
    stats = [stat.rpartition(".") for stat in section["stats"].replace(",", " ").split()]
    return Plot(
        name=section.name,
        title=section.get("title", section.name),
        xlabel=section.get("xlabel", ""),
        ylabel=section.get("ylabel", ""),
        stats=[(name, word) for name, _, word in stats],
        legends=[text.strip() for text in section.get("legend", section.name).split(",")],
        xfactor=section.getfloat("xfactor", 1.0),
        yfactors=[float(text) for text in section.get("yfactor", "1").split(",")],
        styles=section.get("styles", _STYLES).split(),
        position=section.get("position", "best"),
        is_bar=section.get("plottype", "lineplot") == "bar",
        yscale=section.get("yscale", "linear"),
        image_type=section.get("imgtype", "png"),
        dpi=section.getfloat("dpi", 150),
        thumbnail_dpi=section.getfloat("tn_dpi", 50),
    )


@dataclass(frozen=True, slots=True)
class PlotCurve:
    """One curve: its legend, matplotlib style, times and values."""

    legend: str
    style: str
    times: Sequence[float]
    values: Sequence[float]


def curves(plot: Plot, runs: Sequence[tuple[str, Blocks]]) -> list[PlotCurve]:
    """The curves of a chart, run by run; statistics that a run lacks are left out."""
    styles = cycle(plot.styles)
    found = []
    for legend, blocks in runs:
        factors = cycle(plot.yfactors)
        for n, (name, word) in enumerate(plot.stats):
            factor, style = next(factors), next(styles)
            points = _points(blocks, name, word)
            if points:
                prefix = plot.legends[n] if n < len(plot.legends) else name
                times = [time / plot.xfactor for time, _ in points]
                values = [value / factor for _, value in points]
                found.append(PlotCurve(f"{prefix} {legend}".strip(), style, times, values))
    return found


def _points(blocks: Blocks, name: str, word: str) -> list[tuple[float, float]]:
    points = []
    for block in blocks.blocks:
        line = block.lines.get(name)
        time = block.at - blocks.started
        if isinstance(line, SampleLine) and line.count and word in _SAMPLE:
            points.append((time, _SAMPLE[word](block, line)))
        elif isinstance(line, CounterLine) and word in _COUNTER:
            points.append((time, _COUNTER[word](line)))
    return points
