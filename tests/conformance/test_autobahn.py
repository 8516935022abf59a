"""The Autobahn suite holds some 300 ways to get RFC 6455 wrong; here it looks for them in our
codec, as client and as server, through our reactor and with our TLS layer."""

import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trustme

from pytsung.protocols.websocket.events import TextMessage
from pytsung.reactor.reactor import Reactor
from tests.conformance import autobahn
from tests.conformance.echo import LOOPBACK, EchoListener, visit

pytestmark = pytest.mark.conformance

CASES = 301  # 1.* to 7.*, 9.* and 10.*: fewer would mean that some were not run
MINUTES = 20  # for one run of them; it takes two or three
SCHEMES = ("ws", "wss")


@pytest.fixture(scope="module")
def wstest() -> list[str]:
    """How to start the suite; fails, rather than skips, without Python 2.7."""
    try:
        return autobahn.command()
    except autobahn.Python2MissingError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def report(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[], autobahn.Report]:
    """Reads the suite's report and puts its table on the screen."""

    def read() -> autobahn.Report:
        report = autobahn.Report.read(tmp_path / "report")
        with capsys.disabled():
            print(report.table(request.node.name))
        return report

    return read


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_codec_as_a_server(
    scheme: str,
    wstest: list[str],
    authority: trustme.CA,
    tmp_path: Path,
    report: Callable[[], autobahn.Report],
) -> None:
    """The suite's fuzzing client against an echo on our reactor."""
    context = None
    if scheme == "wss":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(LOOPBACK).configure_cert(context)
    reactor = Reactor()

    async def main() -> None:
        listener = EchoListener(reactor, context)
        url = f"{scheme}://{LOOPBACK}:{listener.port}"
        specification = autobahn.write_specification(tmp_path, url, {})
        arguments = [*wstest, "-m", "fuzzingclient", "-s", str(specification)]
        with trio.fail_after(MINUTES * 60), (tmp_path / "log").open("wb") as log:
            await trio.run_process(arguments, stdout=log, stderr=subprocess.STDOUT)
        listener.close()

    reactor.run(main)
    judged = report()
    assert not judged.failures
    assert len(judged.behaviours) >= CASES


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_codec_as_a_client(
    scheme: str,
    wstest: list[str],
    authority: trustme.CA,
    tmp_path: Path,
    report: Callable[[], autobahn.Report],
) -> None:
    """An echo on our reactor against the suite's fuzzing server."""
    context = None
    options = {}
    if scheme == "wss":
        context = ssl.create_default_context()
        authority.configure_trust(context)
        certificate = authority.issue_cert(LOOPBACK)
        certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
        options = {"key": str(tmp_path / "key.pem"), "cert": str(tmp_path / "certificate.pem")}
    port = _free_port()
    url = f"{scheme}://{LOOPBACK}:{port}"
    specification = autobahn.write_specification(tmp_path, url, options)
    arguments = [*wstest, "-m", "fuzzingserver", "-w", url, "--webport", "0"]
    reactor = Reactor()

    async def main() -> None:
        with trio.fail_after(MINUTES * 60), (tmp_path / "log").open("wb") as log:
            process = await trio.lowlevel.open_process(
                [*arguments, "-s", str(specification)], stdout=log, stderr=subprocess.STDOUT
            )
            try:
                await _until_listening(port, process)
                count = await visit(reactor, port, "/getCaseCount", context)
                assert isinstance(count, TextMessage)
                for number in range(1, int(count.text) + 1):
                    path = f"/runCase?case={number}&agent={autobahn.AGENT}"
                    await visit(reactor, port, path, context)
                await visit(reactor, port, f"/updateReports?agent={autobahn.AGENT}", context)
            finally:
                process.kill()
                await process.wait()

    reactor.run(main)
    judged = report()
    assert not judged.failures
    assert len(judged.behaviours) >= CASES


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def _until_listening(port: int, process: trio.Process) -> None:
    """Wait for the suite's server, which says nothing when it is ready."""
    while process.poll() is None:
        try:
            stream = await trio.open_tcp_stream(LOOPBACK, port)
        except OSError:
            await trio.sleep(0.1)
        else:
            await stream.aclose()
            return
    raise AssertionError("the suite's server ended before it listened; see its log")
