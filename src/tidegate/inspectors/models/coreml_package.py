"""Core ML packages: `Manifest.json` names the model and what belongs to it.

Source: apple.github.io/coremltools, "ML Programs", model package.
"""

from __future__ import annotations

from tidegate.inspectors.models._json import parse
from tidegate.inspectors.models._notes import MalformedError, Notes, quoted
from tidegate.inspectors.models._paths import escapes
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_MOST_BYTES = 10_000_000


class CoreMlPackage:
    """Checks where the named files lie; they are items of their own."""

    id = "coreml_package"
    order = 68

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return head.lstrip()[:1] == b"{" and b'"itemInfoEntries"' in head

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            document = parse(data.read(0, _MOST_BYTES), notes)
            entries = document.get("itemInfoEntries") if isinstance(document, dict) else None
            if not isinstance(entries, dict):
                raise MalformedError("the manifest names no files")
            for entry in entries.values():
                path = entry.get("path") if isinstance(entry, dict) else None
                if isinstance(path, str) and escapes(path):
                    summary = f"loading reads {quoted(path)} outside the package"
                    notes.sink("external_file", summary, payload=True)
        return notes.done()


PLUGIN = CoreMlPackage()
