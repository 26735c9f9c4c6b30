"""Formats without a mark of their own: told by fields that have to agree. All but the archives are dull.

Sources: Apple's TrueType manual, "The font directory", and Inside Macintosh, "Resource Manager"; ISO/IEC
14496-12; Microsoft's descriptions of ASF and BMP; netpbm's manuals; TGA 2.0; PCX; FLI; ARC of SEA; Musepack
of stream versions 4 to 6, as its own decoder reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tidegate.inspectors.data._notes import judged, nothing, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_ENDS: Final = 4096
_NETPBM: Final = re.compile(rb"P[1-7][\s#]\s*(?:#[^\n]*\n\s*)*(?:\d{1,6}\s|WIDTH )")
_VIDEO, _SOUND = b"vide", b"soun"
_STREAMS: Final = 256 << 10
"""Read of what tells the streams of a recording."""
_BOXES: Final = (b"ftyp", b"moov", b"mdat")
_MOST_BOXES: Final = 32
_ASF: Final = bytes.fromhex("3026b2758e66cf11")
_ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_AUDIO: Final = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_RATES: Final = (44100, 48000, 32000)
_SPEEDS: Final = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
"""Thousand bits a second: of MPEG 1, and of MPEG 2 and 2.5, layer III."""
_OF_SOUND: Final = (".m4a", ".m4b", ".m4r", ".m4p", ".wma", ".aac", ".ac3", ".eac3", ".mpc", ".mp3")


class ByStructure:
    """Asked before the table of marks, whose film may be a recording."""

    id = "structure"
    order = 89

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by the check that its first byte, or its second, calls for."""
        return head.startswith(_ASF) or head[4:8] in _BOXES or bool(_told(head, tail, size_bytes, name)[0])

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say which."""
        del context
        size = data.size_bytes
        head, tail = data.read(0, _ENDS), data.read(max(0, size - _ENDS), _ENDS)
        kind_id, words = _told(head, tail, size, name)
        if not kind_id and head.startswith(_ASF):
            # What comes before the streams may be long: a picture of the cover.
            length = min(int.from_bytes(head[16:24], "little"), size, _STREAMS)
            kind_id, words = _recording(data.read(0, length), tail, name)
        elif head[4:8] in _BOXES:
            kind_id, words = _recording(_movie(data) or head, tail, name)
        if not kind_id:
            return nothing()
        severity = None if kind_id == "health_data" else Severity.INFO
        return judged(kind_id, seen(kind_id, words, inspector=self.id, severity=severity))


def _told(head: bytes, tail: bytes, size: int, name: str) -> tuple[str, str]:
    if size < 16 or len(head) < 16:
        return "", ""
    check = _BY_FIRST.get(head[0])
    found = check(head, size) if check is not None else ("", "")
    if found[0]:
        return found
    if head[4:8] in _BOXES or head.startswith(_ASF):
        return _recording(head, tail, name)
    if head[4:6] in (b"\x11\xaf", b"\x12\xaf") and head[12:14] == b"\x08\0" and any(head[6:8]):
        return "video", "an animation (FLI)"
    ending = name[-4:].lower()
    if ending == ".tga":
        return _targa(head)
    if ending in (".mpc", ".mp+", ".mpp"):
        return _musepack(head)
    if ending in (".mp3", ".mp2") and tail[-128:-125] == b"TAG":
        return "audio", "a recording, by the title at its end"
    if ending == ".idx":
        return _git_index(head, size)
    if name.lower().endswith((".dcm", ".dicom", ".ima")):
        return _dicom(head)
    return "", ""


def _font(head: bytes, size: int) -> tuple[str, str]:
    """Tell a font of tables: by their number, and by the first of them, which lies within the file."""
    count = int.from_bytes(head[4:6], "big")
    first, offset, length = (
        head[12:16],
        int.from_bytes(head[20:24], "big"),
        int.from_bytes(head[24:28], "big"),
    )
    search = 16 << (count.bit_length() - 1) if count else 0
    fits = 0 < count < 128 and int.from_bytes(head[6:8], "big") == search
    printable = len(first) == 4 and all(32 <= byte < 127 for byte in first)
    fits = fits and head[:4] == b"\x00\x01\x00\x00" and printable and offset + length <= size
    if fits:
        return "font", "a font"
    return _resources(head, size)


def _resources(head: bytes, size: int) -> tuple[str, str]:
    """Tell a Macintosh font, a fork of resources: its data at byte 256 and its map behind it, to the end."""
    data, at, length, of_map = (int.from_bytes(head[place : place + 4], "big") for place in (0, 4, 8, 12))
    if data == 256 and at == data + length and at + of_map == size and of_map >= 28:
        return "font", "a font of a Macintosh"
    return "", ""


def _bitmap(head: bytes, size: int) -> tuple[str, str]:
    fields, pixels = int.from_bytes(head[14:18], "little"), int.from_bytes(head[10:14], "little")
    fits = head[1:2] == b"M" and 12 <= fields <= 256 and 14 + fields <= pixels < size
    planes = head[22:26] if fields == 12 else head[26:30]
    fits = fits and planes[:2] == b"\x01\x00" and planes[2] in (1, 2, 4, 8, 16, 24, 32) and not planes[3]
    return ("image", "a BMP picture") if fits else ("", "")


def _netpbm(head: bytes, size: int) -> tuple[str, str]:
    del size
    return ("image", "a Netpbm picture") if _NETPBM.match(head) else ("", "")


def _pcx(head: bytes, size: int) -> tuple[str, str]:
    corner = [int.from_bytes(head[at : at + 2], "little") for at in (4, 6, 8, 10)]
    fits = head[1] in (0, 2, 3, 4, 5) and head[2] == 1 and head[3] in (1, 2, 4, 8) and size > 128
    fits = fits and corner[0] <= corner[2] < 16384 and corner[1] <= corner[3] < 16384 and not head[64]
    return ("image", "a PCX picture") if fits else ("", "")


def _arc(head: bytes, size: int) -> tuple[str, str]:
    """Tell ARC, each member behind the other, by the first: another one follows, or the end."""
    name, _, _ = head[2:15].partition(b"\0")
    packed = int.from_bytes(head[15:19], "little")
    fits = head[1] in range(2, 10) and name and all(33 <= byte < 127 for byte in name) and 29 + packed < size
    if fits and 29 + packed < len(head):
        fits = head[29 + packed] == 0x1A
    return ("archive", "an ARC archive: not looked into") if fits else ("", "")


def _frames(head: bytes, size: int) -> tuple[str, str]:
    """Tell AAC and MP3: where one frame ends the next one begins with the same fields."""
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    elif head[1] & 0xE6 == 0xE2 and 0 < head[2] >> 4 < 15 and head[2] & 12 != 12:
        old = head[1] & 0x18 != 0x18  # of half the rate, and its half
        rate = _RATES[head[2] >> 2 & 3] >> (old + (not head[1] & 0x10))
        length = (72 if old else 144) * _SPEEDS[old][head[2] >> 4] * 1000 // rate + (head[2] >> 1 & 1)
    else:
        return "", ""
    fits = 7 < length < min(size, len(head) - 2) and head[length : length + 2] == head[:2]
    return ("audio", "a recording") if fits else ("", "")


def _dolby(head: bytes, size: int) -> tuple[str, str]:
    del size
    again = head.find(b"\x0b\x77", 8)
    return ("audio", "a recording (AC-3)") if head[1] == 0x77 and 64 <= again <= 3840 else ("", "")


def _movie(data: Readable) -> bytes:
    """Return the start of the box that tells the streams, wherever it stands; nothing where there is none."""
    at = 0
    for _ in range(_MOST_BOXES):
        box = data.read(at, 16)
        size, kind = int.from_bytes(box[:4], "big"), box[4:8]
        if kind == b"moov":
            return data.read(at, min(max(size, 8), _STREAMS))
        size = int.from_bytes(box[8:16], "big") if size == 1 else size
        if size < 8:
            break
        at += size
    return b""


def _recording(head: bytes, tail: bytes, name: str) -> tuple[str, str]:
    """Tell sound from film by the streams in sight, else by what the name says."""
    video, sound = (_ASF_VIDEO, _ASF_AUDIO) if head.startswith(_ASF) else (_VIDEO, _SOUND)
    both = head + tail
    if video not in both and (sound in both or name.lower().endswith(_OF_SOUND)):
        return "audio", "a recording"
    if sound in both and name.lower().endswith(_OF_SOUND):
        return "audio", "a recording with a picture"
    return "", ""  # a film, as the table of marks says


def _musepack(head: bytes) -> tuple[str, str]:
    """Tell Musepack of versions 4 to 6, which has no mark, by the bits of its header where its name says so.

    From the lowest: 6 of frames in a block, 5 of the highest band, 10 of the version, 2 of stereo, 9 of the
    speed, which only version 4 has. Then the number of frames: 16 bits, from version 5 on 32.
    """
    fields, second = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4))
    block, version, speed = fields & 63, fields >> 11 & 1023, fields >> 23
    frames = second >> 16 if version == 4 else second
    fits = block == 1 and 4 <= version <= 6 and (not speed or version == 4) and 0 < frames < 1 << 24
    return ("audio", "a recording (Musepack)") if fits else ("", "")


def _git_index(head: bytes, size: int) -> tuple[str, str]:
    """Tell the index of a pack of git of before 2007: 256 counts that grow, and 24 bytes for each object."""
    counts = [int.from_bytes(head[at : at + 4], "big") for at in range(0, 1024, 4)]
    fits = len(head) >= 1024 and size == 1024 + 24 * counts[-1] + 40 and counts == sorted(counts)
    return ("git_repository", "the index of a pack of git") if fits and counts[-1] else ("", "")


def _dicom(head: bytes) -> tuple[str, str]:
    """Tell DICOM without its preamble, by the first element: of group 2 or 8, as long as it may be."""
    for order in ("little", "big"):
        group, element = (int.from_bytes(head[at : at + 2], order) for at in (0, 2))
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        length = int.from_bytes(head[6:8] if explicit else head[4:8], order)
        if group in (2, 8) and element < 0x100 and length <= 256 and not length % 2:
            return "health_data", "a medical picture (DICOM)"
    return "", ""


def _targa(head: bytes) -> tuple[str, str]:
    fits = head[1] in (0, 1) and head[2] in (1, 2, 3, 9, 10, 11) and head[16] in (8, 15, 16, 24, 32)
    return ("image", "a Targa picture") if fits and any(head[12:14]) and any(head[14:16]) else ("", "")


_BY_FIRST: Final[Mapping[int, Callable[[bytes, int], tuple[str, str]]]] = {
    0x00: _font,
    0x0A: _pcx,
    0x0B: _dolby,
    0x1A: _arc,
    0x42: _bitmap,
    0x50: _netpbm,
    0xFF: _frames,
}

PLUGIN = ByStructure()
