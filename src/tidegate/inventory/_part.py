"""What a process does that was started for parts of an inventory: `apart.in_parts`."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

SIZE_BYTES = 8
"""What a part returns stands behind its size: a number of so many bytes, the lowest first."""


def main() -> None:
    """Do what the first line of standard input asks for, with each part that a further line names."""
    sys.path[:0] = sys.argv[1:]
    wish = json.loads(sys.stdin.readline())
    file = Path(wish["file"])
    # Only now can it be imported: whatever is imported first decides what all else finds.
    import_module("tidegate.inventory.parquet").know_group_rows(file, wish["groups"])
    module, _, name = wish["task"].partition(":")
    function = getattr(import_module(module), name)
    for line in iter(sys.stdin.readline, ""):
        told = function(file, *json.loads(line), **wish["arguments"])
        sys.stdout.buffer.write(len(told).to_bytes(SIZE_BYTES, "little") + told)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
