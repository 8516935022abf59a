"""What stands in a graph that was drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

_SVG = "{http://www.w3.org/2000/svg}"


def points(svg: str) -> dict[str, int]:
    """How many points each line has, by `panel: name`."""
    groups = [one for one in ET.fromstring(svg).iter(f"{_SVG}g") if ": " in one.get("id", "")]
    paths = {one.get("id", ""): one.find(f"{_SVG}path") for one in groups}
    return {
        name: 0 if path is None else len(re.findall("[ML]", path.get("d", "")))
        for name, path in paths.items()
    }
