"""Writers of message stores, from scratch: LevelDB, IndexedDB values, Graph exports."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Sequence

from tidegate.inspectors.messages.leveldb import TABLE_MAGIC, masked_crc

Entry = tuple[bytes, bytes | None]


def number(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))


def _sized(data: bytes) -> bytes:
    return number(len(data)) + data


def _block(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(number(0) + number(len(key)) + number(len(value)) + key + value for key, value in entries)
    return body + struct.pack("<II", 0, 1)


def packed(data: bytes) -> bytes:
    """Snappy, of literals alone."""
    made = number(len(data))
    for at in range(0, len(data), 60):
        piece = data[at : at + 60]
        made += bytes(((len(piece) - 1) << 2,)) + piece
    return made


def table(entries: Sequence[Entry], *, sequence: int = 1, snappy: bool = True) -> bytes:
    out, index = b"", []
    for key, value in entries:
        inner = key + (sequence << 8 | (value is not None)).to_bytes(8, "little")
        block = _block([(inner, value or b"")])
        stored = packed(block) if snappy else block
        index.append((inner, number(len(out)) + number(len(stored))))
        kind = b"\x01" if snappy else b"\x00"
        out += stored + kind + struct.pack("<I", masked_crc(stored + kind))
    place = []
    for block in (_block([]), _block(index)):
        place.append(number(len(out)) + number(len(block)))
        out += block + b"\x00" + struct.pack("<I", masked_crc(block + b"\x00"))
    return out + b"".join(place).ljust(40, b"\x00") + TABLE_MAGIC


def log(records: Sequence[bytes]) -> bytes:
    out = b""
    for record in records:
        assert len(out) % 32768 + 7 + len(record) <= 32768
        out += struct.pack("<IHB", masked_crc(b"\x01" + record), len(record), 1) + record
    return out


def batch(entries: Sequence[Entry], sequence: int) -> bytes:
    made = struct.pack("<QI", sequence, len(entries))
    for key, value in entries:
        made += b"\x00" + _sized(key) if value is None else b"\x01" + _sized(key) + _sized(value)
    return made


def text(value: str) -> bytes:
    return b'"' + _sized(value.encode("latin-1"))


def members(pairs: dict[str, bytes]) -> bytes:
    return b"o" + b"".join(text(name) + value for name, value in pairs.items()) + b"{" + number(len(pairs))


def message(serial: int, conversation: int, person: int, day: int) -> bytes:
    return members(
        {
            "id": text(str(serial)),
            "messageType": text("RichText/Html"),
            "conversationId": text(f"19:{conversation}@thread.v2"),
            "creator": text(f"8:orgid:{person}"),
            "content": text("<p>the secret words</p>" * 40),
            "originalArrivalTime": b"D" + struct.pack("<d", (1_551_398_400 + day * 86_400) * 1000.0),
        }
    )


def teams_entries(conversations: int, each: int, people: int) -> list[Entry]:
    name = "Teams:replychain-manager".encode("utf-16-be")
    made: list[Entry] = [(b"\x00\x00\x00\x00\xc9\x00" + number(len(name) // 2) + name, b"\x01")]
    for at in range(conversations):
        chain = {str(n): message(at * each + n, at, (at * each + n) % people, at) for n in range(each)}
        value = b"\x01\xff\x14\xff\x0f" + members({"messageMap": members(chain)})
        made.append((b"\x00\x01\x01\x01\x01" + at.to_bytes(4, "big"), value))
    return made


def teams_store(conversations: int = 6, each: int = 5, people: int = 4) -> dict[str, bytes]:
    """All files of a store; the last conversation stands in the log, the first was deleted there."""
    entries = teams_entries(conversations, each, people)
    edit = b"\x01" + _sized(b"idb_cmp1") + b"\x02\x04\x03\x06\x07\x00\x05\x64" + _sized(b"a") + _sized(b"z")
    return {
        "CURRENT": b"MANIFEST-000001\n",
        "MANIFEST-000001": log([edit]),
        "000005.ldb": table(entries[:-1]),
        "000004.log": log([batch([entries[-1], (entries[1][0], None)], 100)]),
    }


def graph_export(messages: int, conversations: int, people: int) -> bytes:
    made = [
        {
            "id": str(n),
            "messageType": "message",
            "createdDateTime": f"20{19 + n % 5}-0{1 + n % 9}-01T10:00:00.000Z",
            "chatId": f"19:{n % conversations}@unq.gbl.spaces",
            "from": {
                "application": None,
                "device": None,
                "user": {"id": f"p{n % people}", "displayName": "A. Person"},
            },
            "body": {"contentType": "html", "content": 'he wrote "messageType": "message" and {'},
        }
        for n in range(messages)
    ]
    context = "https://graph.microsoft.com/v1.0/$metadata#chats('19')/messages"
    return json.dumps({"@odata.context": context, "value": made}).encode()


def slack_day(messages: int, people: int, day: int = 0) -> bytes:
    made = [
        {
            "type": "message",
            "user": f"U0{n % people:06}",
            "text": "the secret words",
            "ts": f"{1_600_000_000 + day * 86_400 + n}.000200",
            "edited": {"user": "U0000001", "ts": f"{1_600_000_000 + n}.000100"},
        }
        for n in range(messages)
    ]
    made.append({"type": "message", "subtype": "channel_join", "user": "U0000001", "ts": "1600000000.000100"})
    return json.dumps(made).encode()


def slack_export(channels: int = 3, days: int = 4, messages: int = 5, people: int = 7) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        members = [
            {"id": f"U0{n:06}", "profile": {"id": "x", "real_name": "A. Person"}} for n in range(people)
        ]
        made.writestr("users.json", json.dumps(members))
        names = [{"id": f"C0{n:06}", "name": f"team-{n}"} for n in range(channels)]
        made.writestr("channels.json", json.dumps(names))
        made.writestr("integration_logs.json", "[]")
        for channel in range(channels):
            for day in range(days):
                place = f"team-{channel}/2020-{1 + day % 12:02}-{1 + day // 12 % 28:02}.json"
                made.writestr(place, slack_day(messages, people, day))
    return out.getvalue()


def mail(serial: int, person: int = 0, *, attachment: bool = False) -> bytes:
    lines = [
        f"From: A. Person <p{person}@mail.invalid>",
        "To: b@mail.invalid",
        "Subject: the secret words",
        f"Date: Mon, {1 + serial % 28:02} Jun 2020 10:00:00 +0000",
        f"Message-ID: <{serial}@mail.invalid>",
        "",
        "> From: c@mail.invalid",
        ">From the start of a line",
        "the secret words " * 20,
    ]
    if attachment:
        lines += ["--x", "Content-Disposition: attachment; filename=a.bin", "", "AAAA"]
    return "\n".join(lines).encode() + b"\n"


def mailbox(messages: int, people: int = 5) -> bytes:
    line = b"From p@mail.invalid Mon Jun 01 10:00:00 2020\n"
    return b"".join(line + mail(n, n % people) + b"\n" for n in range(messages))
