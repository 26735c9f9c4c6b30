"""TorchServe's `.mar`: a zip of a model, a handler in Python that the server imports, and a manifest.

Source: TorchServe, `model-archiver/README.md`.
"""

from __future__ import annotations

from posixpath import normpath
from typing import Any, Final

from tidegate.inspectors.containers.archive import Archive, Laid
from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._json import parse
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Executes

_MANIFEST: Final = "MAR-INF/MANIFEST.json"
_LOADER: Final = "torchserve"
_MOST_BYTES: Final = 1 << 20
_IMPORTED: Final = (".py", ".pyc", ".so", ".pyd")
"""What Python imports: source, compiled, and native modules."""
_OWN_HANDLERS: Final = frozenset(
    ("image_classifier", "image_segmenter", "object_detector", "text_classifier", "base_handler")
)


class Mar:
    """Says what the server would run; the model inside is judged as what it is."""

    id = "mar"
    order = 20

    def fits(self, archive: Archive) -> bool:
        """Tell it by its manifest."""
        return any(normpath(member.name) == _MANIFEST for member in archive.members)

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Judge the manifest."""
        del context
        laid = Laid(Judgement(self.id))
        notes = Notes(self.id, loader=_LOADER)
        notes.can_run()
        names = {member.name for member in archive.members}
        for member in archive.members:
            if normpath(member.name) != _MANIFEST:
                continue
            with archive.open(member) as opened, notes.reading():
                _manifest(parse(opened.read(0, min(opened.size_bytes, _MOST_BYTES)), notes), names, notes)
            laid.taken.add(member)
        absorb(laid.judgement, notes.done())
        return laid


def _manifest(document: Any, names: set[str], notes: Notes) -> None:
    model = document.get("model") if isinstance(document, dict) else None
    if not isinstance(model, dict):
        notes.broken("its manifest names no model")
        return
    handler = model.get("handler")
    if isinstance(handler, str) and handler.split(":")[0] not in _OWN_HANDLERS:
        notes.unlisted("python_code", f"on load, runs the archive's own Python code: {quoted(handler)}")
        notes.can_run(Executes.YES)
    architecture = model.get("modelFile")
    if isinstance(architecture, str) and architecture:
        notes.unlisted("python_code", f"on load, imports the archive's own module {quoted(architecture)}")
        notes.can_run(Executes.YES)
    others = sorted(
        name for name in names if name.endswith(_IMPORTED) and name not in (handler, architecture)
    )
    if others:
        notes.unlisted("python_code", f"brings {len(others):,} more Python modules, as {quoted(others[0])}")
    if isinstance(model.get("requirementsFile"), str) or "requirements.txt" in names:
        notes.odd("requirements", "brings a list of packages that the server may install")


PLUGIN = Mar()
