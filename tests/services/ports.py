"""Free loopback ports, and who listens where."""

from __future__ import annotations

import socket
import struct
from contextlib import ExitStack
from pathlib import Path

_LISTENS = "0A"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listened on a moment ago, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def answers(port: int) -> bool:
    """Tell whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listening_beyond_loopback(pid: int) -> list[str]:
    """Return the addresses, outside of loopback, on which a process and its children listen (Linux)."""
    inodes = {
        target
        for each in (pid, *_children(pid))
        for link in Path(f"/proc/{each}/fd").iterdir()
        if (target := _inode(link)) is not None
    }
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and fields[9] in inodes and not _loopback(fields[1].split(":")[0]):
                found.append(f"{table} {fields[1]}")
    return found


def _inode(link: Path) -> str | None:
    try:
        target = str(link.readlink())
    except FileNotFoundError:
        return None
    return target[8:-1] if target.startswith("socket:[") else None


def _children(pid: int) -> list[int]:
    below: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            below += [int(child), *_children(int(child))]
    return below


def _loopback(address: str) -> bool:
    """Read an address as the kernel prints it: 32-bit words in the machine's own order."""
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    raw = struct.pack(f"={len(words)}I", *words)
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    text = socket.inet_ntop(family, raw)
    return text == "::1" or text.startswith(("127.", "::ffff:127."))
