"""HDF5 files, of Keras and others: configurations that make objects, links that lead to other files."""

from __future__ import annotations

from tidegate.inspectors.models._hdf5 import ATTRIBUTE, ATTRIBUTES_ELSEWHERE, MAGIC, File, Link, Message
from tidegate.inspectors.models._keras_config import judge_config
from tidegate.inspectors.models._notes import MalformedError, Notes, quoted
from tidegate.inspectors.models._paths import escapes
from tidegate.inspectors.readable import Memory, Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER

LOADER = "keras.models.load_model (for h5, safe mode counts only since Keras 3.11.3: CVE-2025-9905)"
PICKLES = "tables.open_file, pandas.read_hdf"
_CONFIGURATIONS = frozenset(["model_config", "training_config", "layer_config", "config"])
_LONGEST_VALUE_BYTES = 32_000_000
_MOST_WALK_BYTES = 64_000_000
"""Read to walk the groups: 600 objects cost about 400 KB, and a table of 20,000 pictures is no rarity."""
_TAR_MARK = 257
_NAMES = (".h5", ".hdf5", ".keras")
_USER_BLOCKS = (0, 512, 1_024, 2_048)
"""Where the signature may stand within a head. Readers go on to twice as far, to the end of the file."""


class KerasH5:
    """Reads attributes and names; of data sets nothing but their headers."""

    id = "keras_h5"
    order = 15

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        """Tell it by its signature; of a tar the first member's is none, unless a reader of HDF5 is meant."""
        if head.startswith(MAGIC):
            return True
        if head.startswith(b"ustar", _TAR_MARK) and not name.lower().endswith(_NAMES):
            return False
        if any(head.startswith(MAGIC, at) for at in _USER_BLOCKS):
            return True
        return size_bytes > len(head) and name.lower().endswith(_NAMES)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        if _start(data) is None:
            return Judgement(OTHER, model=False)
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            _Walk(data, notes, context).walk()
        return notes.done()


def _start(data: Readable) -> int | None:
    """Return where the signature stands, as readers seek it; `None` for no HDF5."""
    at = 0
    while at + len(MAGIC) <= data.size_bytes:
        if data.read(at, len(MAGIC)) == MAGIC:
            return at
        at = 2 * at or _USER_BLOCKS[1]
    return None


class _Budgeted:
    """Reads of the walk, so that it ends in time."""

    def __init__(self, data: Readable) -> None:
        self._data = data
        self.size_bytes = data.size_bytes
        self.bytes_read = 0

    def read(self, offset: int, count: int) -> bytes:
        self.bytes_read += count
        return self._data.read(offset, count)


class _Walk:
    """Goes through all objects of one file."""

    def __init__(self, data: Readable, notes: Notes, context: Context) -> None:
        self._notes = notes
        self._context = context
        start = _start(data)
        if start is None:
            raise MalformedError("no HDF5 signature", 0)
        if start:
            notes.odd("prefix", f"{start:,} bytes stand before the HDF5 file", offset=0)
        self._data = _Budgeted(data)
        self._file = File(self._data, start)
        self._keras = False

    def walk(self) -> None:
        """Visit every object once, breadth first."""
        file = self._file
        left = [file.root]
        seen = {file.root}
        configured = 0
        while left:
            address = left.pop()
            before = self._data.bytes_read
            for message in file.messages(address):
                if message.kind == ATTRIBUTE:
                    self._attribute(message)
                    configured += self._data.bytes_read - before
                    before = self._data.bytes_read
                elif message.kind == ATTRIBUTES_ELSEWHERE:
                    for each in file.attributes(message):
                        self._attribute(each)
                    configured += self._data.bytes_read - before
                    before = self._data.bytes_read
                for link in file.files(message):
                    self._elsewhere(link, "the data set takes its bytes from")
                for link in file.links(message):
                    if link.file:
                        self._elsewhere(link, f"the name {quoted(link.name)} leads to")
                    if link.address and link.address not in seen:
                        seen.add(link.address)
                        left.append(link.address)
            if self._data.bytes_read - configured > _MOST_WALK_BYTES:
                self._notes.incomplete(f"{len(left):,} objects and those below them were not looked at")
                return
        if not self._keras:
            self._notes.judgement.kind = "hdf5"

    def _attribute(self, message: Message) -> None:
        name, value = self._file.attribute(message, _LONGEST_VALUE_BYTES)
        text = value.rstrip(b"\0")
        if name in _CONFIGURATIONS and text.lstrip()[:1] in (b"{", b"["):
            self._keras = True
            self._notes.include(judge_config(text, loader=LOADER, member=name, policy=self._notes.policy))
        elif text[:1] in (b"\x80", b"(", b"c") and text[-1:] == b"." and self._context.inside is not None:
            judged = self._context.inside(Memory(text), name)
            if judged is not None:
                self._notes.fact("pickle", f"the attribute {quoted(name)} is a pickle", loader=PICKLES)
                self._notes.include(judged)

    def _elsewhere(self, link: Link, what: str) -> None:
        """Note bytes that are taken from another file."""
        summary = f"{what} the file {quoted(link.file)}"
        if escapes(link.file):
            self._notes.sink("external_file", summary, offset=link.offset, payload=True)
        else:
            self._notes.odd("external_file", summary, offset=link.offset)


PLUGIN = KerasH5()
