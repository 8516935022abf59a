"""Everything about HTTP sessions that the rest of pytsung asks a room.

Must not know how a configuration is found, nor lxml: elements are duck-typed.
"""

from __future__ import annotations

from dataclasses import replace

from pytsung.plan import ProtocolOptions, Request
from pytsung.protocols.http.conversation import HttpConversation, Settings
from pytsung.protocols.http.reading import read_http
from pytsung.protocols.http.requests import METHODS_WITHOUT_BODY, HttpOptions, HttpRequest
from pytsung.protocols.http.urls import is_absolute
from pytsung.protocols.http.vocabulary import MARKS, VOCABULARY
from pytsung.protocols.room import Element, Reader

_DEFAULT_OPTIONS = HttpOptions()
_WHOLE = 100
"""What the probabilities of user agents add up to, in per cent."""


class HttpRoom:
    """The room of `ts_http`; sessions of `ts_webdav` differ in their default user agent alone."""

    element = "http"
    request_types: tuple[type[Request], ...] = (HttpRequest,)
    bidirectional = False
    option_names = ("user_agent", "http_use_server_as_proxy")
    vocabulary = VOCABULARY
    marks = MARKS

    def __init__(
        self,
        session_type: str = "ts_http",
        user_agent: str = "tsung",
        options: HttpOptions = _DEFAULT_OPTIONS,
    ) -> None:
        self.session_type = session_type
        self.options: ProtocolOptions = options
        self._options = options
        self._user_agent = user_agent
        self._settings = Settings(options, user_agent, agents_in_tsung=session_type == "ts_http")

    def read_option(self, element: Element, reader: Reader) -> HttpOptions:
        """The options after one more `<option type="ts_http">`."""
        if reader.required(element, "name") == "http_use_server_as_proxy":
            # Tsung looks at the option's presence alone.
            proxy = reader.choice(element, "value", ("true", "false"), "true") == "true"
            return replace(self._options, use_server_as_proxy=proxy)
        agents = tuple(_read_agent(child, reader) for child in element)
        if not agents:
            reader.warn(element, "there is no <user_agent> in this option")
        return replace(self._options, user_agents=self._options.user_agents + agents)

    def with_options(self, options: ProtocolOptions) -> HttpRoom:
        """The same room with other options in force."""
        assert isinstance(options, HttpOptions)
        return HttpRoom(self.session_type, self._user_agent, options)

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> HttpRequest:
        """The request that an `<http>` asks for."""
        total = sum(weight for _, weight in self._options.user_agents)
        if self._options.user_agents and total != _WHOLE:
            reader.fault(
                element,
                f"the probabilities of the user agents for this session add up to {total}",
                f"let them add up to {_WHOLE} in <option name='user_agent'>",
            )
        return read_http(element, reader, self._options, substitute=substitute)

    def describe(self, request: Request) -> str:
        """A request in a few words, for `pytsung check`."""
        assert isinstance(request, HttpRequest)
        where = request.url
        if request.bound and request.origin is not None and not is_absolute(where):
            where = f"{request.origin.host or request.origin.endpoint}{where}"
        size = len(request.body) if request.body_file is None else request.body_file.size
        if request.method in METHODS_WITHOUT_BODY or not size:
            return f"{request.method} {where}"
        return f"{request.method} {where} with {size} bytes"

    def asked(self, sent: bytes) -> tuple[str, str]:
        """Method, in lower case as Tsung has it, and URL of a request, as they are sent."""
        line = sent[: sent.find(b"\r\n")].decode("latin-1")
        method, _, rest = line.partition(" ")
        return method.lower(), rest.rpartition(" ")[0]

    def converse(self) -> HttpConversation:
        """A new user's conversation, not yet connected."""
        return HttpConversation(self._settings)


def _read_agent(element: Element, reader: Reader) -> tuple[str, int]:
    """A user agent's text and its probability in per cent."""
    reader.required(element, "probability")
    text = reader.content(element).strip(" \n\r\t")
    return text, reader.integer(element, "probability", 0)
