"""The command `pytsung-server`: what it refuses, and what it says about it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytsung_server.cli import main


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What the command says when it does not start."""
    status: object
    try:
        status = main(options)
    except SystemExit as refused:  # argparse's way
        status = refused.code
    said = capsys.readouterr()
    assert status == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("other", [{}, {"reuse": True}])
def test_a_port_that_is_taken_is_said_with_a_cure(
    capsys: pytest.CaptureFixture[str], other: dict[str, bool]
) -> None:
    """Our workers share a port among themselves, which must not hide a second server."""
    with socket.socket() as taken:
        if other:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = refusal(capsys, "--port", str(port))
    assert f"127.0.0.1:{port}: the port is taken" in text
    assert "--port" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "0", "--host", "192.0.2.1"], "does not have that address"),
        (["--host", "no such host"], "give an IPv4 or IPv6 address"),
        (["--tls-cert", "/nowhere.pem"], "/nowhere.pem: No such file"),
        (["--tls-cert", __file__], "give a PEM certificate chain"),
        (["--tls-key", "key.pem"], "--tls-key without --tls-cert"),
        (["--stats", "/nowhere/stats.json"], "--stats /nowhere/stats.json: No such file"),
        (["--admin-port", "70000"], "--admin-port"),
        (["--admin-token", "/nowhere"], "--admin-token /nowhere"),
        (["--admin-token", "/dev/null"], "the file is empty"),
        (["--config=/nowhere.toml"], "/nowhere.toml: No such file"),
        (["--config", __file__], "the reference of the server shows the form"),
        (["--redis", "x"], "--redis: not a Redis address"),
        (["--workers", "0"], "--workers"),
        (["--port", "70000"], "--port"),
        (["--profile", "2019"], "--profile"),
        (["--grace", "nan"], "--grace"),
        (["extra"], "unrecognized arguments: extra"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_reason(
    capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """Status 2 and a sentence; never a traceback, never silence."""
    assert said in refusal(capsys, *options)


def test_help_and_version_are_there() -> None:
    """The first thing that anybody types."""
    command = [sys.executable, "-m", "pytsung_server"]
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    for option in ("--host", "--port", "--workers", "--profile", "--limit-mode", "--stats"):
        assert option in shown.stdout
    version = subprocess.run([*command, "-v"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("pytsung-server ")


def test_every_option_is_in_the_reference() -> None:
    """An option that nobody can look up is as good as none."""
    reference = Path(__file__).parents[2] / "docs" / "reference" / "server.md"
    page = reference.read_text(encoding="utf-8")
    for words in ([], ["publish"]):
        command = [sys.executable, "-m", "pytsung_server", *words, "--help"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        options = set(re.findall(r"--[a-z-]+", shown)) - {"--help", "--version"}
        assert len(options) > 5
        assert {option for option in options if f"`{option}" not in page} == set()
