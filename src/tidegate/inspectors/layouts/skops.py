"""skops: scikit-learn models as a zip of `schema.json` and arrays. Types are looked up by the names in it.

Source: skops, `skops/io`: nodes name `__module__`, `__class__` and `__loader__`; types that skops does not
trust by itself are only made when the caller names them in `trusted`.
"""

from __future__ import annotations

from typing import Any, Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._json import objects, parse
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.pickles.names import Listed, Sink, danger, standing
from tidegate.inspectors.seam import Context, Judgement

_SCHEMA: Final = "schema.json"
_LOADER: Final = "skops.io.load(trusted=…)"
_MOST_BYTES: Final = 64 << 20
_MAKERS: Final = ("ObjectNode", "ReduceNode")
"""Nodes that call what they name."""
_PLAIN: Final = frozenset(("builtins", "numpy", "collections", "json"))


class Skops:
    """Judges the types that the schema names."""

    id = "skops"
    order = 20

    def fits(self, archive: Archive) -> bool:
        """Tell it by its schema; whether that is one of skops, its content tells."""
        return any(member.name == _SCHEMA for member in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge every schema in it."""
        laid = Laid(Judgement(self.id))
        notes = Notes(self.id, loader=_LOADER)
        notes.can_run()
        for member in archive.members:
            if member.name != _SCHEMA:
                continue
            notes.member = member.name
            with archive.open(member) as opened, notes.reading():
                if opened.size_bytes > _MOST_BYTES:
                    notes.incomplete(f"its schema has {opened.size_bytes:,} bytes")
                    continue
                _schema(parse(opened.read(0, opened.size_bytes), notes), notes, context.policy)
            archive.settle(member, model=True)
            laid.taken.add(member)
        absorb(laid.judgement, notes.done())
        return laid


def _schema(document: Any, notes: Notes, policy: frozenset[str]) -> None:
    for part in objects(document):
        if "__class__" in part and "__module__" in part:
            _node(part, notes, policy)


def _node(part: dict[str, Any], notes: Notes, policy: frozenset[str]) -> None:
    module, name, loader = part["__module__"], part["__class__"], part.get("__loader__")
    if loader == "FunctionNode" and isinstance(part.get("content"), dict):
        content = part["content"]
        module, name = content.get("module_path", module), content.get("function", name)
    if loader == "OperatorFuncNode":
        module = "operator"
    if not isinstance(module, str) or not isinstance(name, str):
        notes.broken("a node of its schema names its type by no text")
        return
    if loader == "MethodNode":
        notes.unlisted(
            "method", f"on load, takes a method of an object of {quoted(f'{module}.{name}')} by its name"
        )
    known: Listed | Sink | None = standing(module, name, policy)
    if isinstance(known, Listed) and loader in _MAKERS and known.use in ("name", "class"):
        known = danger(module, name) or known
    if isinstance(known, Listed) and known.state == "scipy":
        notes.unlisted("state", f"on load, {quoted(f'{module}.{name}')} runs a text of its state as code")
    path = quoted(f"{module}.{name}")
    if isinstance(known, Sink):
        notes.sink("call", f"on load, uses {path}, which {known.does}")
    elif not isinstance(known, Listed) and not (module in _PLAIN and loader not in ("FunctionNode", None)):
        notes.unlisted("unlisted_global", f"on load, uses {path}, which is on no list")


PLUGIN = Skops()
