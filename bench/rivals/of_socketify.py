"""uWebSockets through `socketify`: its own publish/subscribe, in C++."""

from __future__ import annotations

import socket
from typing import Any

from socketify import (  # type: ignore[import-untyped]  # it has no types
    App,
    AppListenOptions,
    CompressOptions,
    OpCode,
)

from bench.rivals.messages import GREETING, event, say_address

CHANNEL = "files"


def main() -> None:
    """Serve until killed."""
    app = App()

    def meet(client: Any) -> None:
        client.send(GREETING, OpCode.TEXT)
        client.subscribe(CHANNEL)

    def hear(client: Any, message: Any, opcode: OpCode) -> None:  # noqa: ARG001 - socketify's call
        app.publish(CHANNEL, event(), OpCode.TEXT)

    handlers = {
        "compression": CompressOptions.DISABLED,
        "max_payload_length": 64_000,
        "idle_timeout": 0,
        "open": meet,
        "message": hear,
    }
    app.ws("/*", handlers)
    with socket.create_server(("127.0.0.1", 0)) as free:  # it does not tell its port
        port = free.getsockname()[1]
    app.listen(AppListenOptions(port, "127.0.0.1"), lambda _: say_address(port))
    app.run()


if __name__ == "__main__":
    main()
