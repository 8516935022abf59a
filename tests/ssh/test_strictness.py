"""Which word of `~/.ssh/config` counts for a host; OpenSSH itself is asked, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytsung.ssh.address import SshAddress
from pytsung.ssh.strictness import Strictness, read_strictness

FILE = """
Host w1
  StrictHostKeyChecking accept-new
Host w2 *.example
  stricthostkeychecking=off
Match host w3
  StrictHostKeyChecking YES
Host *
  StrictHostKeyChecking ask
"""

WORDS = {"w1": "accept-new", "w2": "no", "a.example": "no", "w3": "yes", "w4": "ask"}


@pytest.mark.parametrize("host", WORDS)
def test_the_first_word_that_fits_counts(tmp_path: Path, host: str) -> None:
    """A stricter word further down is no word for this host, nor a laxer one."""
    path = tmp_path / "config"
    path.write_text(FILE)
    assert read_strictness(SshAddress.parse(host), [path]).value == WORDS[host]


@pytest.mark.parametrize("host", WORDS)
def test_openssh_reads_the_same(tmp_path: Path, host: str) -> None:
    """Whoever logs in by hand must meet what a test meets."""
    path = tmp_path / "config"
    path.write_text(FILE)
    words = ["ssh", "-G", "-F", str(path), host]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    (word,) = [row.split()[1] for row in said.splitlines() if row.startswith("stricthostkey")]
    assert {"true": "yes", "false": "no"}.get(word, word) == WORDS[host]


def test_without_a_word_openssh_would_ask(tmp_path: Path) -> None:
    """The default is the careful one."""
    assert read_strictness(SshAddress.parse("w1"), []) is Strictness.ASK


def test_a_word_that_is_none_is_refused(tmp_path: Path) -> None:
    """A slip in it must not let a stranger in, nor shut everybody out without a reason."""
    path = tmp_path / "config"
    path.write_text("StrictHostKeyChecking maybe\n")
    with pytest.raises(ValueError, match=r"is maybe in .*; write one of yes, ask"):
        read_strictness(SshAddress.parse("w1"), [path])
