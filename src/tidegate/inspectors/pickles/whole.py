"""The everyday case at once: a small file that is one stream of plain values, or of a form that is known."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.pickles.forms import forms
from tidegate.inspectors.pickles.opcodes import ARGS, Arg
from tidegate.inspectors.pickles.plain import end_of_small
from tidegate.model.observation import Executes

_HEADER_BYTES: Final = 512
"""From this size on the file could also be a tar of the old form, which has no mark."""
_HEAD_BYTES: Final = 4096
_BEGINNINGS: Final = (b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5")
_END_OF_TABLE: Final = 0xDB
"""Last byte of the tables that TensorFlow's checkpoints are listed in."""
_HDF: Final = b"\x89HDF"
_BEGINS_NUMBER: Final = frozenset(b"\0 \t\n\v\f\r+-01234567\x80")
"""In the header of a tar."""
_LEGACY_BYTES: Final = 80
"""In which the number begins that stands first in a torch file of the old form."""


def at_a_glance(data: bytes, policy: frozenset[str]) -> Executes | None:
    """Return whether a small file can run code on load, where that and nothing else is to be said of it.

    All of it is then one binary pickle, and nothing else that it could be read as. `None` says only that it
    has to be looked at more closely. policy: names that are allowed besides ours.
    """
    if data[:1] != b"\x80":
        return None
    form = forms(policy).known(data)
    if form is not None:
        executes = form.executes
    elif end_of_small(data, 0) == len(data):
        executes = Executes.NO
    else:
        return None
    return executes if _is_nothing_else(data) else None


def is_pickle_alone(data: bytes) -> bool:
    """Tell whether a small file is a binary pickle, and no other format can take it for its own.

    `False` says only that the formats have to be asked, one by one.
    """
    return (
        len(data) > len(_BEGINNINGS[0])
        and data[:2] in _BEGINNINGS
        and ARGS[data[2]] != Arg.UNKNOWN
        and _is_nothing_else(data)
    )


def _is_nothing_else(data: bytes) -> bool:
    """Tell whether no reader of another format takes a file for its own that begins with PROTO."""
    size, find, head = len(data), data.find, data[:_LEGACY_BYTES]
    if head[8:9] == b"{" or head[4:8] == b"TFL3":
        return False
    if size >= _HEADER_BYTES:
        if data[148] in _BEGINS_NUMBER and data[148:156].strip(b"\0 ") and _begins_tar(data):
            return False
        # A constant may hold a zip or an HDF5 file, which their readers find behind other bytes.
        if b"\x89" in (data[512:513], data[1024:1025], data[2048:2049]):
            begins = data.startswith
            if begins(_HDF, 512) or begins(_HDF, 1024) or begins(_HDF, 2048):
                return False
    # A search for one byte takes a fifth of one for several, and most files have no P.
    capital = find(b"P")
    if capital >= 0 and find(b"PK\5\6", capital) >= 0:
        return False
    find_first = head.find
    if find_first(b"\xfc\x9cF\xf9") >= 0 or find_first(b"1195470371") >= 0:
        return False
    # Without a NUL it could be one of the texts that their names decide about.
    if find(b"\0", 0, _HEAD_BYTES) < 0 or find_first(b"1950") >= 0:
        return False
    return data[-1] != _END_OF_TABLE


def _begins_tar(data: bytes) -> bool:
    from tidegate.inspectors.containers.tar_archive import BLOCK, is_header  # noqa: PLC0415 - few files need it

    return is_header(data[:BLOCK])
