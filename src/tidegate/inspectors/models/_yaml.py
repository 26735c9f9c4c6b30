"""YAML as MLflow writes it: keys and plain values by their indentation, no anchors, no flow forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.inspectors.models._notes import Notes, quoted

_LINE = re.compile(r"^(\s*(?:- )*)([\w.\-]+|'[^']*'|\"[^\"]*\")\s*:(?:\s+(.*))?$")
_TAG = re.compile(r"!!?(python/[\w/.:]+|[\w.]+/[\w/.:]+)")
_DEEPEST = 100


def entries(raw: bytes, notes: Notes) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Yield path, value and offset of every key. A tag that makes an object of Python is noted."""
    stack: list[tuple[int, str]] = []
    offset = 0
    for line in raw.splitlines(keepends=True):
        text = line.decode("utf-8", "replace").rstrip()
        tag = _TAG.search(text)
        if tag:
            notes.sink(
                "yaml_tag",
                f"reading it makes the object {quoted(tag.group(1))}",
                offset=offset,
                loader="a YAML reader that is not safe",
                payload=True,
            )
        found = _LINE.match(text)
        if found:
            depth = len(found.group(1))
            while stack and stack[-1][0] >= depth:
                stack.pop()
            if len(stack) < _DEEPEST:
                stack.append((depth, found.group(2).strip("'\"")))
            value = (found.group(3) or "").strip().strip("'\"")
            yield tuple(key for _, key in stack), value, offset
        offset += len(line)
