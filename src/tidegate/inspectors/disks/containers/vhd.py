"""VHD: fixed, dynamic and differencing, of Virtual PC, Hyper-V and Azure.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0, 2006.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.disks.containers.mapped import ZERO, MappedDisk, Table, Where
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import DamageError, big, exact, power
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Part, Readable

_FOOTER: Final = 512
_VERSION: Final = b"\x00\x01\x00\x00"
"""Of the format, and the only one: a text about disks may begin with the word too."""
_FIXED, _DYNAMIC, _DIFFERENCING = 2, 3, 4
_NONE: Final = 0xFFFFFFFF


def opens(head: bytes, tail: bytes) -> bool:
    """Tell it by the footer, which a dynamic one repeats at its start; old writers leave a byte out."""
    return any(
        footer.startswith(b"conectix") and footer[12:16] == _VERSION
        for footer in (tail[-_FOOTER:], head, tail[-_FOOTER + 1 :])
    )


def open_disk(data: Readable, meter: Meter) -> Opened:
    """Return the virtual disk. Raises `DamageError`."""
    footer = _footer(data)
    size, kind = big(footer, 48, 8), big(footer, 60, 4)
    if kind == _FIXED:
        # The size of the file decides: a footer can say anything.
        return Opened("fixed VHD", Part(data, 0, data.size_bytes - _FOOTER))
    if kind not in (_DYNAMIC, _DIFFERENCING):
        raise DamageError(f"a VHD of type {kind}")
    header = exact(data, big(footer, 16, 8), 1024)
    if not header.startswith(b"cxsparse"):
        raise DamageError("the header of a dynamic VHD is not where the footer says")
    block = power(big(header, 32, 4), 4096, 256 << 20, "blocks")
    bitmap = -(-(block // 512) // 8 // 512) * 512 if block >= 4096 * 512 else 512
    table = Table(data, big(header, 16, 8), min(big(header, 28, 4), 1 << 26), 4, "big")

    def where(number: int) -> Where:
        sector = table[number]
        return ZERO if sector == _NONE else Where(sector * 512 + bitmap)

    disk = MappedDisk(data, min(size, table.count * block), block, where, meter)
    if kind == _DIFFERENCING:
        return Opened("differencing VHD", disk, parent_missing=True)
    return Opened("dynamic VHD", disk)


def _footer(data: Readable) -> bytes:
    for at in (data.size_bytes - _FOOTER, 0, data.size_bytes - _FOOTER + 1):
        footer = data.read(max(at, 0), _FOOTER)
        if footer.startswith(b"conectix"):
            return footer
    raise DamageError("its footer is missing")
