"""How graphs are to look: the options of `pytsung report`, in Tsung's words.

Must not know who draws them.
"""

from __future__ import annotations

from dataclasses import dataclass

IMAGE_FORMATS = ("png", "svg", "pdf", "ps")


@dataclass(frozen=True, slots=True)
class Look:
    """`with_svg`: an SVG beside each PNG. `logarithmic` is the y axis."""

    image_format: str = "png"
    with_svg: bool = False
    logarithmic: bool = False
    rotated_labels: bool = False
    title: str = "Tsung"
