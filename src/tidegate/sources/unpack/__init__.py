"""Opening containers: archives, streams, documents, databases, images. In memory only, and with bounds."""

from tidegate.sources.unpack.kinds import HEAD_BYTES, STARTS, ZIP_END, is_program, sniff, sniff_end
from tidegate.sources.unpack.limits import Limits
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.walk import ALSO_RAW, FORWARD, Leaf, leaves, unpack

__all__ = [
    "ALSO_RAW",
    "FORWARD",
    "HEAD_BYTES",
    "STARTS",
    "ZIP_END",
    "Leaf",
    "Limits",
    "Reader",
    "is_program",
    "leaves",
    "sniff",
    "sniff_end",
    "unpack",
]
