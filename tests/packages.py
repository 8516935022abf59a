"""Packages that are installed for one test, as far as their metadata goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def declare(directory: Path, project: Mapping[str, Any]) -> None:
    """Write down a project's name, version and entry points beside its modules, as pip does."""
    info = directory / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata)
    groups = project.get("entry-points", {}).items()
    sections = (
        f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in points.items())
        for group, points in groups
    )
    (info / "entry_points.txt").write_text("".join(sections))
