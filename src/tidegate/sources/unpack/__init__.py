"""Opening containers: archives, streams, documents, databases, images. In memory only, and with bounds."""

from tidegate.sources.unpack.kinds import FIRST_BYTES, HEAD_BYTES, sniff
from tidegate.sources.unpack.limits import Limits
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.walk import ALSO_RAW, FORWARD, Leaf, leaves, unpack

__all__ = [
    "ALSO_RAW",
    "FIRST_BYTES",
    "FORWARD",
    "HEAD_BYTES",
    "Leaf",
    "Limits",
    "Reader",
    "leaves",
    "sniff",
    "unpack",
]
