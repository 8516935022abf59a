"""A run's seconds in InfluxDB's line protocol, posted to a URL.

For InfluxDB 1 and 2, VictoriaMetrics, Telegraf's listener: whatever takes lines by HTTP.
Must not know when it is asked to post.
"""

from __future__ import annotations

import http.client
from collections import deque
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from pytsung.dashboard.export import ExportError
from pytsung.logdir.line_protocol import line_protocol
from pytsung.stats import Interval

TOKEN = "INFLUX_TOKEN"  # noqa: S105 - the name that InfluxDB's own tools look for
TIMEOUT = 5.0
MOST_SECONDS = 600
"""Seconds of the run kept while nobody takes them; then the oldest are dropped."""


class LineProtocolClient:
    """Keeps lines until they are posted to `url`; the environment may have a token for it."""

    def __init__(self, url: str, run: str, environment: Mapping[str, str]) -> None:
        self._url = urlsplit(url)
        self._run = run
        self._token = environment.get(TOKEN, "")
        self._waiting: deque[str] = deque(maxlen=MOST_SECONDS)

    def interval(self, interval: Interval, at: float) -> None:
        """Keep a second of the run, which ended at `at` (Unix time)."""
        self._waiting.append(line_protocol(interval, self._run, at))

    def close(self) -> None:
        """There will be no more; what is kept can still be posted."""

    def collect(self) -> Callable[[], None]:
        """Posts what is kept; what is not taken is kept on."""
        seconds = list(self._waiting)
        self._waiting.clear()

        def post() -> None:
            try:
                if seconds:
                    self._post("".join(seconds).encode())
            except ExportError:
                self._waiting.extendleft(reversed(seconds))
                raise

        return post

    def _post(self, body: bytes) -> None:
        url = self._url
        https = url.scheme == "https"
        kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=TIMEOUT)
        target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._token:
            headers["Authorization"] = f"Token {self._token}"
        try:
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            text = answer.read(200).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(str(error)) from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise self._failed(f"{answer.status} {answer.reason} {text}".strip())

    def _failed(self, reason: str) -> ExportError:
        where = f"{self._url.scheme}://{self._url.netloc.rpartition('@')[2]}"
        return ExportError(f"--influx {where}: not taken: {reason}; the run goes on")
