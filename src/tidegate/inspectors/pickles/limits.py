"""What one file may cost, however it was made. Counts, not seconds: the same file gets the same answer."""

from __future__ import annotations

from tidegate.records import dataclass

MOST_STACK = 1 << 20
"""Values on the stack. pickle writes containers in batches of 1,000; deeper is made by hand."""
MOST_MEMO = 1 << 20
"""Memo entries that are kept, about 100 MB; a checkpoint of 1,000 tensors has some 15,000."""
MOST_GLOBALS = 20_000
"""Distinct names of one stream."""
MOST_DEPTH = 6
"""Streams within constants of streams."""
MOST_CALL_DEPTH = 24
"""Calls that calls make: `map(partial(...))`."""
NESTED_BYTES = 8 << 20
"""A constant handed to a loader is looked into up to this size."""
DECODED_BYTES = 1 << 20
"""What a base64, hex or zlib constant may unpack to."""


@dataclass(slots=True)
class Limits:
    """What is left, shared by a file's streams and the streams nested in them."""

    opcodes: int = 6_000_000
    """Opcodes that are interpreted, everyday ones; others count as several. About 4 s."""
    nested: int = 64
    """Constants that are looked into."""
    streams: int = 10_000
    """Streams in a row."""
    searches_bytes: int = 64 << 20
    """Bytes of junk in which a further stream is looked for."""
    beside: int = 4096
    """Arrays of joblib whose bytes are looked at as opcodes too."""
