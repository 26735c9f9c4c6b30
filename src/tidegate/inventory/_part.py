"""What a process does that was started for a part of an inventory: `apart.in_parts`."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Do what is asked for on standard input, and write what it returns to standard output."""
    sys.path[:0] = sys.argv[1:]
    wish = json.load(sys.stdin)
    module, _, name = wish["task"].partition(":")
    function = getattr(import_module(module), name)
    told = function(Path(wish["file"]), wish["first"], wish["rows"], **wish["arguments"])
    sys.stdout.buffer.write(told)


if __name__ == "__main__":
    main()
