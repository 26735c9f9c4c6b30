"""Runs inside a peer's own environment: what it calls each of the files. No name is given to it, only bytes.

python contents_peer.py magika LIST RESULT        # also: puremagic, filetype, libmagic
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def magika() -> Callable[[str], str]:
    from magika import Magika

    peer = Magika()
    return lambda path: str(peer.identify_path(path).output.label)


def puremagic() -> Callable[[str], str]:
    import puremagic as peer

    def ask(path: str) -> str:
        try:
            with open(path, "rb") as file:
                best = peer.magic_stream(file)[0]
        except (peer.PureError, IndexError, ValueError):
            return ""
        return f"{best.extension} {best.mime_type} {best.name}"

    return ask


def filetype() -> Callable[[str], str]:
    import filetype as peer

    def ask(path: str) -> str:
        found = peer.guess(path)
        return "" if found is None else f"{found.extension} {found.mime}"

    return ask


def libmagic() -> Callable[[str], str]:
    return lambda path: subprocess.run(
        ["file", "-b", path], capture_output=True, text=True, errors="replace", check=False
    ).stdout.strip()


def main() -> None:
    peer, listed, result = sys.argv[1:]
    ask = globals()[peer]()
    began = time.process_time()
    answers = {path: ask(path) for path in Path(listed).read_text(encoding="utf-8").splitlines()}
    Path(result).write_text(
        json.dumps({"answers": answers, "seconds": time.process_time() - began}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
