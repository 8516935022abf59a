"""The library `websockets` as a server, as its documentation makes one that broadcasts."""

from __future__ import annotations

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.rivals.messages import GREETING, event, say_address

clients: set[ServerConnection] = set()


async def meet(client: ServerConnection) -> None:
    """Greet a client, and send an event to all for each of its messages."""
    clients.add(client)
    try:
        await client.send(GREETING)
        async for _ in client:
            broadcast(clients, event())
    finally:
        clients.discard(client)


async def main() -> None:
    """Serve until killed, without compression and pings."""
    async with serve(meet, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        say_address(next(iter(server.sockets)).getsockname()[1])
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
