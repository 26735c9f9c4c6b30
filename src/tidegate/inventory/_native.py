"""What the loops that Numba compiles are made with: a way to compile, and to read numbers where they lie."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import config, types
from numba.extending import intrinsic

from tidegate.packing.kept import only_mine


def _loader(bits: int) -> Any:
    """Return a function that reads a number of so many bits at an address."""
    number = getattr(types, f"uint{bits}")

    @intrinsic
    def load(_typing: Any, _address: Any) -> Any:
        def build(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
            found = builder.load(builder.inttoptr(given[0], ir.IntType(bits).as_pointer()))
            found.align = 1
            return found

        return number(types.int64), build

    return load


def _zeros_of(end: str) -> Any:
    """Return a function that counts the zeros at one end of a number of 64 bits that is not zero."""

    @intrinsic
    def zeros(_typing: Any, _number: Any) -> Any:
        def build(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
            return getattr(builder, end)(given[0], ir.Constant(ir.IntType(1), 1))

        return types.uint64(types.uint64), build

    return zeros


byte, two, eight = _loader(8), _loader(16), _loader(64)
"""Read a number, the lowest byte first, at an address."""
low_zeros, high_zeros = _zeros_of("cttz"), _zeros_of("ctlz")
"""Count the zeros below or above all ones of a number of 64 bits that is not zero."""


def _kept_in() -> Path | None:
    """Return where compiled loops are kept: a folder for this code alone. Numba looks at one file's time.

    It is beside the modules, as Python's own compiled files are, or in the user's cache; `None` where neither
    can be written. What lies there is run, so that it is taken only where this user alone could have put it.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for file in [*sorted(here.glob("*.py")), here.parent / "kinds" / "names.py"]:
        digest.update(file.read_bytes())
    name = f"numba-{digest.hexdigest()[:24]}"
    user = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    for folder in (here / "__pycache__" / name, Path(user, "tidegate", name)):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if only_mine(folder.lstat()) and os.access(folder, os.W_OK):
                return folder
    return None


_KEPT_IN: Final = _kept_in()


def compiled(function: Any) -> Any:
    """Compile at the first call, without Python's lock; kept for the next start where that can be written."""
    if _KEPT_IN is None:
        return njit(nogil=True)(function)
    settings: Any = config
    before, settings.CACHE_DIR = settings.CACHE_DIR, str(_KEPT_IN)
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # Numba found no place for it
        return njit(nogil=True)(function)
    finally:
        settings.CACHE_DIR = before


@compiled
def last_eight(at: Any, length: Any) -> Any:
    """Return the last eight of so many bytes, as a number; zeros before fewer."""
    if length >= 8:
        return eight(at + length - 8)
    found = np.uint64(0)
    for place in range(length):
        found = np.uint64(found >> np.uint64(8) | np.uint64(byte(at + place)) << np.uint64(56))
    return found


_PAGEOUT: Final = 21
"""`MADV_PAGEOUT` of Linux, since 5.4."""


def give_back() -> None:
    """Let the system take back LLVM's own code, 60 MB: once the loops are compiled, nothing runs it.

    Where it is run again all the same, it is read again. On other systems nothing happens.
    """
    try:
        with Path("/proc/self/maps").open(encoding="utf-8", errors="replace") as lines:
            mapped = [line.split(maxsplit=5) for line in lines if "llvmlite" in line]
        advise = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return
    for span, rights, *_ in mapped:
        if "w" not in rights:
            start, end = (int(place, 16) for place in span.split("-"))
            advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _PAGEOUT)
