"""CPython's unpicklers with every name forbidden and written down: run in a child process, by the laws.

Reads a stream in hex a line; answers one JSON object a line: for the C and the Python unpickler, whether
the stream was accepted, and which names were asked for. Nothing is imported for a stream: each name is a
stand-in that takes whatever is done to it.
"""

from __future__ import annotations

import io
import json
import pickle
import resource
import sys
from typing import Self


class Standin:
    """Takes arguments, states, items."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        return object.__new__(cls)

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __call__(self, *args: object, **kwargs: object) -> Standin:
        return self

    def __hash__(self) -> int:
        return 1

    def append(self, value: object) -> None:
        pass

    extend = add = append


def tried(base: type, raw: bytes) -> dict[str, object]:
    names: list[tuple[str, str]] = []

    class Recorder(base):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> type:
            names.append((module, name))
            return Standin

        def persistent_load(self, _: object) -> Standin:
            return Standin()

    try:
        Recorder(io.BytesIO(raw), fix_imports=False).load()
        accepted = True
    except Exception:  # noqa: BLE001  whatever hostile opcodes raise
        accepted = False
    return {"accepted": accepted, "names": names}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    for line in sys.stdin:
        raw = bytes.fromhex(line)
        answer = {"c": tried(pickle.Unpickler, raw), "python": tried(pickle._Unpickler, raw)}  # type: ignore[attr-defined]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
