"""What programs keep in an employee's profile, made up: a browser's saved logins, the messages of Teams.

Teams kept its messages in Chromium's IndexedDB, which lies in LevelDB.
Sources: github.com/google/leveldb, doc/table_format.md and doc/log_format.md; Chromium's
content/browser/indexed_db/docs/leveldb_coding_scheme.md; V8's value-serializer.cc.
"""

from __future__ import annotations

import random
import sqlite3
import struct
from collections.abc import Mapping, Sequence
from contextlib import closing

from tidegate.inspectors.messages.leveldb import TABLE_MAGIC, masked_crc

_TEAMS_SINCE = 1_640_995_200  # 2022-01-01
_DAY_S = 86_400


def logins(luck: random.Random, count: int) -> bytes:
    """Return a browser's database of saved logins; equal seeds give equal rows."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        made.execute("CREATE TABLE stats (origin_domain TEXT, username_value TEXT, dismissal_count INTEGER)")
        made.execute(
            "CREATE TABLE logins (origin_url TEXT NOT NULL, username_value TEXT, password_value BLOB,"
            " date_created INTEGER)"
        )
        rows = [
            (
                f"https://site{number}.example/",
                "m.example",
                b"v10" + luck.randbytes(29),
                13_300_000_000 + number,
            )
            for number in range(count)
        ]
        made.executemany("INSERT INTO logins VALUES (?, ?, ?, ?)", rows)
        made.commit()
        return made.serialize()


def teams(conversations: int, each: int, people: int) -> dict[str, bytes]:
    """Return the files of a store of Teams: so many conversations, of so many messages each."""
    name = "Teams:replychain-manager".encode("utf-16-be")
    entries = [(b"\x00\x00\x00\x00\xc9\x00" + _number(len(name) // 2) + name, b"\x01")]
    for at in range(conversations):
        chain = {str(n): _message(at, at * each + n, people) for n in range(each)}
        value = b"\x01\xff\x14\xff\x0f" + _object({"messageMap": _object(chain)})
        entries.append((b"\x00\x01\x01\x01\x01" + at.to_bytes(4, "big"), value))
    edit = b"\x01" + _sized(b"idb_cmp1") + b"\x02\x04\x03\x06\x07\x00\x05\x64" + _sized(b"a") + _sized(b"z")
    return {
        "CURRENT": b"MANIFEST-000001\n",
        "MANIFEST-000001": _log([edit]),
        "000004.log": _log([]),
        "000005.ldb": _table(entries),
    }


def _message(conversation: int, serial: int, people: int) -> bytes:
    sent_s = _TEAMS_SINCE + conversation * _DAY_S + serial
    return _object(
        {
            "id": _text(str(serial)),
            "messageType": _text("RichText/Html"),
            "conversationId": _text(f"19:{conversation}@thread.v2"),
            "creator": _text(f"8:orgid:{serial % people}"),
            "content": _text("<p>made-up words</p>"),
            "originalArrivalTime": b"D" + struct.pack("<d", sent_s * 1000.0),
        }
    )


def _object(members: Mapping[str, bytes]) -> bytes:
    """Return an object as V8 writes it."""
    body = b"".join(_text(name) + value for name, value in members.items())
    return b"o" + body + b"{" + _number(len(members))


def _text(value: str) -> bytes:
    return b'"' + _sized(value.encode("latin-1"))


def _table(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return a table of LevelDB, an entry a block, not compressed."""
    out, index = b"", []
    for key, value in entries:
        inner = key + (1 << 8 | 1).to_bytes(8, "little")
        index.append((inner, _place(out, _block([(inner, value)]))))
        out += _stored(_block([(inner, value)]))
    footer = b""
    for block in (_block([]), _block(index)):
        footer += _place(out, block)
        out += _stored(block)
    return out + footer.ljust(40, b"\x00") + TABLE_MAGIC


def _block(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        _number(0) + _number(len(key)) + _number(len(value)) + key + value for key, value in entries
    )
    return body + struct.pack("<II", 0, 1)


def _place(before: bytes, block: bytes) -> bytes:
    return _number(len(before)) + _number(len(block))


def _stored(block: bytes) -> bytes:
    return block + b"\x00" + struct.pack("<I", masked_crc(block + b"\x00"))


def _log(records: Sequence[bytes]) -> bytes:
    """Return a log of LevelDB; the records together must fit into one block of 32 KiB."""
    return b"".join(struct.pack("<IHB", masked_crc(b"\x01" + each), len(each), 1) + each for each in records)


def _sized(data: bytes) -> bytes:
    return _number(len(data)) + data


def _number(value: int) -> bytes:
    """Return a number in seven bits a byte."""
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))
