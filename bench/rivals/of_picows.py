"""The library `picows` as a server: WebSockets in Cython under asyncio."""

from __future__ import annotations

import asyncio

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

from bench.rivals.messages import GREETING, event, say_address

clients: set[WSTransport] = set()


class Client(WSListener):
    """Greets, and sends an event to all for each text of its client."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The client is there."""
        clients.add(transport)
        transport.send(WSMsgType.TEXT, GREETING.encode())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The client has gone."""
        clients.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A message, or a ping."""
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.TEXT:
            message = event().encode()
            for client in clients:
                client.send(WSMsgType.TEXT, message)


async def main() -> None:
    """Serve until killed."""
    server = await ws_create_server(lambda _: Client(), "127.0.0.1", 0, backlog=4096)
    say_address(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
