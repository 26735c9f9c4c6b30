"""Laws of reading listings: the quick way and the parser agree on any page, and no page does harm."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.errors import NoAnswerError
from tidegate.net.message import Response
from tidegate.providers.azure import blobpages, paths, shares, tiles
from tidegate.providers.azure.blobpages import BlobPage, parse_blobs, read_blobs
from tidegate.providers.azure.containers import read_list

LETTERS = [
    *"abcXYZ019/-_. %+~",
    "ü",
    "日",
    "\x7f",
    "\x85",
    "\u2028",
    "\U0001f30a",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
]
WORDS = st.lists(st.sampled_from(LETTERS), max_size=12).map("".join)
RARE = st.sampled_from(
    ["&#65;", "&nbsp;", "&", "]]>", "\x01", "\r\n", "\ufffe", "<!-- -->", "<![CDATA[x]]>", "\t"]
)
DATES = st.sampled_from(
    [
        "Wed, 04 Mar 2026 05:06:07 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Wed, 31 Feb 2026 05:06:07 GMT",
        "never",
        "",
    ]
)
SIZES = st.one_of(
    st.integers(0, 2**45).map(str), st.sampled_from(["", "-1", "9223372036854775808", "1e3", " 1"])
)


@st.composite
def blob(draw: st.DrawFn) -> str:
    """One blob: elements in the service's order, each there, empty or absent."""

    def leaf(tag: str, values: st.SearchStrategy[str]) -> str:
        form = draw(st.integers(0, 9))
        if form == 0:
            return ""
        return f"<{tag} />" if form == 1 else f"<{tag}>{draw(values)}</{tag}>"

    name = draw(WORDS) + (draw(RARE) if draw(st.integers(0, 60)) == 0 else "")
    old = draw(
        st.sampled_from(
            ["", "", "", "<Snapshot>2026-03-01T00:00:00.0000000Z</Snapshot>", "<VersionId>2026</VersionId>"]
        )
    )
    flags = draw(
        st.sampled_from(["", "", "<IsCurrentVersion>true</IsCurrentVersion>", "<Deleted>true</Deleted>"])
    )
    properties = (
        leaf("Creation-Time", DATES)
        + leaf("Last-Modified", DATES)
        + leaf("Etag", WORDS)
        + leaf("ResourceType", st.sampled_from(["file", "directory"]))
        + f"<Content-Length>{draw(SIZES) if draw(st.integers(0, 30)) == 0 else draw(st.integers(0, 10**12))}</Content-Length>"
        + leaf("Content-Type", WORDS)
        + "<Content-Encoding />"
        + leaf("Content-MD5", st.sampled_from(["1B2M2Y8AsgTpgAmY7PhCfg==", "AA==", "no base64"]))
        + leaf("BlobType", st.just("BlockBlob"))
        + leaf("AccessTier", st.sampled_from(["Hot", "Archive"]))
        + leaf("FutureThing", WORDS)
    )
    return f"<Blob><Name>{name}</Name>{old}{flags}<Properties>{properties}</Properties>{leaf('OrMetadata', st.just(''))}</Blob>"


@st.composite
def page(draw: st.DrawFn) -> bytes:
    blobs = draw(st.lists(blob(), max_size=8))
    prefix = "<BlobPrefix><Name>deeper/</Name></BlobPrefix>" if draw(st.integers(0, 9)) == 0 else ""
    marker = draw(st.sampled_from(["<NextMarker />", "<NextMarker>2!92!abc</NextMarker>", ""]))
    start = draw(st.sampled_from(["\ufeff", ""])) + '<?xml version="1.0" encoding="utf-8"?>'
    text = f'{start}<EnumerationResults ContainerName="c"><Blobs>{prefix}{"".join(blobs)}</Blobs>{marker}</EnumerationResults>'
    return text.encode("utf-8", "surrogatepass")


def outcome(read: Callable[[], BlobPage]) -> object:
    try:
        found = read()
    except NoAnswerError as error:
        return str(error)
    return found.items.rows(), found.prefixes, found.after


@given(page())
@settings(max_examples=120)
def test_the_quick_way_and_the_parser_read_the_same(given_page: bytes) -> None:
    assert outcome(lambda: read_blobs(given_page, "c")) == outcome(lambda: parse_blobs(given_page, "c"))


@given(page(), st.integers(0, 2**32))
@settings(max_examples=120)
def test_a_damaged_page_is_read_alike_or_refused_alike(given_page: bytes, seed: int) -> None:
    chance = random.Random(seed)
    damaged = bytearray(given_page)
    pieces = [
        b"<",
        b">",
        b"</Blob>",
        b"<Blob>",
        b"&",
        b"\x00",
        b"\xff",
        b"<!DOCTYPE x>",
        b"<Name>",
        b"/",
        b"",
    ]
    for _ in range(chance.randrange(1, 4)):
        first = chance.randrange(len(damaged) + 1)
        damaged[first : first + chance.randrange(12)] = chance.choice(pieces)
    assert outcome(lambda: read_blobs(bytes(damaged), "c")) == outcome(
        lambda: parse_blobs(bytes(damaged), "c")
    )


@given(st.binary(max_size=300))
@settings(max_examples=50)
def test_any_bytes_end_as_a_listing_or_as_no_answer(anything: bytes) -> None:
    response = Response(status=200, headers={}, body=anything)
    reads: list[Callable[[], object]] = [
        lambda: blobpages.read_blobs(anything, "c"),
        lambda: shares.read_directory(anything, "c", ""),
        lambda: paths.read_paths(anything, "c"),
        *[
            lambda service=service: read_list(service, response)
            for service in ("blob", "file", "queue", "table")
        ],
    ]
    for read in reads:
        try:
            found = read()
        except NoAnswerError as error:
            found = str(error)
        assert found


def test_blobs_that_differ_in_every_way_over_several_blocks_are_read_the_same() -> None:
    chance = random.Random(7)
    forms = [
        "<Content-MD5 />",
        "<Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==</Content-MD5><AccessTier>Cool</AccessTier>",
        "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>",
        "<AccessTier>Cold</AccessTier><AccessTierChangeTime>Thu, 01 Feb 2024 01:30:00 GMT</AccessTierChangeTime>",
        "<BlobType>PageBlob</BlobType>",
    ]
    blobs = [
        f"<Blob><Name>{number:05}{'é&amp;' * chance.randrange(40)}</Name><Properties>"
        f"<Last-Modified>Sat, 29 Feb 2020 05:06:0{number % 10} GMT</Last-Modified>"
        f"<Content-Length>{chance.randrange(10**12)}</Content-Length>{chance.choice(forms)}</Properties></Blob>"
        for number in range(3000)
    ]
    whole = (
        f"<EnumerationResults><Blobs>{''.join(blobs)}</Blobs><NextMarker>m</NextMarker></EnumerationResults>"
    )
    given_page = whole.encode()
    assert len(given_page) > 1 << 19
    assert tiles.tile(given_page) is not None
    assert outcome(lambda: read_blobs(given_page, "c")) == outcome(lambda: parse_blobs(given_page, "c"))
