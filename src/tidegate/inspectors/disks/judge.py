"""Judges a disk image: what it is, whose, and what in it opens other things."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tidegate.inspectors.data._notes import lower
from tidegate.inspectors.disks.container import open_container
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import MIB, DamageError, LockedError
from tidegate.inspectors.disks.lvm import logical_volumes
from tidegate.inspectors.disks.pages import Pages
from tidegate.inspectors.disks.partitions import locked, partitions, recognised
from tidegate.inspectors.disks.partitions import volumes as volumes_in
from tidegate.inspectors.disks.paths import WORDS
from tidegate.inspectors.disks.triage import Triage, Walker, small, triage
from tidegate.inspectors.disks.volumes.apfs import Apfs
from tidegate.inspectors.disks.volumes.volume import MOST_ENTRIES, Volume
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.names import kind_of
from tidegate.kinds.table import OTHER, kind
from tidegate.model.observation import Observation, Step
from tidegate.model.severity import Severity

TRIAGE_BYTES: Final = 960_000
"""Of an image, all volumes together; with both ends, which are read before, under 1 MB."""
LISTING_BYTES: Final = 32 * MIB
"""1 KiB a file on NTFS. Beyond it what was listed is a lower bound, and said to be."""
STORES_MOST_BYTES: Final = 32 * MIB
"""For databases of browsers and of messages; of a smaller image a hundredth, 1 MiB at the least."""
_OF_BACKUP: Final = re.compile(r"\ABackups\.backupdb/[^/]+/[^/]+/[^/]+/")
"""Where on a disk of Time Machine all lies: it says nothing of a file."""
_ID: Final = "disk_image"


def judge_disk(data: Readable, head: bytes, tail: bytes, context: Context) -> Judgement:
    """Judge an image. Any bytes end in a judgement."""
    judged = Judgement("disk_image", model=False)
    pages = Pages(data, context.meter)
    pages.allow(TRIAGE_BYTES)
    try:
        opened = open_container(pages, head, tail, context.meter)
        judged.observations.append(_form(opened))
        _volumes(judged, opened, pages, context)
    except LockedError as error:
        judged.kind = "encrypted_volume"
        judged.observations.append(_note(judged.kind, _locked(str(error))))
    except DamageError as error:
        judged.complete = False
        judged.observations.append(_note("disk_image", f"a disk image that cannot be read: {error}"))
    except OverBudgetError as error:
        _unread(judged, f"not judged whole: {error}")
    return judged


def _volumes(judged: Judgement, opened: Opened, pages: Pages, context: Context) -> None:
    if opened.parent_missing:
        _unread(
            judged, f"a {opened.form}: the image it differs from is not here, so its contents are not told"
        )
        return
    data_bytes = opened.disk.size_bytes
    encrypted, volumes = 0, []
    for where, data in _stretches(judged, opened.disk):
        form = recognised(data)
        if locked(form):
            encrypted += 1
            judged.observations.append(_note("encrypted_volume", _locked(form), member=where))
        elif form:
            try:
                inside, hidden = volumes_in(form, data)
                for name in hidden:
                    encrypted += 1
                    words = _locked(f"FileVault, {form}")
                    judged.observations.append(_note("encrypted_volume", words, member=_joined(where, name)))
                volumes += [
                    (_joined(where, each.name) if isinstance(each, Apfs) else where, each) for each in inside
                ]
            except DamageError as error:
                _unread(judged, str(error), where)
    if encrypted and not volumes:
        judged.kind = "encrypted_volume"
    elif not volumes and not encrypted:
        _unread(judged, "no file system that we read begins in it")
    looks = [(where, each, triage(each)) for where, each in volumes]
    for where, each, found in looks:
        _tell(judged, found, each, where)
        _files(judged, found, each, where, context)
    pages.allow(min(STORES_MOST_BYTES, max(MIB, data_bytes // 100)))
    for where, each, found in looks:
        _stores(judged, found, each, where, context)
    pages.allow(LISTING_BYTES)
    for where, each in volumes:
        _list(judged, each, where, context)


def _stretches(judged: Judgement, disk: Readable) -> Iterator[tuple[str, Readable]]:
    """Yield where what may hold a file system lies: partitions, and in place of one of LVM its volumes."""
    for number, data in partitions(disk):
        where = f"partition {number}" if number else ""
        if recognised(data) != "LVM":
            yield where, data
            continue
        try:
            for each in logical_volumes(data):
                if each.data is None:
                    _unread(judged, each.why, _joined(where, each.name))
                else:
                    yield _joined(where, each.name), each.data
        except DamageError as error:
            _unread(judged, str(error), where)


def _tell(judged: Judgement, found: Triage, volume: Volume, where: str) -> None:
    if found.users:
        judged.kind = "workstation_image"
    about = found.system or "no operating system that we know"
    people = {0: "no homes", 1: "the home of 1 user"}.get(found.users, f"the homes of {found.users:,} users")
    words = f"{volume.form} with {about} and {people}"
    inside = "workstation_image" if found.users else "disk_image"
    severity = kind(inside).severity
    if not (found.users or found.system or found.found or found.unfinished):
        severity = lower(severity)  # data of whatever sort: no machine, as far as can be told
    judged.observations.append(
        _note(inside, words, member=where, severity=severity, numbers={"users": found.users})
    )
    for what, count in found.found.items():
        one, many, same = WORDS[what]
        words = f"{count:,} {one if count == 1 else many}"
        # That a place exists says less than a key that was read.
        severity = lower(kind(same).severity)
        judged.observations.append(_note(same, words, member=where, severity=severity, count=count))
    if found.unfinished:
        _unread(judged, f"not every well-known path was asked for: {found.unfinished}", where)
    if found.damaged:
        _unread(judged, f"{found.damaged:,} folders are damaged", where)


def _files(judged: Judgement, found: Triage, volume: Volume, where: str, context: Context) -> None:
    """Have the small files judged by what is in them."""
    if context.inside is None:
        return
    for path, node in found.files:
        try:
            context.meter.member()
            data = small(volume, node)
            part = context.inside(data, path) if data is not None else None
        except DamageError:
            _unread(judged, "a file that cannot be read", _joined(where, path))
            continue
        except OverBudgetError as error:
            _unread(judged, f"not every small file was read: {error}", where)
            return
        if part is not None and part.kind != OTHER:
            absorb(judged, part, _joined(where, path))


def _stores(judged: Judgement, found: Triage, volume: Volume, where: str, context: Context) -> None:
    """Have the databases judged, with the files beside them."""
    if context.inside is None:
        return
    for path, node in found.stores:
        folder = path.rpartition("/")[0]
        walker = Walker(volume, found)

        def beside(name: str, folder: str = folder, walker: Walker = walker) -> Readable | None:
            other = walker.node(f"{folder}/{name}")
            try:
                return None if other is None or other.folder else volume.open(other)
            except DamageError:
                return None

        try:
            context.meter.member()
            part = context.inside(volume.open(node), path, beside)
        except DamageError:
            _unread(judged, "a store that cannot be read", _joined(where, path))
            continue
        except OverBudgetError as error:
            _unread(judged, f"not every store was read: {error}", where)
            return
        if part is not None and part.kind != OTHER:
            absorb(judged, part, _joined(where, path))


def _list(judged: Judgement, volume: Volume, where: str, context: Context) -> None:
    files = folders = size = 0
    kinds: Counter[str] = Counter()
    why = ""
    try:
        for each in volume.listing():
            if each.folder:
                folders += 1
            else:
                files += 1
                size += each.size_bytes
                kinds[kind_of(_OF_BACKUP.sub("", each.path))] += 1
            if not (files + folders) % 1024:
                context.meter.check()
            if files + folders >= MOST_ENTRIES:
                why = f"more than {MOST_ENTRIES:,} entries"
                break
    except (DamageError, OverBudgetError) as error:
        why = str(error)
    least = "at least " if why else ""
    words = f"{least}{files:,} files in {folders:,} folders, {size:,} bytes by what the file system says"
    numbers = {"files": files, "folders": folders, "bytes": size}
    judged.observations.append(
        _note("files", words, member=where, severity=Severity.INFO, numbers=numbers, count=max(files, 1))
    )
    for name, count in kinds.most_common():
        known = kind(name)
        if known.severity.rank >= Severity.MEDIUM.rank:
            words = f"by name, {count:,} {known.one if count == 1 else known.many}"
            judged.observations.append(
                _note(name, words, member=where, count=count, severity=Severity.LOW, confidence="medium")
            )
    if volume.damaged:
        _unread(judged, f"{volume.damaged:,} folders or records of files are damaged and not listed", where)
    if why:
        _unread(judged, f"not listed whole: {why}", where)


def _locked(by: str) -> str:
    return f"encrypted ({by}): unreadable without its password or recovery key; contents unknown"


def _form(opened: Opened) -> Observation:
    size = opened.disk.size_bytes
    numbers = {"disk_bytes": size}
    return _note("container", f"a {opened.form} of {size:,} bytes", severity=Severity.INFO, numbers=numbers)


def _unread(judged: Judgement, why: str, member: str = "") -> None:
    judged.complete = False
    judged.observations.append(_note("not_complete", why, member=member, severity=Severity.MEDIUM))


def _joined(where: str, path: str) -> str:
    return f"{where}/{path}" if where else path


def _note(
    kind_id: str,
    summary: str,
    *,
    member: str = "",
    count: int = 1,
    severity: Severity | None = None,
    confidence: str = "high",
    numbers: dict[str, int] | None = None,
) -> Observation:
    return Observation(
        inspector=_ID,
        kind=kind_id,
        severity=kind(kind_id).severity if severity is None else severity,
        summary=summary,
        member=member,
        count=count,
        confidence=confidence,
        step=Step.SAMPLE,
        numbers=numbers or {},
    )
