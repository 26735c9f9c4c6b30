"""Tables in files of columns: Parquet, Avro, streams of Arrow. Their columns and rows are told by a few KiB.

Sources: parquet.apache.org/docs/file-format, FileMetaData; avro.apache.org/docs, "Object Container Files";
arrow.apache.org/docs/format, "Encapsulated message format", and its `Message.fbs`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tidegate.inspectors.data._notes import judged, plural, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity
from tidegate.packing.thrift import LIST, STRUCT, Reader

_FOOTER_BYTES: Final = 4 << 20
_AVRO_NAME: Final = re.compile(rb'\{[^{}]*?"name"\s*:\s*"([A-Za-z_]\w{0,80})"')
_MORE: Final = b"\xff\xff\xff\xff"
"""Before the length of each message of a stream of Arrow."""
_SCHEMA: Final = 1


class Columnar:
    """Reads the footer of Parquet, the header of Avro."""

    id = "columnar"
    order = 30

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by both ends, or by the first bytes."""
        del name
        if head.startswith(b"PAR1"):
            return tail.endswith(b"PAR1") and size_bytes > 12
        return head.startswith(b"Obj\x01") or _is_stream(head, size_bytes)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say how many rows and columns; have the names of the columns looked at."""
        if data.read(0, 4) not in (b"PAR1", b"Obj\x01"):
            note = seen("dataset", "a stream of tables (Arrow)", severity=Severity.INFO, step=Step.SAMPLE)
            return judged("dataset", note)
        if data.read(0, 4) == b"PAR1":
            rows, columns = _parquet(data)
            form = "Parquet table"
        else:
            rows, columns, form = -1, _avro(data.read(0, 64 << 10)), "Avro table"
        if not columns:
            words = f"{form} whose columns could not be read"
            return judged("dataset", seen("dataset", words, severity=Severity.INFO, step=Step.SAMPLE))
        words = f"{form} of {plural(rows, 'row')} in " if rows >= 0 else f"{form} of "
        words += plural(len(columns), "column")
        numbers = {"columns": len(columns), **({"rows": rows} if rows >= 0 else {})}
        note = seen("dataset", words, severity=Severity.INFO, step=Step.SAMPLE, numbers=numbers)
        return judged("dataset", note, *context.sample(b"", name, columns))


def _is_stream(head: bytes, size_bytes: int) -> bool:
    """Tell a stream of Arrow: its first message is a table of FlatBuffers that says "schema"."""
    start = 8 if head.startswith(_MORE) else 4  # before 0.15 a message began with its length
    if len(head) < 64:
        return False
    length, root = (int.from_bytes(head[at : at + 4], "little") for at in (start - 4, start))
    table = start + root
    index = table - int.from_bytes(head[table : table + 4], "little", signed=True)
    if (start + length) % 4 or not 32 <= length <= size_bytes - start or not 4 < root < 64:
        return False
    if not start < index < table:
        return False
    version, kind = (table + int.from_bytes(head[index + at : index + at + 2], "little") for at in (4, 6))
    of_index = int.from_bytes(head[index : index + 2], "little")
    return (
        10 <= of_index <= 16
        and head[kind : kind + 1] == bytes((_SCHEMA,))
        and (version == table or head[version : version + 2] in (b"\x02\0", b"\x03\0", b"\x04\0"))
    )


def _parquet(data: Readable) -> tuple[int, list[str]]:
    """Return (rows, columns); no columns where the footer is broken or longer than is read."""
    end = data.read(data.size_bytes - 8, 8)
    length = int.from_bytes(end[:4], "little")
    if not 8 < length <= min(_FOOTER_BYTES, data.size_bytes - 12):
        return -1, []
    try:
        footer = Reader(data.read(data.size_bytes - 8 - length, length)).struct()
        kind, schema = footer[2]
        if kind != LIST or schema[0] != STRUCT:
            return -1, []
        rows = footer.get(3, (0, -1))[1]
        columns = [_name(element) for element in schema[1] if 5 not in element or not element[5][1]]
    except (ValueError, IndexError, KeyError, TypeError):
        return -1, []
    return rows if isinstance(rows, int) and rows >= 0 else -1, [each for each in columns if each][:2000]


def _name(element: dict[int, tuple[int, Any]]) -> str:
    raw = element.get(4, (0, b""))[1]
    return raw[:200].decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _avro(head: bytes) -> list[str]:
    at = head.find(b"avro.schema")
    start = head.find(b"{", at) if at >= 0 else -1
    if start < 0:
        return []
    text = head[start:]
    try:
        value, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", "ignore"))
        fields = value.get("fields") if isinstance(value, dict) else None
        if isinstance(fields, list):
            return [str(each["name"]) for each in fields if isinstance(each, dict) and "name" in each][:2000]
    except (ValueError, RecursionError):
        pass
    return [each.decode() for each in _AVRO_NAME.findall(text)][:2000]


PLUGIN = Columnar()
