"""How long a think time lasts."""

from __future__ import annotations

from random import Random

from pytsung.plan import Pause, ThinkTime


def draw(think_time: ThinkTime, random: Random) -> float:
    """The length of one pause, in seconds (Tsung manual, "Thinktimes").

    Exponential pauses have the mean `seconds`; uniform ones are a whole number of
    milliseconds between `seconds` and `maximum`, both included.

    Raises ValueError for a pause whose length is a text: only the user can fill it.
    """
    if think_time.pause is Pause.FIXED:
        return think_time.seconds
    if think_time.pause is Pause.EXPONENTIAL:
        return random.expovariate(1 / think_time.seconds) if think_time.seconds else 0.0
    if think_time.pause is Pause.UNIFORM:
        return (
            random.randint(round(think_time.seconds * 1000), round(think_time.maximum * 1000))
            / 1000
        )
    raise ValueError(f"the length of this pause is the text {think_time.text!r}")
