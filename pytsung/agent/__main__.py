"""`python -m pytsung.agent`: an agent that speaks to its controller on stdin and stdout.

Forks its zygote first, while this process has neither a loop nor a thread.
"""

from __future__ import annotations

import os
import signal
from functools import partial

import trio

from pytsung.agent import worker, zygote
from pytsung.agent.agent import Agent
from pytsung.agent.channel import Channel
from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.protocols import registry


def main() -> None:
    """Live as an agent until the controller's stream ends."""
    # Ctrl-C reaches the whole terminal; the controller hears it and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Made before the fork: workers share it, and need not build it again.
    encoder = Encoder(registry.installed())
    encoder.warm_up()
    zygote_socket, _ = zygote.fork_zygote(partial(worker.run_worker, encoder=encoder))
    controller_in, controller_out = _take_stdio()

    async def live() -> None:
        stream = trio.StapledStream(
            trio.lowlevel.FdStream(controller_out), trio.lowlevel.FdStream(controller_in)
        )
        await Agent(Channel(stream, MessageCodec(encoder)), zygote_socket, encoder).run()

    trio.run(live)


def _take_stdio() -> tuple[int, int]:
    """Keep 0 and 1 for the controller alone: whatever prints goes to stderr."""
    controller_in, controller_out = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return controller_in, controller_out


if __name__ == "__main__":
    main()
