"""`torch.export`'s `.pt2`: a zip of a graph as JSON, weights, and, from AOTInductor, compiled libraries.

Source: PyTorch, `torch/export/pt2_archive`; `torch/_export/serde/serialize.py` looks operators up by name.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.layouts._pickles import judge_member
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._json import objects, parse
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Executes

_LOADER: Final = "torch.export.load"
_MOST_BYTES: Final = 64 << 20
_FORMAT: Final = re.compile(r"(?:[^/]+/)?archive_format\Z")
_GRAPH: Final = re.compile(r"(?:[^/]+/)?(?:models/[^/]+\.json|serialized_exported_program\.json)\Z")
_COMPILED: Final = (".so", ".dll", ".dylib", ".cubin", ".cpp", ".pyd")
_PLAIN_WEIGHTS: Final = re.compile(r"(?:[^/]+/)?data/weights/weight_\d+\Z")
_WEIGHTS: Final = re.compile(r"(?:[^/]+/)?data/(?:weights|constants)/[^/]+_config\.json\Z")
_TARGET: Final = re.compile(
    r"torch\.ops\.(?:aten|prims|prim|higher_order|quantized_decomposed|_c10d_functional)\.\w+(?:\.\w+)?\Z"
    r"|torch\.(?:sym_\w+|_sym_\w+)\Z|_operator\.(?:getitem|add|sub|mul|floordiv|truediv|mod|neg|pow|eq|ne|lt|le|gt|ge"
    r"|and_|or_|not_|abs)\Z|math\.(?:trunc|ceil|floor|sqrt)\Z|[A-Za-z_]\w*\Z"
)
_OPERATORS_THAT_TOUCH_FILES: Final = ("torch.ops.aten.from_file", "torch.ops.aten.save")


class Pt2:
    """Judges the operators that the graph names, and says what native code comes with it."""

    id = "pt2"
    order = 5

    def fits(self, archive: Archive) -> bool:
        """Tell it by its graph."""
        return any(_FORMAT.match(each.name) or _GRAPH.match(each.name) for each in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge each graph."""
        laid = Laid(Judgement(self.id))
        notes = Notes(self.id, loader=_LOADER)
        pickled = _pickled(archive, notes)
        for member in archive.members:
            if _GRAPH.match(member.name):
                notes.member = member.name
                with archive.open(member) as opened, notes.reading():
                    if opened.size_bytes > _MOST_BYTES:
                        notes.incomplete(f"its graph has {opened.size_bytes:,} bytes")
                        continue
                    _graph(parse(opened.read(0, opened.size_bytes), notes), notes)
                archive.settle(member, model=True)
                laid.taken.add(member)
            elif member.name.endswith(_COMPILED):
                notes.member = member.name
                notes.unlisted(
                    "native_code",
                    "compiled code, which is loaded into the process",
                    loader="torch._inductor.aoti_load_package",
                )
                notes.can_run(Executes.ONLY_IF)
            elif member.name.rpartition("/")[2] in pickled:
                with archive.open(member) as opened:
                    zipped = opened.read(0, 4) == b"PK\x03\x04"
                if not zipped:  # a zip is judged as what it is
                    judge_member(member, archive, laid, context)
            elif _PLAIN_WEIGHTS.match(member.name):
                laid.passive.add(member)
        absorb(laid.judgement, notes.done())
        return laid


def _pickled(archive: Archive, notes: Notes) -> set[str]:
    """Return the names of weights that are loaded as pickles, by whatever list of weights says so.

    Source: PyTorch, `torch/export/pt2_archive/_package.py`: `use_pickle` of a weight, `weights_only=False`.
    """
    found: set[str] = set()
    for member in archive.members:
        if not _WEIGHTS.match(member.name):
            continue
        notes.member = member.name
        with archive.open(member) as opened, notes.reading():
            if opened.size_bytes > _MOST_BYTES:
                notes.incomplete(f"its list of weights has {opened.size_bytes:,} bytes")
                continue
            for part in objects(parse(opened.read(0, opened.size_bytes), notes)):
                if part.get("use_pickle") and isinstance(part.get("path_name"), str):
                    found.add(part["path_name"].rpartition("/")[2])
    if found:
        notes.can_run()
    notes.member = ""
    return found


def _graph(document: Any, notes: Notes) -> None:
    for part in objects(document):
        target = part.get("target")
        if isinstance(target, str) and "inputs" in part:
            _operator(target, notes)


def _operator(target: str, notes: Notes) -> None:
    if target.startswith(_OPERATORS_THAT_TOUCH_FILES):
        notes.sink("call", f"when it runs, {quoted(target)} opens a file", executes=Executes.ONLY_IF)
    elif not _TARGET.match(target):
        notes.unlisted("unlisted_operator", f"its graph calls {quoted(target)}, which is no known operator")


PLUGIN = Pt2()
