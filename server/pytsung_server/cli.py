"""The command `pytsung-server`: reads its options, then serves.

Must not know how anything is served.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from pytsung import __version__
from pytsung.errors import ExitStatus, UsageError
from pytsung_server import limits, publish_cli
from pytsung_server.admin import is_loopback
from pytsung_server.options import read_redis, read_token, seconds, whole
from pytsung_server.settings import LimitMode, Profile, Settings
from pytsung_server.supervisor import serve

MAX_WORKERS = 1024

EPILOG = """\
When it serves it prints one line to stdout:
  pytsung-server listening on ws://HOST:PORT (N workers, profile P)

SIGTERM or SIGINT: no new clients, close frames (1001), an end within --grace; again: at once.
SIGUSR1: the counts so far as one JSON line on stderr.

Exit status: 0 after SIGTERM or SIGINT, 1 when a worker failed, 2 when the options cannot be served.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the exit status."""
    logging.basicConfig(format="pytsung-server: %(message)s", level=logging.INFO)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["publish"]:
            return publish_cli.main(words[1:])
        settings = _settings(_parser().parse_args(words))
        return serve(settings)
    except UsageError as error:
        sys.stderr.write(f"pytsung-server: {error}\n")
        return ExitStatus.USAGE
    except KeyboardInterrupt:  # before the workers were started
        return ExitStatus.INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytsung-server",
        description="A realtime WebSocket server (Appwrite Realtime) that holds very many clients.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-v", "--version", action="version", version=f"%(prog)s {__version__}")
    _add_size(parser)
    _add_behaviour(parser)
    _add_life(parser)
    return parser


def _add_size(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on, IPv4 or IPv6 (%(default)s)")
    add("--port", type=whole(0, 65535), default=9505, help="port; 0 takes a free one (%(default)s)")
    add(
        "--workers",
        type=whole(1, MAX_WORKERS),
        metavar="N",
        default=limits.cores(),
        help="processes, all on the same port (one per core: %(default)s)",
    )
    add(
        "--profile",
        type=Profile,
        choices=list(Profile),
        metavar="|".join(profile.value for profile in Profile),
        default=Profile.CURRENT,
        help="generation of Appwrite Realtime that is spoken; bench2021 answers with exactly"
        " the bytes of the 2021 benchmark (current)",
    )
    add(
        "--max-connections",
        type=whole(1, 2**31),
        metavar="N",
        default=1_000_000,
        help="over all workers (%(default)s)",
    )
    add(
        "--limit-mode",
        type=LimitMode,
        choices=list(LimitMode),
        metavar="|".join(mode.value for mode in LimitMode),
        default=LimitMode.PAUSE,
        help="beyond --max-connections close one newcomer a second and leave the others in"
        " the kernel's queue, or close each at once (pause)",
    )
    add(
        "--max-message",
        type=whole(1, 2**31),
        metavar="BYTES",
        default=64_000,
        help="a client that sends a longer message is dropped (%(default)s)",
    )


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", metavar="FILE", help="TOML file of projects, origins, users, teams, sessions")
    add(
        "--abuse-limits",
        action="store_true",
        help="128 connects a minute for each path and client address, 32 messages a minute for"
        " each connection (off)",
    )
    add(
        "--upstream-close",
        action="store_true",
        help="hang up without a close frame on clients that are refused, as the original;"
        " its SDKs then reconnect for ever",
    )
    add(
        "--mask-errors",
        action="store_true",
        help="say `Error: Server Error` where the original does so in production",
    )
    add("--tls-cert", metavar="FILE", help="PEM certificate chain; makes it wss://")
    add("--tls-key", metavar="FILE", help="its PEM key, if that is in another file")


def _add_life(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--grace",
        type=seconds,
        metavar="SECONDS",
        default=2.0,
        help="how long clients may take to answer the close frame at the end (%(default)g)",
    )
    add(
        "--redis",
        metavar="URL",
        help="take events from the channel `realtime` of this Redis, as Appwrite publishes them",
    )
    add(
        "--admin-port",
        type=whole(0, 65535),
        metavar="PORT",
        help="publish events, read counts and metrics by HTTP here; 0 takes a free one (none)",
    )
    add(
        "--admin-host",
        metavar="HOST",
        default="127.0.0.1",
        help="address of the admin port; other than this host's own needs a token (%(default)s)",
    )
    add("--admin-token", metavar="FILE", help="file with the token that the admin port asks for")
    add("--stats", metavar="FILE", help="write the counts as JSON here at the end")
    add(
        "--until-eof",
        action="store_true",
        help="end, as at SIGTERM, when stdin does: for whoever starts it as a child",
    )


def _settings(options: argparse.Namespace) -> Settings:
    options.redis = read_redis(options.redis)
    options.admin_token = read_token(options.admin_token)
    settings = Settings(**vars(options))
    if not settings.admin_token and not is_loopback(settings.admin_host):
        raise UsageError(
            f"--admin-host {settings.admin_host}: anybody who reaches it could publish;"
            " give --admin-token FILE, too"
        )
    if settings.tls_key is not None and settings.tls_cert is None:
        raise UsageError("--tls-key without --tls-cert; give the certificate too")
    if settings.stats is not None:
        try:
            Path(settings.stats).touch()
        except OSError as error:
            raise UsageError(
                f"--stats {settings.stats}: {error.strerror}; give a file that can be written"
            ) from error
    return settings
