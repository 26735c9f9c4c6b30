"""Reading listings: the fast way and the slow way agree, and nothing hostile gets through."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.errors import NoAnswerError
from tidegate.net.message import Response
from tidegate.providers.s3 import tiles
from tidegate.providers.s3.listing import first_readable, page_of, query_for
from tidegate.providers.s3.tree import read_tree

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
END = "</ListBucketResult>"
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)
items = st.tuples(
    names,
    st.sampled_from(["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05Z"]),
    st.sampled_from(
        [
            "&quot;5d41402abc4b2a76b9719d911017c592&quot;",
            '"5d41402abc4b2a76b9719d911017c592-3"',
            "&#34;x&#34;",
        ]
    ),
    st.integers(0, 10**17),
    st.sampled_from(["STANDARD", "GLACIER", None]),
    st.booleans(),
)


def item(each: tuple, tag: str = "Contents", *, more: str = "") -> str:
    name, modified, etag, size, tier, checked = each
    return (
        f"<{tag}><Key>{escape(name)}</Key>{more}<LastModified>{modified}</LastModified><ETag>{etag}</ETag>"
        f"{'<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>' if checked else ''}"
        f"<Size>{size}</Size><Owner><ID>o</ID><DisplayName>n</DisplayName></Owner>"
        f"{f'<StorageClass>{tier}</StorageClass>' if tier else ''}</{tag}>"
    )


def answer(body: str | bytes, *, truncated: bool = False, **headers: str) -> Response:
    raw = body.encode() if isinstance(body, str) else body
    return Response(status=200, headers=headers, body=raw, truncated=truncated)


def page(body: str | bytes, *, after: str | None = None, past: bool = False, **headers: str):
    return page_of(answer(body, **headers), "contoso", after=after, past=past)


@settings(deadline=None)
@given(st.lists(items, max_size=8), st.lists(names, max_size=3))
def test_the_fast_way_reads_what_the_slow_way_reads(given_items: list, prefixes: list) -> None:
    below = "".join(f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in prefixes)
    body = f"{HEAD}<IsTruncated>false</IsTruncated>{''.join(map(item, given_items))}{below}{END}"
    slow = tiles._slow(body.encode())
    fast = tiles.read_listing(body.encode())
    assert (fast.count, list(fast.deleted), fast.prefixes) == (slow.count, list(slow.deleted), slow.prefixes)
    assert {n: list(v) for n, v in fast.columns.items()} == {n: list(v) for n, v in slow.columns.items()}
    assert fast.top["IsTruncated"] == slow.top["IsTruncated"] == "false"
    assert list(page(body).items["name"]) == [each[0] for each in given_items]


def test_a_page_whose_items_differ_in_their_checksums_is_still_read_the_fast_way() -> None:
    mixed = [
        ("a", "2026-01-02T03:04:05Z", '"e"', 1, "STANDARD", False),
        ("b", "2026-01-02T03:04:05Z", '"e"', 2, "STANDARD", True),
    ]
    for order in (mixed, mixed[::-1]):
        listing = tiles._tiled(f"{HEAD}<IsTruncated>false</IsTruncated>{''.join(map(item, order))}{END}")
        assert listing is not None
        assert list(listing.columns["Size"]) == [str(each[3]) for each in order]


def test_versions_come_in_the_order_of_the_service() -> None:
    old = item(
        ("k", "2026-01-02T03:04:05Z", '"e"', 5, "STANDARD", False),
        "Version",
        more="<VersionId>v1</VersionId><IsLatest>false</IsLatest>",
    )
    gone = "<DeleteMarker><Key>k</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-03T03:04:05Z</LastModified></DeleteMarker>"
    new = item(
        ("z", "2026-01-02T03:04:05Z", '"e"', 7, "STANDARD", False),
        "Version",
        more="<VersionId>v3</VersionId><IsLatest>true</IsLatest>",
    )
    body = f"<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>z%2F1</NextKeyMarker><NextVersionIdMarker>v3</NextVersionIdMarker><EncodingType>url</EncodingType>{gone}{old}{new}</ListVersionsResult>"
    read = page(body, past=True)
    assert read.items.select("name", "state", "size_bytes", "version").rows() == [
        ("k", "deleted", 0, "v2"),
        ("k", "version", 5, "v1"),
        ("z", "current", 7, "v3"),
    ]
    query = query_for("", read.after, delimited=False, past=True)
    assert (query["key-marker"], query["version-id-marker"]) == ("z/1", "v3")


def test_names_that_were_sent_percent_encoded_are_undone_once() -> None:
    body = f"{HEAD}<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{item(('a+b%2Bc%2525%00%C3%BC', '2026-01-02T03:04:05Z', 'e', 1, None, False))}{item(('d', '2026-01-02T03:04:05Z', 'e', 1, None, False))}{END}"
    assert list(page(body).items["name"]) == ["a b+c%25\0\u00fc", "d"]


def test_an_etag_of_parts_is_no_md5_and_a_folder_is_a_directory() -> None:
    rows = [
        ("a", "2026-01-02T03:04:05Z", "&quot;5d41402abc4b2a76b9719d911017c592-3&quot;", 1, None, False),
        ("b/", "2026-01-02T03:04:05Z", "&quot;5d41402abc4b2a76b9719d911017c592&quot;", 0, None, False),
    ]
    read = page(f"{HEAD}<IsTruncated>false</IsTruncated>{''.join(map(item, rows))}{END}").items
    assert read.select("kind", "etag", "md5").rows() == [
        ("object", "5d41402abc4b2a76b9719d911017c592-3", None),
        ("directory", "5d41402abc4b2a76b9719d911017c592", "5d41402abc4b2a76b9719d911017c592"),
    ]


def test_a_page_goes_on_behind_its_last_name_or_folder() -> None:
    one = item(("b", "2026-01-02T03:04:05Z", "e", 1, None, False))
    below = "<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>"
    assert page(f"{HEAD}<IsTruncated>true</IsTruncated>{one}{END}").after == "b"
    assert page(f"{HEAD}<IsTruncated>true</IsTruncated>{one}{below}{END}").after == "c/\U0010ffff"
    assert page(f"{HEAD}<IsTruncated>false</IsTruncated>{one}{below}{END}").after is None


@pytest.mark.parametrize(
    "body",
    [
        f"{HEAD}<IsTruncated>true</IsTruncated>{END}",
        f"{HEAD}<IsTruncated>true</IsTruncated>{item(('b', '', 'e', 1, None, False))}{END}",
        "<html><body>200 OK</body></html>",
        f"{HEAD}<IsTruncated>false</IsTruncated>{item(('b', '', 'e', 1, None, False))}",
        f'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>{HEAD[39:]}<Name>&b;</Name>{END}',
        f"{HEAD}{'<a>' * 50}{'</a>' * 50}{END}",
        "",
        "{}",
    ],
    ids=["no mark", "same mark", "html", "cut", "entities", "deep", "empty", "json"],
)
def test_a_hostile_page_is_an_error_and_never_an_end(body: str) -> None:
    with pytest.raises(NoAnswerError):
        page(body, after="b")


def test_a_page_that_was_cut_is_an_error() -> None:
    with pytest.raises(NoAnswerError, match="larger than 8 MiB"):
        page_of(answer(HEAD, truncated=True), "contoso", after=None, past=False)


@pytest.mark.parametrize("hidden", ["<!-- {} -->", "<![CDATA[{}]]>"])
def test_an_item_in_a_comment_is_none(hidden: str) -> None:
    one = item(("a", "2026-01-02T03:04:05Z", "e", 1, None, False))
    body = f"{HEAD}<IsTruncated>false</IsTruncated>{one}<Name>{hidden.format(one)}</Name>{END}"
    assert list(page(body).items["name"]) == ["a"]


@pytest.mark.parametrize("size", ["-5", "1e9", "99999999999999999999999", "", "x"])
def test_a_size_that_is_none_is_left_out(size: str) -> None:
    body = f"{HEAD}<IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>{size}</Size></Contents>{END}"
    assert list(page(body).items["size_bytes"]) == [None]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_an_error(body: bytes) -> None:
    for whole in (body, HEAD.encode() + body + END.encode()):
        try:
            page(whole)
        except NoAnswerError:
            continue


def test_the_object_to_try_has_content_and_an_address() -> None:
    rows = [
        (name, "", "e", size, None, False)
        for name, size in (("../a", 5), ("b/./c", 5), ("empty", 0), ("full", 9))
    ]
    whole = f"{HEAD}<IsTruncated>false</IsTruncated>{''.join(map(item, rows))}{END}"
    assert first_readable(whole.encode()) == "full"
    assert first_readable(re.sub(r"<Contents><Key>full.*?</Contents>", "", whole).encode()) == "empty"
    assert first_readable(f"{HEAD}{END}".encode()) is None


def test_a_tree_has_no_entities_but_xmls_own() -> None:
    assert read_tree(b"<R><Contents><Key>a&amp;&#x2f;</Key></Contents></R>").entries == [
        ("Contents", {"Key": "a&/"})
    ]
