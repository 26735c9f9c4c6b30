"""Items of a service that lies, changes them, stalls or refuses while they are being looked into."""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import Callable
from urllib.parse import unquote
from xml.sax.saxutils import escape

import pytest

from services.hostile import Heard, hostile
from tidegate import inspect
from tidegate.model.inspected import Inspected
from tidegate.net.audit import Memory
from tidegate.net.limits import Budget, Limits
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.providers.azure.storage import STORAGE

QUICK = Limits(
    request_s=1.0, attempt_s=0.4, connect_s=0.5, idle_s=0.2, attempts=2, first_wait_s=0.01, longest_wait_s=0.1
)
CLEAN = pickle.dumps({"epoch": 3}, protocol=2)
RUNS_A_SHELL = b"\x80\x02cos\nsystem\nX\x06\x00\x00\x00echo x\x85R."
"""Names os.system and gives it a text; nobody loads it."""

Served = tuple[str, dict[str, str], bytes]
"""Status, headers, body."""
Read = Callable[[str, int, int], Served]
"""Answers a ranged read: path, first byte, byte behind the last."""


def as_it_is(data: bytes, mark: str = '"0x8D1"') -> Read:
    """Serve `data` under every name, as a service should."""

    def read(path: str, start: int, stop: int) -> Served:
        part = data[start:stop]
        if not part:
            return "416 Range", {}, b""
        told = f"bytes {start}-{start + len(part) - 1}/{len(data)}"
        return "206 Partial", {"Content-Range": told, "ETag": mark}, part

    return read


def always(status: str, body: bytes = b"", **headers: str) -> Read:
    return lambda path, start, stop: (
        status,
        {name.replace("_", "-"): text for name, text in headers.items()},
        body,
    )


def listing(blobs: dict[str, int | None]) -> bytes:
    rows = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties>"
        + ("" if size is None else f"<Content-Length>{size}</Content-Length>")
        + "<Etag>0x8D1</Etag></Properties></Blob>"
        for name, size in sorted(blobs.items())
    )
    return f"<EnumerationResults><Blobs>{rows}</Blobs><NextMarker /></EnumerationResults>".encode()


def behind(blobs: dict[str, int | None], read: Read, **budget: float) -> Inspected:
    """Look into what a server lists and gives out."""
    page = listing(blobs)

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        path = unquote(heard.line.split(" ")[1])
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", heard.headers.get("range", ""))
        if "comp=list" in path:
            status, headers, body = "200 OK", {}, page
        elif span is None:
            raise AssertionError(heard.line)
        else:
            status, headers, body = read(path, int(span[1]), int(span[2]) + 1)
        # The server closes after each answer, and says so: else the next request may meet a closing connection.
        lines = {"Content-Length": str(len(body)), "x-ms-request-id": "1", "Connection": "close", **headers}
        head = "".join(f"{name}: {text}\r\n" for name, text in lines.items() if text)
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)
        await writer.drain()
        if "X-Then" in headers:
            await asyncio.Event().wait()

    with hostile(behave) as server:
        scope = Scope.of(
            azure=["acct"],
            endpoints={"azure": f"http://127.0.0.1:{server.port}/{{account}}"},
            budget=Budget(requests_per_second=10_000, seconds=budget.get("seconds", 3600)),
        )
        with Net(scope, owners={"azure": STORAGE.owner}, audit=Memory(), limits=QUICK) as net:
            return inspect("az://acct/c", net=net)


def reasons(result: Inspected) -> set[str]:
    return {gap.reason for gap in result.gaps}


@pytest.mark.parametrize("listed", [len(CLEAN), len(CLEAN) + 5000, None])
def test_an_item_of_another_length_than_listed_is_judged_as_it_is_now(listed: int | None) -> None:
    result = behind({"m.pkl": listed}, as_it_is(CLEAN + RUNS_A_SHELL))
    assert [str(item.verdict) for item in result.items] == ["dangerous"]
    assert [item.size_bytes for item in result.items] == [len(CLEAN + RUNS_A_SHELL)]
    assert result.complete


def test_an_item_that_changes_all_the_time_is_never_judged_from_pieces_of_several() -> None:
    """Each read is of another object: a clean beginning says nothing of the end."""
    marks = iter(range(1000))

    def read(path: str, start: int, stop: int) -> Served:
        return as_it_is(CLEAN + bytes(100_000), f'"{next(marks)}"')(path, start, stop)

    result = behind({"m.pkl": len(CLEAN) + 100_000}, read)
    assert not result.items
    assert reasons(result) == {"it was changed between listing and reading"}


def test_an_item_that_has_no_size_anywhere_is_not_judged_by_its_beginning() -> None:
    def read(path: str, start: int, stop: int) -> Served:
        return (
            "206 Partial",
            {"Content-Range": f"bytes {start}-{stop - 1}/*"},
            CLEAN.ljust(stop - start, b"\0"),
        )

    result = behind({"m.pkl": None}, read)
    assert not result.items
    assert reasons(result) == {"the service does not say how long it is"}


def test_a_name_that_no_address_can_hold_is_a_gap_and_the_others_are_judged() -> None:
    names = (
        "a/../b.pkl",
        "./x.pkl",
        "m.pkl",
        "tab\tname.pkl",
        "50%2e%2e.pkl",
        "/lead.pkl",
        "q?#.pkl",
        "x" * 1024,
    )
    result = behind(dict.fromkeys(names, len(CLEAN)), as_it_is(CLEAN))
    assert {item.path for item in result.items} == {f"c/{name}" for name in names[2:]}
    assert {str(item.verdict) for item in result.items} == {"clean"}
    assert {gap.subject for gap in result.gaps} == {"c/a/../b.pkl", "c/./x.pkl"}
    (behind_it,) = result.contents
    assert behind_it.bytes_read == result.coverage.bytes_read == len(CLEAN) * len(names[2:])


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (always("200 OK", b"<html>log in</html>", x_ms_request_id=""), "what answered is no storage service"),
        (always("206 Partial", bytes(900), Content_Range="bytes 1-900/2000"), "another range"),
        (always("206 Partial", bytes(9), Content_Range="bytes 0-8/900"), "less than it was asked for"),
        (always("206 Partial", bytes(9), Content_Range="bytes 0-899/900"), "less than the range it names"),
        (always("206 Partial", bytes(900)), "another range"),
        (always("302 Found", Location="http://169.254.169.254/latest/meta-data/"), "it was not followed"),
        (always("409 Conflict", x_ms_error_code="BlobArchived"), "in the archive"),
        (always("404 Gone", x_ms_error_code="BlobNotFound"), "gone between listing and reading"),
        (always("500 Broken"), "the service failed"),
        (always("206 Partial", Content_Length="900", X_Then="", Content_Range="bytes 0-899/900"), "sent nothing more for too long"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_gap_in_plain_words_and_never_an_item(read: Read, words: str) -> None:
    result = behind({"m.pkl": 900, "n.pkl": 900}, read)
    assert not result.items
    assert not result.complete
    assert [gap.reason for gap in result.gaps if words not in gap.reason] == []
    assert {gap.subject for gap in result.gaps} == {"c/m.pkl", "c/n.pkl"}


def test_a_service_that_sends_whole_terabytes_instead_of_ranges_costs_next_to_nothing() -> None:
    read = always("200 OK", bytes(1 << 20), Content_Length=str(1 << 42), X_Then="")
    result = behind({"disk.vhdx": 1 << 42, "model.pkl": 1 << 41}, read)
    assert not result.items
    assert reasons(result) == {"the service sent the whole object instead of a range"}


def test_a_service_that_only_says_it_is_busy_is_left_alone_soon() -> None:
    asked: list[str] = []

    def busy(path: str, start: int, stop: int) -> Served:
        asked.append(path)
        return "429 Busy", {}, b""

    result = behind({f"{n:04}.pkl": 900 for n in range(3000)}, busy)
    assert len(set(asked)) < 600
    assert any("200 items in a row got no answer" in gap.reason for gap in result.gaps)
    assert not result.complete


def test_the_time_that_the_scope_allows_ends_a_survey_of_answers_that_never_end() -> None:
    read = always("206 Partial", Content_Length="900", X_Then="", Content_Range="bytes 0-899/900")
    result = behind({f"{n:04}.pkl": 900 for n in range(2000)}, read, seconds=0.5)
    assert any("0.5 seconds that the scope allows are used up" in gap.reason for gap in result.gaps)
    assert not result.items
