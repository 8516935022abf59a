"""What runs on a monitored host, there: it reads /proc, and answers when it is asked.

Sent as text and run by the host's own Python with `-I -S -c`, argument MARK. It stands
alone: standard library only, nothing of pytsung, and nothing newer than Python 3.6, for
a target's host has what it has.

    here → controller   a line `MARK ready PYTHON`, or `MARK failed REASON DETAIL`
    controller → here   a line of JSON: what is asked for, {} or {"mysql": {…}}
    here → controller   a line of JSON: the figures, as the kernel counts them

It writes nothing to the disk, and ends with its stdin, or when nothing came for a minute.
"""

import json
import os
import select
import shutil
import subprocess
import sys
from typing import Any, Dict, List, Tuple

SILENCE = 60
"""Seconds without a question after which nobody will ask: the connection may have gone
without a word."""

MYSQL_TIME = 4
"""Seconds for `mysqladmin`; the controller waits for five."""


def cpu() -> List[int]:
    """Busy and total ticks of all processors since boot (proc(5), /proc/stat)."""
    with open("/proc/stat") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    idle = sum(ticks[3:5])  # idle and iowait
    return [sum(ticks) - idle, sum(ticks)]


def free_memory() -> float:
    """Megabytes that programs could have; kernels before 3.14 do not say, so we add up."""
    sizes = {}
    with open("/proc/meminfo") as file:
        for line in file:
            name, _, rest = line.partition(":")
            sizes[name] = int(rest.split()[0])
    parts = sizes["MemFree"] + sizes.get("Buffers", 0) + sizes.get("Cached", 0)
    return sizes.get("MemAvailable", parts) / 1024


def packets() -> List[int]:
    """Received and sent, of all interfaces that lead out of the host."""
    received = sent = 0
    with open("/proc/net/dev") as file:
        for line in file.readlines()[2:]:
            name, _, rest = line.rpartition(":")
            if leads_out(name.strip()):
                fields = rest.split()
                received += int(fields[1])
                sent += int(fields[9])
    return [received, sent]


def leads_out(name: str) -> bool:
    """Whether packets are counted here and at no other interface: no loopback, no bridge
    or bond (their members count), no virtual LAN, no container's end."""
    if name == "lo" or name.startswith("veth") or "." in name or ":" in name:
        return False
    place = os.path.join("/sys/class/net", name)
    return not any(os.path.isdir(os.path.join(place, kind)) for kind in ("bridge", "bonding"))


def mysql(access: Dict[str, Any]) -> Tuple[str, str]:
    """What `mysqladmin status` says, and what it complains of.

    It has another name where MariaDB came without its links for MySQL's users.
    """
    program = shutil.which("mysqladmin") or shutil.which("mariadb-admin")
    if program is None:
        return "", "it is not there; install the client programs of MySQL or MariaDB"
    command = [program, "-u", access["username"], "-P", str(access["port"]), "status"]
    # Not among the words: everybody on the host can read those.
    environment = dict(os.environ, MYSQL_PWD=access["password"], LC_ALL="C")
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=MYSQL_TIME,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def look(asked: Dict[str, Any]) -> Dict[str, Any]:
    """All figures, now."""
    figures: Dict[str, Any] = {
        "cpu": cpu(),
        "freemem": free_memory(),
        "load": os.getloadavg()[0],
        "packets": packets(),
    }
    if "mysql" in asked:
        figures["mysql"], figures["mysql_error"] = mysql(asked["mysql"])
    return figures


def say(text: str) -> None:
    """Tell the controller, unbuffered."""
    os.write(1, text.encode())


def main(mark: str) -> None:
    """Answer as long as somebody asks."""
    if not os.path.exists("/proc/stat"):
        say(f"\n{mark} failed platform {sys.platform}\n")
        return
    say(f"\n{mark} ready {sys.version.split()[0]}\n")
    asked = b""
    while select.select([0], [], [], SILENCE)[0]:
        data = os.read(0, 4096)
        if not data:
            return
        asked += data
        while b"\n" in asked:
            line, _, asked = asked.partition(b"\n")
            say(json.dumps(look(json.loads(line.decode()))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
