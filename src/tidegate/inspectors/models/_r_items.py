"""The items of R's serialised objects, walked with a stack of our own.

Source: R `serialize.c`, functions ReadItem, ReadBC, ReadBCLang.
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes, quoted
from tidegate.inspectors.models._r_cursor import NUMBERS, Bytes, Words
from tidegate.model.observation import Executes

_MOST_ITEMS = 4_000_000
"""About 6 s of work."""
_DEEPEST = 1_000_000
_NOTHING = frozenset([254, 253, 252, 251, 250, 242, 241])
_REFERENCE, _NAMESPACES, _PERSISTENT = 255, (249, 248), 247
_ALTERNATIVE, _ATTRIBUTES_LANGUAGE, _ATTRIBUTES_LIST = 238, 240, 239
_BYTECODE_DEFINED, _BYTECODE_REFERENCE = 244, 243
_SYMBOL, _LIST, _CLOSURE, _ENVIRONMENT, _PROMISE, _LANGUAGE, _DOTS = 1, 2, 3, 4, 5, 6, 17
_SPECIAL, _BUILTIN, _CHARACTERS, _BYTECODE, _POINTER, _WEAK, _S4 = 7, 8, 9, 21, 22, 23, 25
_ITEMS = frozenset([16, 19, 20])
_SINKS = frozenset(
    """
system system2 shell shell.exec pipe socketConnection serverSocket url download.file source sys.source
dyn.load library.dynam unlink file.remove writeLines Sys.setenv install.packages fifo browseURL readRDS
load
""".split()
)
"""Functions of R that run, read, write or reach out."""
_STEP, _CODE, _BC, _BCLANG = "item", "constants", "code", "part of code"
_CONSTANT, _HEAD = 1, 2
"""What a step is: a constant of compiled code, the function of a call."""


class Walk:
    """Walks one object and all below it, and notes what could run."""

    def __init__(self, cursor: Bytes | Words, notes: Notes) -> None:
        self._cursor = cursor
        self._notes = notes
        self._symbols: dict[int, str] = {}
        self._references = 0
        self._todo: list[tuple[str, int]] = []
        self._closures = 0

    def walk(self) -> None:
        """Walk to the end of the object. Raises `MalformedError` and `IncompleteError`."""
        self._todo = [(_STEP, 0)]
        for _ in range(_MOST_ITEMS):
            if not self._todo:
                break
            step, number = self._todo.pop()
            if step == _STEP:
                self._item(head=number == _HEAD)
            elif step == _BC:
                self._bytecode()
            elif step == _BCLANG:
                self._bytecode_language(number)
            elif step == _CODE:
                self._constants()
            if len(self._todo) > _DEEPEST:
                raise IncompleteError("more open items than are followed")
        else:
            raise IncompleteError(f"more than {_MOST_ITEMS:,} items")
        if self._closures:
            self._notes.can_run()
            self._notes.fact("closure", f"{self._closures:,} functions of R, which run when they are called")
        rest = self._cursor.size_bytes - self._cursor.at
        if rest > 1:
            self._notes.odd("trailing_data", f"{rest:,} bytes after the object", offset=self._cursor.at)

    def _push(self, items: int) -> None:
        """Ask for this many items next."""
        if items > self._cursor.size_bytes - self._cursor.at:
            raise MalformedError(f"{items:,} items are announced: more than fit", self._cursor.at)
        self._todo.extend([(_STEP, 0)] * items)

    def _item(self, *, head: bool) -> None:
        """Read one item. head: it is the function of a call."""
        cursor = self._cursor
        at = cursor.at
        flags = cursor.u32()
        kind = flags & 0xFF
        attributes, tagged = bool(flags & 0x200), bool(flags & 0x400)
        if kind in _NOTHING:
            return
        if kind == _REFERENCE:
            index = flags >> 8 or cursor.u32()
            if head:
                self._called(self._symbols.get(index, ""), at)
        elif kind == _SYMBOL:
            name = self._symbol()
            if head:
                self._called(name, at)
        elif kind in _NAMESPACES or kind == _PERSISTENT:
            self._names(kind, at)
        elif kind == _CHARACTERS:
            length = cursor.u32()
            if length != 0xFFFFFFFF:
                cursor.letters(length, needed=False)
            self._push(attributes)
        elif kind in NUMBERS:
            cursor.numbers(kind, self._length())
            self._push(attributes)
        elif kind in _ITEMS:
            length = self._length()
            self._push(length + attributes)
        elif kind in (_SPECIAL, _BUILTIN):
            cursor.letters(cursor.u32(), needed=False)
        elif kind == _ENVIRONMENT:
            cursor.integers(1)
            self._references += 1
            self._push(4)
        elif kind in (_LIST, _LANGUAGE, _CLOSURE, _PROMISE, _DOTS):
            self._pair(kind, attributes, tagged, at)
        else:
            self._rare(kind, attributes, at)

    def _rare(self, kind: int, attributes: bool, at: int) -> None:
        if kind == _BYTECODE:
            self._cursor.integers(1)
            if attributes:
                self._todo.append((_STEP, 0))
            self._todo.append((_BC, 0))
        elif kind == _POINTER:
            self._references += 1
            self._notes.fact("pointer", "a pointer to memory, which is empty after loading", offset=at)
            self._push(2 + attributes)
        elif kind == _WEAK:
            self._references += 1
            self._push(attributes)
        elif kind == _S4:
            self._push(attributes)
        elif kind == _ALTERNATIVE:
            self._push(3)
        else:
            raise MalformedError(f"the type {kind} does not exist", at)

    def _symbol(self) -> str:
        """Read the text of a symbol, which becomes a reference."""
        flags = self._cursor.u32()
        if flags & 0xFF != _CHARACTERS:
            raise MalformedError("a symbol without a text", self._cursor.at)
        length = self._cursor.u32()
        self._references += 1
        if length == 0xFFFFFFFF:
            return "NA"
        if length > 100_000:
            raise MalformedError(f"a symbol of {length:,} letters", self._cursor.at)
        name = self._cursor.letters(length, needed=True).decode("utf-8", "replace")
        if name in _SINKS:
            self._symbols[self._references] = name
        return name

    def _names(self, kind: int, at: int) -> None:
        """Skip the texts of a namespace, a package, or of a reference that a hook resolves."""
        self._cursor.integers(1)
        count = self._cursor.u32()
        self._references += 1
        self._push(count)
        if kind == _PERSISTENT:
            self._notes.unlisted("hook", "an object that a hook of the reader resolves by name", offset=at)

    def _pair(self, kind: int, attributes: bool, tagged: bool, at: int) -> None:
        """Read a pair: attributes, tag (an environment), head, and the rest."""
        if kind == _CLOSURE:
            self._closures += 1
        if kind == _PROMISE and tagged:
            # A promise that has been kept has no environment any more.
            self._notes.sink(
                "promise",
                "touching the object runs an expression that stands in it (a promise: CVE-2024-27322)",
                offset=at,
                loader="readRDS and load in R before 4.4.0",
            )
        self._todo.extend([(_STEP, 0), (_STEP, _HEAD if kind == _LANGUAGE else 0)])
        self._push(attributes + tagged)

    def _called(self, name: str, at: int) -> None:
        """Note what an expression of R calls."""
        if name in _SINKS:
            self._notes.sink(
                "call",
                f"an expression of R calls {quoted(name)}: it runs when that is evaluated",
                offset=at,
                executes=Executes.ONLY_IF,
                payload=True,
            )

    def _length(self) -> int:
        length = self._cursor.u32()
        if length == 0xFFFFFFFF:
            length = self._cursor.u32() << 32 | self._cursor.u32()
        return length

    def _bytecode(self) -> None:
        """Begin compiled code: the code, then its constants."""
        self._todo.append((_CODE, 0))
        self._todo.append((_STEP, 0))

    def _constants(self) -> None:
        """Read how many constants follow, and the kind of each when its turn comes."""
        count = self._cursor.u32()
        if count > self._cursor.size_bytes - self._cursor.at:
            raise MalformedError(f"{count:,} constants are announced: more than fit", self._cursor.at)
        self._todo.extend([(_BCLANG, _CONSTANT)] * count)

    def _bytecode_language(self, what: int) -> None:
        """Read a part of compiled code: its kind stands before it, whatever it is."""
        kind = self._cursor.u32()
        if kind == _BYTECODE and what == _CONSTANT:
            self._todo.append((_BC, 0))
        elif kind == _BYTECODE_REFERENCE:
            self._cursor.integers(1)
        elif kind in (_LANGUAGE, _LIST, _BYTECODE_DEFINED, _ATTRIBUTES_LANGUAGE, _ATTRIBUTES_LIST):
            if kind == _BYTECODE_DEFINED:
                self._cursor.integers(1)
                kind = self._cursor.u32()
            call = kind in (_LANGUAGE, _ATTRIBUTES_LANGUAGE)
            # The next one last: attributes, tag, head, rest.
            self._todo.extend([(_BCLANG, 0), (_BCLANG, _HEAD if call else 0), (_STEP, 0)])
            if kind in (_ATTRIBUTES_LANGUAGE, _ATTRIBUTES_LIST):
                self._todo.append((_STEP, 0))
        else:
            self._todo.append((_STEP, what if what == _HEAD else 0))
