"""Which error of a nursery's tasks to tell of. Must not know what they did."""

from __future__ import annotations

from pytsung.errors import PytsungError


def first_error(group: BaseExceptionGroup[PytsungError]) -> PytsungError:
    """The first one: they tell of one fault, met by several tasks."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, PytsungError)
    return error
