"""What the words of options mean, for all subcommands; a wrong one is said with its cure.

Must not know which options there are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from pytsung.errors import UsageError
from pytsung_server.redis_address import RedisAddress


def read_redis(url: str | None) -> RedisAddress | None:
    """The address in `--redis`, if there is one. Raises UsageError."""
    try:
        return None if url is None else RedisAddress.parse(url)
    except ValueError as error:
        raise UsageError(f"--redis: {error}") from error


def read_token(path: str | None) -> str:
    """The token in a file: on the command line every user of the host could read it.

    Empty without a file. Raises UsageError.
    """
    if path is None:
        return ""
    try:
        token = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--admin-token {path}: {error}; give a file that can be read") from error
    if not token:
        raise UsageError(f"--admin-token {path}: the file is empty; write a token into it")
    return token


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader, for argparse, of whole numbers within these two."""

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not within {least} and {most}")
        return value

    read.__name__ = "whole number"  # argparse's word for what was wanted
    return read


def seconds(text: str) -> float:
    """Seconds, at most an hour, for argparse."""
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not within 0 and 3600")
    return value
