"""What all rivals say. Must not know how it is sent."""

from __future__ import annotations

import json
import time

from pytsung.protocols.websocket.stamp import KEY, mark

GREETING = '{"type":"connected","data":{"channels":["files"],"user":null}}'

PAYLOAD_BYTES = 200


def event() -> str:
    """An event that is sent now, as long as one of `pytsung-server publish` at its client."""
    payload = {"$id": "bench0000-1", KEY: mark(time.time(), "bench0000-1"), "padding": ""}
    missing = PAYLOAD_BYTES - len(json.dumps(payload, separators=(",", ":")))
    payload["padding"] = "x" * missing
    data = {
        "events": ["pytsung.publish"],
        "channels": ["files"],
        "timestamp": "2026-08-21T13:42:57.123+00:00",
        "payload": payload,
        "subscriptions": ["0" * 20],
    }
    return json.dumps({"type": "event", "data": data}, separators=(",", ":"))


def say_address(port: int) -> None:
    """Tell whoever started this where it listens."""
    print(f"listening on ws://127.0.0.1:{port} ", flush=True)
