"""A running server with a shop in it, and an admin port to publish at."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

from pytsung_server.events import Event

from tests.server.admin_client import AdminClient
from tests.server.running import HEAD, RawClient, RunningServer, masked, request

SHOP = """
region = "fra"
hosts = ["realtime.example"]

[[projects]]
id = "shop"
region = "fra"
origins = ["localhost", "*.shop.example"]
schemes = ["exp"]
jwt_key = "a key"

[[projects.users]]
id = "anna"
name = "Anna"
email_verified = true
sessions = [{ id = "laptop", secret = "s3cret" }]

[[projects.users]]
id = "ben"
sessions = [{ id = "phone", secret = "geheim" }]

[[projects.teams]]
id = "staff"
members = [{ user = "anna", id = "m1", roles = ["owner"] }]

[[projects]]
id = "closed"
realtime = false

[[projects]]
id = "far"
region = "syd"

[[projects]]
id = "console"

[[projects.users]]
id = "admin"
sessions = [{ secret = "root" }]
"""


def session_of(user: str, secret: str) -> str:
    """A session as cookies and messages carry it."""
    return base64.b64encode(json.dumps({"id": user, "secret": secret}).encode()).decode()


ANNA = session_of("anna", "s3cret")
BEN = session_of("ben", "geheim")


def token_of(key: str = "a key", **claims: Any) -> str:
    """A JSON web token."""
    claims = {"userId": "anna", "sessionId": "laptop", "exp": time.time() + 900} | claims
    parts = [{"typ": "JWT", "alg": "HS256"}, claims]
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    signature = hmac.digest(key.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Client(RawClient):
    """A client that speaks JSON."""

    def upgrade(self, target: str = "/", *headers: str) -> Any:
        """Upgrade, from no origin unless a header names one; gives the first message."""
        self.send(request(target, *headers).replace(b"Origin: 10.114.0.2\r\n", b""))
        assert self.read_head() == HEAD
        return self.read_json()

    def open(self, query: str, *headers: str) -> Any:
        """Connect; gives the data of the first message, which must be `connected`."""
        message = self.upgrade(f"/v1/realtime?{query}", *headers)
        assert message["type"] == "connected", message
        return message["data"]

    def say(self, content: Any) -> Any:
        """Send a message, and give what is answered."""
        text = content if isinstance(content, str) else json.dumps(content)
        self.send(masked(1, text.encode()))
        return self.read_json()

    def subscribe(self, *rows: dict[str, Any]) -> list[Any]:
        """Subscribe; gives the answer for each row."""
        answer = self.say({"type": "subscribe", "data": rows})
        assert answer["type"] == "response", answer
        assert answer["data"]["to"] == "subscribe"
        found: list[Any] = answer["data"]["subscriptions"]
        return found

    def unsubscribe(self, *ids: str) -> list[bool]:
        """Unsubscribe; says for each id whether it was there."""
        rows = [{"subscriptionId": one} for one in ids]
        answer = self.say({"type": "unsubscribe", "data": rows})
        assert answer["data"]["to"] == "unsubscribe", answer
        assert [one["subscriptionId"] for one in answer["data"]["subscriptions"]] == list(ids)
        return [one["removed"] for one in answer["data"]["subscriptions"]]

    def complaint(self, content: Any) -> tuple[int, str]:
        """Send a message that is refused; gives code and text."""
        answer = self.say(content)
        assert answer["type"] == "error", answer
        return answer["data"]["code"], answer["data"]["message"]

    def event(self) -> Any:
        """The data of the next message, which must be an event."""
        message = self.read_json()
        assert message["type"] == "event", message
        return message["data"]


class Shop:
    """The server, and what can be done to it."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.config = directory / "shop.toml"
        self.config.write_text(SHOP)
        self.server = RunningServer(
            directory, "--workers", "1", "--config", str(self.config), "--admin-port", "0", *options
        )
        self.admin = AdminClient(self.server)
        self.clients: list[Client] = []

    def client(self) -> Client:
        """A client that is closed with the site, if not before."""
        client = Client(self.server.port)
        self.clients.append(client)
        return client

    def connect(self, query: str = "project=shop", *headers: str) -> Client:
        """A client that has been admitted."""
        client = self.client()
        client.open(query, *headers)
        return client

    def publish(self, event: Event) -> None:
        """Publish; each worker delivers it in a moment."""
        answer = self.admin.post(event.to_message())
        assert answer.status == 202, answer

    def refusal(self, query: str, *headers: str) -> tuple[int, str]:
        """Code and text for a client that is refused, and disconnected within 250 ms."""
        with self.client() as client:
            message = client.upgrade(f"/v1/realtime?{query}", *headers)
            before = time.monotonic()
            assert message["type"] == "error", message
            client.read_all()
            assert time.monotonic() - before < 2  # upstream's 250 ms, and a busy machine
            return message["data"]["code"], message["data"]["message"]

    def close(self) -> None:
        self.server.close()
        for client in self.clients:
            client.socket.close()
