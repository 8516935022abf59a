"""Whether a page from some origin may connect to a project.

Must not know connections; `console` is exempt, which its caller knows.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pytsung_server.directory import Directory, Project
from pytsung_server.settings import Profile

_PLATFORMS = {
    "http": "Web",
    "https": "Web",
    "chrome-extension": "Web (Chrome Extension)",
    "moz-extension": "Web (Firefox Extension)",
    "safari-web-extension": "Web (Safari Extension)",
    "ms-browser-extension": "Web (Edge Extension)",
    "tauri": "Web (Tauri)",
}
"""What each scheme of web pages is called; all other schemes must be allowed by name."""

_LOOPBACK = {"127.0.0.1": "localhost", "::1": "localhost"}


def complaint(profile: Profile, directory: Directory, project: Project, origin: str) -> str:
    """What is wrong with an origin, in Appwrite's words; empty when nothing is."""
    if not origin:
        return ""
    scheme, host = _parts(origin)
    if profile is Profile.BENCH2021:
        return (
            "" if not host or _is_allowed(directory, project, host) else _unregistered(host, "Web")
        )
    if scheme in _PLATFORMS:
        if _is_allowed(directory, project, host):
            return ""
        return _unregistered(host, _PLATFORMS[scheme])
    if scheme and scheme in project.schemes:
        return ""
    if not scheme and not host:
        return "Invalid Origin."
    return (
        f"Invalid Scheme. The scheme used ({scheme}) in the Origin ({origin}) is not supported."
        " If you are using a custom scheme, please change it to"
        " `appwrite-callback-<PROJECT_ID>`"
    )


def _parts(origin: str) -> tuple[str, str]:
    """Scheme and host; empty where there is none."""
    try:
        parts = urlsplit(origin.strip())
        return parts.scheme.lower(), parts.hostname or ""
    except ValueError:
        return "", ""


def _is_allowed(directory: Directory, project: Project, host: str) -> bool:
    host = _LOOPBACK.get(host, host)
    return any(_fits(host, pattern.lower()) for pattern in (*project.origins, *directory.hosts))


def _fits(host: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) >= len(pattern)
    return host == _LOOPBACK.get(pattern, pattern)


def _unregistered(host: str, platform: str) -> str:
    named = f"({host}) " if host else ""
    return (
        f"Invalid Origin. Register your new client {named}as a new {platform} platform"
        " on your project console dashboard"
    )
