"""Container images as archives: `docker save` and the OCI layout, so that a place reads `layer[2]!/app/.env`.

What a later layer deleted is still in its own layer, and is read there.
Source: github.com/opencontainers/image-spec, image-layout.md and manifest.md; `docker image save`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.tarball import open_tar

_FIRST_MEMBER: Final = re.compile(
    rb"(\./)?(blobs/|oci-layout|index\.json|manifest\.json|repositories|[0-9a-f]{12,64}(/|\.json|\.tar))"
)
"""What images begin with: others are not run over twice."""
_INDEXES: Final = ("manifest.json", "index.json", "oci-layout")
_JSON_BYTES: Final = 4 << 20
_BLOBS: Final = "blobs/"
_MANIFESTS: Final = 1000


class _Silent(Budget):
    """Counts against the same limits, and tells nothing: the archive is read a second time for its gaps."""

    def gap(self, inner: str, reason: str) -> None:
        """Say nothing."""


def labels(source: Reader, budget: Budget) -> dict[str, str]:
    """Return member name -> what it is, for a tar that is an image; else nothing.

    The index comes last in the archives that docker writes, so all headers are run over.
    """
    documents = _documents(source, budget)
    names: dict[str, str] = {}
    if isinstance(manifest := documents.get("manifest.json"), list):
        _from_docker(manifest, names)
    if isinstance(index := documents.get("index.json"), dict):
        _from_oci(index, documents, names)
    return names


def _documents(source: Reader, budget: Budget) -> dict[str, Any]:
    """Return the small JSON documents of an image's tar: indexes and manifests."""
    silent = _Silent(budget.path, 0, budget.tally, budget.limits)
    raw: dict[str, memoryview] = {}
    with suppress(BrokenError, ExhaustedError):
        for name, member in open_tar(source, "", silent):
            if name in _INDEXES or (name.startswith(_BLOBS) and member.peek(1) == b"{"):
                whole = member.hold(_JSON_BYTES)
                if whole is not None and len(raw) < _MANIFESTS:
                    raw[name] = whole
    return {name: _json(whole) for name, whole in raw.items()}


def _json(data: memoryview) -> Any:
    try:
        return json.loads(bytes(data))
    except (ValueError, RecursionError):
        return None


def _from_docker(manifest: list[Any], names: dict[str, str]) -> None:
    for number, image in enumerate(manifest[:_MANIFESTS]):
        if not isinstance(image, dict):
            continue
        prefix = f"image[{number}] " if len(manifest) > 1 else ""
        _label(names, image.get("Config"), f"{prefix}config.json")
        layers = image.get("Layers")
        for index, layer in enumerate(layers if isinstance(layers, list) else []):
            _label(names, layer, f"{prefix}layer[{index}]")


def _from_oci(index: dict[str, Any], documents: dict[str, Any], names: dict[str, str]) -> None:
    waiting = [index]
    images: list[dict[str, Any]] = []
    seen: set[str] = set()
    while waiting and len(seen) < _MANIFESTS:
        document = waiting.pop()
        if isinstance(document.get("layers"), list):
            images.append(document)
        entries = document.get("manifests")
        for entry in entries if isinstance(entries, list) else []:
            blob = _blob(entry)
            below = documents.get(blob)
            if blob and blob not in seen and isinstance(below, dict):
                seen.add(blob)
                waiting.append(below)
    for number, image in enumerate(images):
        prefix = f"image[{number}] " if len(images) > 1 else ""
        _label(names, _blob(image.get("config")), f"{prefix}config.json")
        for position, layer in enumerate(image["layers"]):
            _label(names, _blob(layer), f"{prefix}layer[{position}]")


def _blob(descriptor: Any) -> str:
    """Return the member a descriptor speaks of: `blobs/sha256/…`."""
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    return _BLOBS + digest.replace(":", "/", 1) if isinstance(digest, str) else ""


def _label(names: dict[str, str], member: Any, label: str) -> None:
    """Note a name, if there is none: layers are shared between images."""
    if isinstance(member, str) and member:
        names.setdefault(member, label)


def open_image(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the members of a tar; those of a container image under the names of what they are.

    An image that passes by only once, because it is packed and large, keeps its own names.
    """
    twin = source.again() if _FIRST_MEMBER.match(source.peek(100)) else None
    names = labels(twin, budget) if twin is not None else {}
    for name, member in open_tar(source, inner, budget):
        yield names.get(name, name), member
