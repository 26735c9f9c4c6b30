"""LVM: which volumes lie in a partition of it, where all of a volume does.

Source: lvm2, lib/format_text, and metadata as lvm2 writes it. Thin volumes, mirrors, stripes and volumes that
reach onto another disk are named and not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tidegate.inspectors.disks.damage import MIB, DamageError, exact, little
from tidegate.inspectors.disks.volumes.volume import Runs
from tidegate.inspectors.readable import Readable

_MAGIC: Final = b" LVM2 x[5A%r0N*>"
_MOST_TEXT: Final = MIB
_MOST_VOLUMES: Final = 256
_DEPTH: Final = 16
_TOKEN: Final = re.compile(
    r"""\s*(?:\#[^\n]*\n\s*)*(?:(?P<open>[\w.+-]{1,128})\s*\{|(?P<key>[\w.+-]{1,128})\s*=\s*|(?P<close>\})
    |(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+)|(?P<mark>[\[\],]))""",
    re.VERBOSE,
)


class Logical(NamedTuple):
    """One volume of a group."""

    name: str
    data: Readable | None
    """`None`: it is of a form that is not read, or not all of it lies here."""
    why: str = ""


def logical_volumes(data: Readable) -> Iterator[Logical]:
    """Yield the volumes that the group of this partition has. Raises `DamageError`."""
    uuid, area = _label(data)
    group = _parsed(_text(data, area))
    extent = _number(group, "extent_size") * 512
    own = next(
        (
            (name, _number(each, "pe_start") * 512)
            for name, each in _sections(group, "physical_volumes")
            if str(each.get("id", "")).replace("-", "") == uuid
        ),
        None,
    )
    if own is None or not 0 < extent <= 1 << 36:
        raise DamageError("a part of LVM whose group does not name it")
    for number, (name, each) in enumerate(_sections(group, "logical_volumes")):
        if number >= _MOST_VOLUMES:
            return
        if "VISIBLE" in (each.get("status") or ()):
            yield _laid(data, name, each, own, extent)


def _laid(data: Readable, name: str, volume: dict[str, Any], own: tuple[str, int], extent: int) -> Logical:
    segments = [each for key, each in volume.items() if key.startswith("segment") and isinstance(each, dict)]
    runs: list[tuple[int, int]] = []
    for each in sorted(segments, key=lambda each: _number(each, "start_extent")):
        stripes = each.get("stripes")
        linear = each.get("type") == "striped" and isinstance(stripes, list) and len(stripes) == 2
        if not linear or not isinstance(stripes, list) or not isinstance(stripes[1], int):
            return Logical(name, None, f"a volume of LVM of the form {each.get('type')}, which is not read")
        if stripes[0] != own[0]:
            return Logical(name, None, "a volume of LVM of which a part lies on another disk")
        start, length = own[1] + stripes[1] * extent, _number(each, "extent_count") * extent
        if start < 0 or start + length > data.size_bytes or length <= 0:
            raise DamageError("a volume of LVM beyond the end of its disk")
        runs.append((start, length))
    return Logical(name, Runs(data, runs, sum(length for _, length in runs)))


def _label(data: Readable) -> tuple[str, int]:
    """Return the id of this part, without hyphens, and where its description stands."""
    for at in range(0, 2048, 512):
        sector = data.read(at, 512)
        if sector.startswith(b"LABELONE") and sector[24:32] == b"LVM2 001":
            head = at + little(sector, 20, 4)
            raw = exact(data, head, 512)
            place = 40
            while (
                any(raw[place : place + 16]) and place < 400
            ):  # areas of data; behind them those of the text
                place += 16
            return raw[:32].decode("ascii", "replace"), little(raw, place + 16, 8)
    raise DamageError("a part of LVM without its label")


def _text(data: Readable, area: int) -> str:
    head = exact(data, area, 512)
    if head[4:20] != _MAGIC:
        raise DamageError("a part of LVM without its description")
    size, offset, length = little(head, 32, 8), little(head, 40, 8), little(head, 48, 8)
    if not 512 <= offset < size or not 0 < length <= min(size - 512, _MOST_TEXT):
        raise DamageError("a part of LVM whose description is not where it should be")
    first = exact(data, area + offset, min(length, size - offset))
    rest = exact(data, area + 512, length - len(first))  # the area is a ring behind its header
    return (first + rest).decode("utf-8", "replace").rstrip("\0")


def _parsed(text: str) -> dict[str, Any]:
    """Return the sections of the text; that of the group is what they stand in."""
    top: dict[str, Any] = {}
    stack: list[dict[str, Any]] = [top]
    key = ""
    rows: list[str | int] | None = None
    at = 0
    while found := _TOKEN.match(text, at):
        at = found.end()
        value: str | int
        if found["open"]:
            if len(stack) > _DEPTH:
                raise DamageError("a description of LVM that is nested too deep")
            inner: dict[str, Any] = {}
            stack[-1][found["open"]] = inner
            stack.append(inner)
            continue
        if found["close"]:
            if len(stack) == 1:
                break
            stack.pop()
            continue
        if found["key"]:
            key, rows = found["key"], None
            continue
        if found["mark"]:
            if found["mark"] == "[":
                rows = []
                stack[-1][key] = rows
            elif found["mark"] == "]":
                rows = None
            continue
        value = int(found["number"][:18]) if found["number"] else found["text"][1:-1]
        if rows is not None:
            rows.append(value)
        else:
            stack[-1][key] = value
    groups = [each for each in top.values() if isinstance(each, dict) and "physical_volumes" in each]
    if not groups:
        raise DamageError("a description of LVM without a group")
    return groups[0]


def _sections(group: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    part = group.get(name)
    if isinstance(part, dict):
        yield from ((key, each) for key, each in part.items() if isinstance(each, dict))


def _number(section: dict[str, Any], key: str) -> int:
    value = section.get(key)
    return value if isinstance(value, int) else 0
