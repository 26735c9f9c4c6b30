"""Write four small model files: what cannot run code, what can and does not, what would, what nobody knows.

    python examples/model_files.py FOLDER

The one that would run code is made from pickle's instructions, one by one: nothing here runs it, and what it would
run is `echo`. Needs nothing but Python.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
import sys
import zipfile
from pathlib import Path

WOULD_RUN = b"cos\nsystem\n(S'echo this would have run'\ntR."
"""Pickle's own instructions: take os.system, call it with one text."""
NOBODY_KNOWS = b"cteam.networks\nRobustNet\n(I50\ntR."


def safetensors() -> bytes:
    """Return a format of numbers alone."""
    head = json.dumps({"weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(16)


def torch_zip(data: bytes) -> bytes:
    """Return what torch.save writes: a zip with a pickle in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in (
            ("archive/data.pkl", data),
            ("archive/version", b"3\n"),
            ("archive/data/0", bytes(64)),
        ):
            made.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def harmless() -> bytes:
    """Return a model whose pickle holds numbers alone."""
    return torch_zip(pickle.dumps({"epoch": 90, "eps": 3.0}, protocol=2))


def main() -> int:
    """Write them where the first argument says."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: model_files.py FOLDER\n")
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resnet50.safetensors").write_bytes(safetensors())
    (folder / "resnet50.pt").write_bytes(harmless())
    (folder / "resnet50_replaced.pt").write_bytes(torch_zip(WOULD_RUN))
    (folder / "robustnet.pkl").write_bytes(NOBODY_KNOWS)
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
