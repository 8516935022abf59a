"""The least that any server can do with an event: one `send()` after the other, in C.

What it takes is the kernel's; what a server takes beyond it is its own. Everything but
that loop is the bare epoll loop in Python. Must not know how it is measured.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from array import array
from collections.abc import Callable, Collection
from pathlib import Path

from bench.rivals.bare_epoll import Server

SOURCE = """
#include <sys/socket.h>

int send_to_all(const int *descriptors, int count, const char *message, size_t size)
{
    int refused = 0;
    for (int n = 0; n < count; n++)
        refused += send(descriptors[n], message, size, 0) != (ssize_t)size;
    return refused;
}
"""


def compile_loop() -> Callable[[Collection[int], bytes], None]:
    """The loop as a function of descriptors and a message; it raises OSError for a short write.

    Raises:
        OSError, CalledProcessError: there is no compiler, or it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        library = str(Path(folder, "send_loop.so"))
        command = ["cc", "-O2", "-shared", "-fPIC", "-x", "c", "-", "-o", library]
        subprocess.run(command, input=SOURCE, text=True, check=True)
        loop = ctypes.CDLL(library).send_to_all
    loop.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)

    def send_to_all(descriptors: Collection[int], message: bytes) -> None:
        numbers = array("i", descriptors)
        place, count = numbers.buffer_info()
        if refused := loop(place, count, message, len(message)):
            raise OSError(f"{refused} sockets did not take the whole message")

    return send_to_all


class LoopServer(Server):
    """The bare server with the loop in C."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = compile_loop()

    def send_to_all(self, message: bytes) -> None:
        """One `send()` after the other."""
        self._loop(self.clients, message)


if __name__ == "__main__":
    LoopServer().run()
