"""Logs exported as CSV: StorageBlobLogs from Log Analytics, usage logs of Google Cloud Storage.

Sources: learn.microsoft.com "StorageBlobLogs", "Export data from Log Analytics"; cloud.google.com
"Usage logs and storage logs".
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from tidegate.trace.formats import CutLineError, Reader, of_azure
from tidegate.trace.use import Use, count, deed_of
from tidegate.trace.wanted import Wanted

_AZURE: Final = frozenset(("TimeGenerated", "OperationName", "Uri"))
_GOOGLE: Final = frozenset(("time_micros", "c_ip", "cs_method", "cs_uri", "sc_status"))
_PORTAL: Final = ("%m/%d/%Y, %I:%M:%S.%f %p", "%m/%d/%Y, %I:%M:%S %p")
"""How the portal writes a time, in English. In other languages it is not read, and the use has none."""
_LATEST_S: Final = 253_402_300_799
_METHODS: Final = {"PUT": "put", "POST": "post", "DELETE": "delete", "GET": "get", "HEAD": "head"}


def table_of(start: bytes) -> tuple[str, Reader] | None:
    """Return name and reader of the table whose header a file begins with; `None` for another text."""
    header, end, _ = start.partition(b"\n")
    try:
        (names,) = csv.reader([header.decode("utf-8", "replace")]) if end else ([],)
    except (csv.Error, ValueError):
        return None
    # "TimeGenerated [UTC]": the portal says in which zone its times are.
    columns = [name.partition(" [")[0].strip() for name in names]
    local = any(name.startswith("TimeGenerated [") and not name.endswith("[UTC]") for name in names)
    if set(columns) >= _AZURE:
        return "StorageBlobLogs in CSV", lambda line, wanted: _azure(columns, line, wanted, local=local)
    if set(columns) >= _GOOGLE:
        return "Google usage log", lambda line, wanted: _google(columns, line, wanted)
    return None


def _row(columns: list[str], line: str) -> Mapping[str, str]:
    try:
        (cells,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as why:
        raise CutLineError("not a row of CSV: cut, or its text goes over several lines") from why
    if len(cells) != len(columns):
        raise CutLineError(f"{len(cells)} fields, where the header has {len(columns)}")
    return dict(zip(columns, cells, strict=True))


def _azure(columns: list[str], line: str, wanted: Wanted, *, local: bool) -> Iterator[Use]:
    row = dict(_row(columns, line))
    row["TimeGenerated"] = "" if local else _time(row["TimeGenerated"])
    use = of_azure(row, wanted)
    if use is not None:
        yield use


def _time(text: str) -> str:
    for form in _PORTAL:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).isoformat()
        except ValueError:
            continue
    return text


def _google(columns: list[str], line: str, wanted: Wanted) -> Iterator[Use]:
    row = _row(columns, line)
    if not wanted.fits_key(row["cs_uri"]):
        return
    micros = count(row["time_micros"])
    operation = row.get("cs_operation") or row["cs_method"]
    verb = "list" if operation.lower() == "get_bucket" else _METHODS.get(row["cs_method"], operation)
    yield Use(
        at=datetime.fromtimestamp(micros / 1e6, UTC) if 0 < micros < _LATEST_S * 1_000_000 else None,
        operation=operation,
        deed=deed_of(verb),
        succeeded=row["sc_status"].startswith("2"),
        address=row["c_ip"],
        agent=row.get("cs_user_agent", ""),
        item="/".join(filter(None, (row.get("cs_bucket", ""), row.get("cs_object", "")))),
        bytes_out=count(row.get("sc_bytes", "")),
        bytes_in=count(row.get("cs_bytes", "")),
    )
