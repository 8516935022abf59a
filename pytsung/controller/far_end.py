"""What runs first on an agent's host, there: it fetches the agent and becomes it.

Sent as text and run by the host's own Python with `-I -S -c`, arguments MARK, DIGEST
and CACHE. It stands alone: standard library only, nothing of pytsung.

    here → controller   a line `MARK ready PYTHON 0`, or 1 for an archive that is cached,
                        or `MARK failed REASON DETAIL`
    controller → here   eight bytes of length, big-endian, and so many of the archive

It writes nothing to the host's disk: the archive stays in memory, in an unnamed file
that modules are imported from. Only with CACHE is it unpacked, once per version.
"""

import os
import sys


def say(mark: str, words: str) -> None:
    """Tell the controller, on a line of its own: a login shell may have talked before."""
    os.write(1, f"\n{mark} {words}\n".encode())


def read(size: int) -> bytes:
    """Exactly so many bytes of what the controller sends; a buffer would take the next ones."""
    parts = []
    while size:
        data = os.read(0, min(size, 1 << 20))
        if not data:
            sys.exit(1)
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def in_memory(archive: bytes) -> str:
    """A place to import the archive from: a file that has no name and ends with us."""
    descriptor = os.memfd_create("pytsung-agent")
    rest = memoryview(archive)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return f"/proc/self/fd/{descriptor}"


def is_trusted(directory: str) -> bool:
    """Whether it is there, and nobody but this user can have written it."""
    try:
        status = os.stat(directory)
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def unpack(archive: bytes, directory: str) -> None:
    """Keep the archive as `directory`, which is there whole or not at all."""
    import io
    import shutil
    import tempfile
    import zipfile

    parent = os.path.dirname(directory)
    os.makedirs(parent, mode=0o700, exist_ok=True)
    part = tempfile.mkdtemp(dir=parent)
    try:
        zipfile.ZipFile(io.BytesIO(archive)).extractall(part)
        os.rename(part, directory)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        if not is_trusted(directory):  # else another agent was quicker
            raise


def place_of(archive: bytes, digest: str, cached: str) -> str:
    """Where to import the archive from; a cache that cannot be written is done without."""
    import hashlib

    if hashlib.sha256(archive).hexdigest() != digest:
        sys.exit("pytsung: the agent's archive was changed on its way; check the connector")
    if cached:
        try:
            unpack(archive, cached)
        except OSError as error:
            sys.stderr.write(f"pytsung: --cache: {error}; the agent runs from memory\n")
        else:
            return cached
    return in_memory(archive)


def become_agent(mark: str, digest: str, cache: str) -> None:
    """Say what is here, take the archive, and live as an agent."""
    if not sys.platform.startswith("linux"):
        return say(mark, f"failed platform {sys.platform}")
    try:  # packages of some distributions, and hand-made builds, lack them
        import ctypes
        import hashlib
        import ssl
        import zlib
    except ImportError as error:
        return say(mark, f"failed module {error}")
    del ctypes, hashlib, ssl, zlib
    cached = os.path.join(os.path.expanduser(cache), f"pytsung-{digest[:16]}") if cache else ""
    has_it = bool(cached) and is_trusted(cached)
    python = ".".join(map(str, sys.version_info[:3]))
    say(mark, f"ready {python} {has_it:d}")
    archive = read(int.from_bytes(read(8), "big"))
    sys.path.insert(0, cached if has_it else place_of(archive, digest, cached))
    sys.argv[:] = ["pytsung-agent"]
    from pytsung.agent.__main__ import main

    return main()


if __name__ == "__main__":
    become_agent(*sys.argv[1:4])
