"""Configurations for a fleet: who plays, how many, against what."""

from __future__ import annotations

from collections.abc import Iterable

from tests.end_to_end.command import CONNECT, configuration, users


def clients(names: Iterable[str], attributes: str = "") -> str:
    """One `<client>` for each name."""
    return "".join(f'<client host="{name}" {attributes}/>' for name in names)


def plan(target: str, names: Iterable[str], *, attributes: str = "", load: str = "") -> str:
    """Users on these hosts who connect to `target` (HOST:PORT) and leave."""
    host, _, port = target.rpartition(":")
    text = configuration(int(port), CONNECT, load=load or users(20))
    text = text.replace('<server host="127.0.0.1"', f'<server host="{host}"')
    marked = '<client host="localhost" use_controller_vm="true"/>'
    assert marked in text
    return text.replace(marked, clients(names, attributes))
