"""PyTorch's zip: a state dict or a whole module in `data.pkl`, its numbers in `data/`; TorchScript too.

Source: PyTorch, `torch/serialization.py` and `caffe2/serialize/inline_container.cc`: the first part of the
first member's name is the root; names are looked up without regard to case; with `constants.pkl` beside it,
`torch.load` hands the file to `torch.jit.load`, whose pickles are read by C++ and import nothing of Python.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid, Member
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.models._torch import storages
from tidegate.inspectors.pickles.judge import judge_pickles, judge_stream
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.values import Value
from tidegate.inspectors.readable import Memory, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Executes

_HELD_BYTES: Final = 16 << 20
"""A pickle up to this size is read once, for its checksum too."""
_PASSIVE: Final = re.compile(
    r"(?:.*/)?(?:data/\d+|tensors/\d+|constants/\d+|xl_model_weights/.*|version|byteorder|\.format_version"
    r"|\.storage_alignment|\.data/(?:serialization_id|version|python_version))\Z",
    re.IGNORECASE,
)
_NUMBERS: Final = re.compile(r"(?:.*/)?data/(\w+)\Z", re.IGNORECASE)
_SCRIPT_NAMES: Final = re.compile(rb"c(__torch__[\w.]*|torch\.jit\._pickle)\n(\w+)\n")
_SCRIPT_SINKS: Final = re.compile(rb"\b(?:torch|aten|ops\.aten)\.(save|from_file)\(")
_SCRIPT_CODE_BYTES: Final = 4 << 20


class TorchZip:
    """Reads the pickles and the code; of the numbers only their sizes, in the directory."""

    id = "torch_zip"
    order = 10

    def fits(self, archive: Archive) -> bool:
        """Tell it by `data.pkl`, in any case, at the root or one level deep."""
        return any(_is(member, "data.pkl") for member in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge the pickles, and whether the storages they ask for are there."""
        names = {member.base.lower() for member in archive.members}
        script = "constants.pkl" in names
        laid = Laid(Judgement("torchscript" if script else self.id))
        notes = Notes(laid.judgement.kind, loader="" if script else Loader.TORCH.words)
        notes.can_run()
        _twins(archive, notes)
        ids: list[Value] = []
        for member in archive.members:
            if member.name.lower().endswith((".pkl", ".debug_pkl")):
                _pickle(archive, member, context, laid, ids, script=script)
            elif script and member.name.endswith(".py"):
                _code(archive, member, notes, laid)
            elif _PASSIVE.match(member.name):
                laid.passive.add(member)
        _sizes(archive, ids, notes)
        absorb(laid.judgement, notes.done())
        return laid


def _is(member: Member, base: str) -> bool:
    return member.base.lower() == base and member.name.count("/") <= 1


def _twins(archive: Archive, notes: Notes) -> None:
    """Note names that differ only in case: which of them is loaded depends on the order of the directory."""
    seen: dict[str, str] = {}
    for member in archive.members:
        if not member.name.lower().endswith(".pkl"):
            continue
        before = seen.setdefault(member.name.lower(), member.name)
        if before != member.name:
            notes.tampering(
                "case_twins", f"{before} and {member.name} are one name to torch", offset=member.offset
            )
    for lower, name in seen.items():
        if lower.endswith("data.pkl") and not name.endswith("data.pkl"):
            notes.tampering("case_twins", f"{name} is data.pkl to torch, and to nothing else")


def _pickle(
    archive: Archive, member: Member, context: Context, laid: Laid, ids: list[Value], *, script: bool
) -> None:
    with archive.open(member) as opened:
        held = member.size_bytes <= _HELD_BYTES
        data: Readable = Memory(opened.read(0, opened.size_bytes)) if held else opened
        policy = context.policy
        if script:
            policy |= _script_names(data)
        main = member.base.lower() == "data.pkl"
        first = judge_stream(
            data,
            0,
            data.size_bytes,
            loader=Loader.TORCH,
            policy=policy,
            member=member.name,
            inside=context.inside,
            values=main,
        )
        absorb(laid.judgement, first.judgement)
        if main:
            ids += first.storages
        if first.end is None or first.end < data.size_bytes:
            rest = judge_pickles(
                data,
                max(first.reached, 1),
                loader=Loader.TORCH,
                policy=policy,
                member=member.name,
                inside=context.inside,
            )
            absorb(laid.judgement, rest)
    archive.settle(member, model=True)
    laid.taken.add(member)


def _script_names(data: Readable) -> frozenset[str]:
    """Return the classes of TorchScript itself: they are looked up in the archive's own code."""
    raw = data.read(0, min(data.size_bytes, _HELD_BYTES))
    return frozenset(f"{a.decode()}.{b.decode()}" for a, b in _SCRIPT_NAMES.findall(raw))


def _code(archive: Archive, member: Member, notes: Notes, laid: Laid) -> None:
    """Look for the few operators of TorchScript that touch files: its code runs no Python."""
    laid.taken.add(member)
    with archive.open(member) as opened:
        if opened.size_bytes > _SCRIPT_CODE_BYTES:
            notes.incomplete(
                f"{member.name} has {opened.size_bytes:,} bytes of code, more than are looked at"
            )
        code = opened.read(0, min(opened.size_bytes, _SCRIPT_CODE_BYTES))
    archive.settle(member, model=True)
    for found in _SCRIPT_SINKS.finditer(code):
        does = "writes" if found[1] == b"save" else "reads"
        notes.sink(
            "call",
            f"when it runs, {member.name} {does} a file by torch.{found[1].decode()}",
            offset=found.start(),
            loader="torch.jit.load",
            executes=Executes.ONLY_IF,
        )


def _sizes(archive: Archive, ids: list[Value], notes: Notes) -> None:
    """Compare what the pickle asks for with the sizes in the directory."""
    there: dict[str, int] = {}
    for member in archive.members:
        found = _NUMBERS.match(member.name)
        if found is not None:
            there[found[1]] = member.size_bytes
    missing = wrong = 0
    for storage in storages(ids):
        if storage is None or storage.device == "meta":
            continue
        if storage.key not in there:
            missing += 1
        elif there[storage.key] < storage.size_bytes:
            wrong += 1
    if missing:
        notes.broken(f"{missing:,} storages that the pickle asks for are not there")
    if wrong:
        notes.broken(f"{wrong:,} storages are shorter than the pickle says")


PLUGIN = TorchZip()
