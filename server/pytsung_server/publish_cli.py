"""The subcommand `pytsung-server publish`: reads its options, then publishes.

Must not know how anything gets to a server.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import trio

from pytsung.errors import ExitStatus, UsageError
from pytsung_server.events import MAX_EVENT_BYTES
from pytsung_server.happening import happening
from pytsung_server.options import read_redis, read_token, whole
from pytsung_server.publication import EVERYBODY, NAME, Publication
from pytsung_server.publish_ways import AdminAddress, AdminWay, PublishError, RedisWay
from pytsung_server.publisher import Published, publish

EPILOG = """\
Events go out on schedule, and carry when they were sent: a load test with
  <option name="push_latency" value="true"/>
measures from that how long they took to each client.

Exit status: 0 when all were published, or after SIGINT or SIGTERM; 1 when one could not be;
2 when the options make no sense.
"""

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def main(arguments: Sequence[str]) -> int:
    """Run the subcommand; gives the exit status. Raises UsageError."""
    options = _parser().parse_args(arguments)
    return trio.run(_publish, _publication(options), _way(options))


def _publication(options: argparse.Namespace) -> Publication:
    """What the options ask for. Raises UsageError."""
    names: tuple[str, ...] = (NAME,)
    channels, role = tuple(options.channel or ["files"]), ""
    if options.event is not None:
        try:
            made = happening(options.event, options.project)
        except ValueError as error:
            raise UsageError(f"--event: {error}") from error
        names, channels, role = made.names, made.channels, made.role
    return Publication(
        publisher=secrets.token_hex(4),
        rate=options.rate,
        size=options.size,
        channels=channels,
        names=names,
        project=options.project,
        roles=tuple(options.role or ([role] if role else EVERYBODY)),
        count=options.count,
    )


async def _publish(
    publication: Publication, way: AbstractAsyncContextManager[RedisWay | AdminWay]
) -> int:
    """Publish until all is published, a signal comes, or it fails; say what was published."""
    published = Published()
    complaint = ""
    try:
        async with way as opened, trio.open_nursery() as nursery:
            nursery.start_soon(_obey, nursery.cancel_scope)
            await publish(publication, opened, published)
            nursery.cancel_scope.cancel()
        if published.count and isinstance(opened, RedisWay) and not opened.subscribers:
            _complain("nobody was subscribed in Redis to hear the last event")
    except* PublishError as errors:
        complaint = str(errors.exceptions[0])
    sys.stdout.write(f"{published}\n")
    sys.stdout.flush()
    if complaint:
        _complain(complaint)
    return ExitStatus.INTERNAL_ERROR if complaint else ExitStatus.OK


async def _obey(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()


def _complain(text: str) -> None:
    sys.stderr.write(f"pytsung-server publish: {text}\n")


def _way(options: argparse.Namespace) -> AbstractAsyncContextManager[RedisWay | AdminWay]:
    address = read_redis(options.redis)
    if address is not None:
        return RedisWay.open(address)
    try:
        return AdminWay.open(AdminAddress.parse(options.admin, read_token(options.admin_token)))
    except ValueError as error:
        raise UsageError(f"--admin {options.admin}: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytsung-server publish",
        description="Publish events for the clients of a bundled server, or of an Appwrite.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--redis", metavar="URL", help="publish in this Redis, redis://HOST:PORT")
    where.add_argument("--admin", metavar="URL", help="or at this admin port, http://HOST:PORT")
    add("--admin-token", metavar="FILE", help="file with the token that the admin port asks for")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--channel",
        action="append",
        metavar="NAME",
        help="channel of the events; may be given several times (files)",
    )
    what.add_argument(
        "--event",
        metavar="NAME",
        help="or what happened, such as buckets.b.files.f.create: channels and names as Appwrite"
        " publishes them",
    )
    add("--rate", type=_rate, metavar="N/s", default=1.0, help="also N/min and N/h (1/s)")
    add("--count", type=whole(1, 2**31), metavar="N", help="events; without it, until SIGINT")
    add(
        "--size",
        type=whole(0, MAX_EVENT_BYTES - 65536),
        metavar="BYTES",
        default=200,
        help="of an event's payload (%(default)s; about 100 are needed)",
    )
    add("--project", metavar="ID", default="console", help="(%(default)s)")
    add(
        "--role",
        action="append",
        metavar="NAME",
        help="who may read the events; may be given several times (everybody)",
    )
    return parser


def _rate(text: str) -> float:
    """Events per second, from `10/s`, `600/min` or `10`."""
    number, _, unit = text.partition("/")
    rate = float(number) / _SECONDS[unit or "s"] if (unit or "s") in _SECONDS else 0.0
    if not 1e-4 <= rate <= 1e5:
        raise argparse.ArgumentTypeError(f"{text} is no rate from 1/h to 100000/s; write 10/s")
    return rate
