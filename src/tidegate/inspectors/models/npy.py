"""numpy arrays: a header of text, then numbers; or, for arrays of Python objects, a pickle.

Source: numpy, `numpy/lib/format.py`; the header is a Python literal, evaluated by `ast.literal_eval`.
"""

from __future__ import annotations

import ast
import re
from math import prod
from typing import Final

from tidegate.inspectors.merge import absorb
from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Executes

MAGIC: Final = b"\x93NUMPY"
_LOADER: Final = Loader.NUMPY.words
_MOST_HEADER_BYTES: Final = 1 << 20
_USUAL_HEADER_BYTES: Final = 10_000
"""numpy evaluates no longer one unless pickles are allowed."""
_NUMBERS: Final = re.compile(r"[<>|=]?([?bBhHiIulLqQefdgFDGSUVMmc])([0-9]*)(\[[0-9]*[A-Za-zμ]+\])?\Z")
_LETTER_BYTES: Final = {
    "?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "e": 2, "f": 4,
    "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "c": 1, "M": 8, "m": 8,
}  # fmt: skip
_DESCR: Final = re.compile(r"""['"]descr['"]\s*:\s*(['"])([^'"\\]*)\1""")
_SHAPE: Final = re.compile(r"""['"]shape['"]\s*:\s*\(([0-9, \tL]*)\)""")
_MOST_SIDES: Final = 64
_STRINGS: Final = re.compile(r"""(['"])([^'"\\]*)\1""")
_NO_LITERAL: Final = re.compile(r"\b(?!(?:True|False|None|[0-9]+L?)\b)\w+|[^\s\w{}\[\](),:]")
_PLAIN: Final = re.compile(
    r"\{'descr': '([^'\\]*)', 'fortran_order': (?:True|False), 'shape': \([0-9, L]*\),? ?\}\s*"
)
"""As numpy writes it for an array of one type."""
_TOGETHER: Final = re.compile(r"\0\s*\0")
"""Texts, each of them a NUL here, with nothing between them: Python puts them together."""
_KEY: Final = re.compile(r"""descr['"]\s*:""")
_MOST_PARSED_BYTES: Final = 200_000
"""Parsing takes 100 times as much memory; a structure of 5,000 fields has so many."""
_BRACKET: Final = re.compile(r"[\[\](){}]")
_DEEPEST: Final = 64
"""Brackets in brackets; numpy writes two for each structure in a structure."""
_LONG_NUMBER: Final = re.compile(r"\b([0-9]+)L\b")
"""As Python 2 wrote them."""


class Npy:
    """Reads the header, and of the rest only a pickle."""

    id = "npy"
    order = 10

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell an array by its first bytes."""
        del tail, size_bytes, name
        return head.startswith(MAGIC)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge the header, and the pickle behind it where it asks for one."""
        del name
        notes = Notes(self.id)
        head = data.read(0, 12)
        size, start = int.from_bytes(head[8:10], "little"), 10
        if len(head) == 12 and head[6] > 1:
            size, start = int.from_bytes(head[8:12], "little"), 12
        if len(head) < 12 or head[6] not in (1, 2, 3) or start + size > data.size_bytes:
            notes.broken("its header goes beyond its end, or is of a version that is not known")
            return notes.done()
        if size > _USUAL_HEADER_BYTES:
            notes.odd(
                "header",
                f"its header has {size:,} bytes: evaluated only if pickles are allowed",
                loader=_LOADER,
            )
        text = data.read(start, min(size, _MOST_HEADER_BYTES)).decode("latin-1")
        if not _holds_objects(text, notes):
            _compare(text, data.size_bytes - start - size, notes)
            return notes.done()
        notes.can_run()
        judged = notes.done()
        inner = judge_pickles(
            data, start + size, loader=Loader.NUMPY, policy=context.policy, inside=context.inside
        )
        inner.executes = Executes.ONLY_IF if inner.executes is Executes.YES else inner.executes
        absorb(judged, inner)
        return judged


def _holds_objects(header: str, notes: Notes) -> bool:
    """Tell whether the array may be one of objects: only what is certainly numbers is not."""
    if "\\" in header:
        notes.tampering("header", "its header spells characters by escapes, which numpy does not write")
        return True
    if _NO_LITERAL.search(_STRINGS.sub("", header)):
        notes.tampering("header", "its header is no literal: numpy refuses it, and writes none such")
        return True
    plain = _PLAIN.fullmatch(header)
    if plain is not None:
        return _NUMBERS.match(plain[1]) is None
    if "descr" not in header:
        notes.broken("its header names no type")
        return True
    if _TOGETHER.search(_STRINGS.sub("\0", header)) or len(_KEY.findall(header)) > 1:
        notes.tampering(
            "header", "its header puts texts together or names its type twice: numpy writes none such"
        )
        return True
    return _descr_of(header) is not True


def _descr_of(header: str) -> bool | None:
    """Tell whether the type in a header is one of numbers; `None`: it cannot be told."""
    if len(header) > _MOST_PARSED_BYTES or _is_deep(header):
        return None
    try:
        # Literals alone, as numpy reads them: nothing is called.
        document = ast.literal_eval(_LONG_NUMBER.sub(r"\1", header).strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return _is_numbers(document["descr"], 0) if isinstance(document, dict) and "descr" in document else None


def _is_deep(header: str) -> bool:
    depth = 0
    for bracket in _BRACKET.findall(_STRINGS.sub("", header)):
        depth += 1 if bracket in "([{" else -1
        if depth > _DEEPEST:
            return True
    return False


def _is_numbers(descr: object, depth: int) -> bool:
    """Tell whether a type is one of numbers: letters, (type, shape), or fields (name, type) or (…, shape)."""
    if depth > _DEEPEST:
        return False
    if isinstance(descr, str):
        return _NUMBERS.match(descr) is not None
    if isinstance(descr, tuple):
        return len(descr) == 2 and _is_numbers(descr[0], depth + 1)
    return isinstance(descr, list) and all(
        isinstance(field, tuple) and len(field) in (2, 3) and _is_numbers(field[1], depth + 1)
        for field in descr
    )


def _compare(header: str, left: int, notes: Notes) -> None:
    """Compare the bytes that are there with what type and shape ask for."""
    descr, shape = _DESCR.search(header), _SHAPE.search(header)
    if descr is None or shape is None:
        return
    kind = _NUMBERS.match(descr[2])
    if kind is None:  # never: what is not numbers is judged as objects
        return
    letter, digits, _ = kind.groups()
    count = int(digits[:9] or 0)
    if letter == "U":
        size = count * 4
    elif letter in "Mm":
        size = 8
    else:
        size = count or _LETTER_BYTES.get(letter, 0)
    sides = [int(side[:18]) for side in re.findall(r"[0-9]+", shape[1])]
    if len(sides) > _MOST_SIDES:
        notes.broken(f"its shape has {len(sides):,} sides: numpy takes {_MOST_SIDES} at most")
        return
    asked = prod(sides) * size
    if left < asked:
        notes.broken(f"{asked:,} bytes of numbers are announced, {max(left, 0):,} are there")
    elif left > asked:
        notes.odd("trailing_bytes", f"{left - asked:,} bytes stand behind the array")


PLUGIN = Npy()
