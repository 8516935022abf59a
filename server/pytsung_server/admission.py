"""Whether a client may stay once it is upgraded, as whom, and what it is told first.

Appwrite upgrades everybody and reports what is wrong in the first frame afterwards.
The checks come in its order, and the first that fails counts. Must not know frames
or connections.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import time

from pytsung_server import messages
from pytsung_server.abuse import MAX_CONNECTS, Window
from pytsung_server.accounts import account_of
from pytsung_server.channels import convert, convert_2021
from pytsung_server.directory import CONSOLE, Directory, Project, User
from pytsung_server.filters import EVERYTHING, QueryError
from pytsung_server.identity import TokenError, session_in, token_in, user_by_session, user_by_token
from pytsung_server.messages import ErrorCode
from pytsung_server.origins import complaint
from pytsung_server.query import Parameters, parse_query, scalars
from pytsung_server.roles import standing_of
from pytsung_server.settings import Profile
from pytsung_server.subscriptions import Standing, Subscription, Subscriptions
from pytsung_server.url_subscriptions import Slots, read_slots


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent: its target, its headers (names in lower case), and from where.

    `address` is asked for only when it matters: it costs a system call.
    """

    target: str
    headers: Mapping[str, str]
    address: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The client stays.

    `message` is its `connected` message, cut where the ids of its `subscriptions` stand.
    `lasting`: the next request that reads the same is answered the same.
    """

    standing: Standing
    subscriptions: Subscriptions
    message: tuple[bytes, ...]
    lasting: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The client gets an `error` message, then it is closed with `close_code`."""

    message: bytes
    close_code: int
    lasting: bool


class _RefusalError(Exception):
    """A check failed: an error code and Appwrite's text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Admission:
    """Decides on requests; one per worker."""

    def __init__(
        self, profile: Profile, directory: Directory, *, limit_connects: bool, mask_errors: bool
    ) -> None:
        self.directory = directory
        self._profile = profile
        self._window = Window(MAX_CONNECTS) if limit_connects else None
        self._mask_errors = mask_errors

    def decide(self, request: Request) -> Admitted | Refused:
        """Let a client in, or say why not."""
        path, _, query = request.target.partition("?")
        parameters = parse_query(query)
        token = token_in(request.headers, parameters)
        lasting = not token and self._window is None
        try:
            project = self._project(parameters, request.headers)
            session = session_in(request.headers, project.id)
            lasting = lasting and not session
            user = self._user(project, session, token)
            self._check(project, request, path)
            return self._admit(project, user, parameters, lasting)
        except _RefusalError as failure:
            # While a connection is opened, policy violations are named even in production.
            masks = self._mask_errors and failure.code != ErrorCode.POLICY
            text = messages.masked(failure.code, failure.text) if masks else failure.text
            message = messages.error(failure.code, text)
            return Refused(message, messages.close_code(failure.code), lasting)

    def _project(self, parameters: Parameters, headers: Mapping[str, str]) -> Project:
        in_query = parameters.get("project", "")
        if not isinstance(in_query, str):
            in_query = ""
        in_header = headers.get("x-appwrite-project", "")
        names = (in_header, in_query)
        if self._profile is Profile.BENCH2021:
            names = (in_query, in_header)
        project = self.directory.projects.get(names[0] or names[1])
        if project is None:
            raise _RefusalError(ErrorCode.POLICY, "Missing or unknown project ID")
        return project

    def _user(self, project: Project, session: str, token: str) -> User | None:
        """Who the client is; a session that is not valid makes it a guest, a token an error."""
        user = user_by_session(project, session) if session else None
        if not token:
            return user
        if user is not None:
            raise _RefusalError(
                ErrorCode.FORBIDDEN,
                "JWT and session are both set; authenticate with one of them",
            )
        try:
            return user_by_token(project, token, time())
        except TokenError as error:
            raise _RefusalError(ErrorCode.UNAUTHORIZED, f"Failed to verify JWT. {error}") from error

    def _check(self, project: Project, request: Request, path: str) -> None:
        if not project.realtime:
            raise _RefusalError(ErrorCode.FORBIDDEN, "Realtime is disabled for this project")
        region = self.directory.region
        if region and project.region and project.region != region:
            raise _RefusalError(
                ErrorCode.UNAUTHORIZED,
                "Project is not accessible in this region."
                " Please make sure you are using the correct endpoint",
            )
        if self._window is not None and not self._window.allows(
            hash((path, self._address(request))), time()
        ):
            raise _RefusalError(ErrorCode.TOO_MANY, "Too many requests")
        origin = request.headers.get("origin", "")
        if project.id != CONSOLE and (
            wrong := complaint(self._profile, self.directory, project, origin)
        ):
            raise _RefusalError(ErrorCode.POLICY, wrong)

    def _address(self, request: Request) -> str:
        """The client's address: the first valid one in a trusted header, else the peer's."""
        for header in self.directory.trusted_headers:
            for name in request.headers.get(header, "").split(","):
                with contextlib.suppress(ValueError):
                    return str(ipaddress.ip_address(name.strip()))
        return request.address()

    def _admit(
        self, project: Project, user: User | None, parameters: Parameters, lasting: bool
    ) -> Admitted:
        standing = standing_of(self._profile, project.id, user)
        requested = parameters.get("channels", {})
        if isinstance(requested, str):  # a type fault in the original, which clients meet as this
            raise _RefusalError(ErrorCode.UNEXPECTED, messages.SERVER_ERROR)
        account = account_of(self._profile, user)
        if self._profile is Profile.BENCH2021:
            channels = convert_2021(scalars(requested), standing.user)
            if not channels:
                raise _RefusalError(ErrorCode.POLICY, "Missing channels")
            subscriptions = (Subscription.to(channels, EVERYTHING),)
            whole = messages.connected_2021(channels, account)
            return Admitted(standing, subscriptions, (whole,), lasting)
        names = scalars(requested)
        try:
            slots = read_slots(names, parameters)
        except QueryError as error:
            raise _RefusalError(ErrorCode.POLICY, str(error)) from error
        slots = _converted(slots, standing.user)
        channels = convert(names, standing.user)
        message = messages.connected(channels, list(slots), account)
        return Admitted(standing, tuple(slots.values()), message, lasting)


def _converted(slots: Slots, user: str) -> Slots:
    """The slots with the channels that a client gets for the names that it asked for."""
    converted: Slots = {}
    for slot, subscription in slots.items():
        parts = tuple(
            (channel, wanted)
            for name, wanted in subscription.parts
            for channel in convert([name], user)
        )
        if parts:
            converted[slot] = Subscription(parts)
    return converted
