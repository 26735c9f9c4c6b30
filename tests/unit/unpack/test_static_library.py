"""Static libraries: members are not packed, so that what they hold is read as it is, or opened."""

from __future__ import annotations

from containers import opened, zipped


def _member(name: bytes, content: bytes) -> bytes:
    header = b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, b"644", len(content))
    return header + content + b"\n" * (len(content) & 1)


def test_a_static_library_is_read_without_a_gap() -> None:
    files = {
        "a.o": b"\x7fELF" + bytes(301) + b"KEY=1\0",
        "a_member_with_a_long_name.o": b"KEY=2\n",
        "data.zip": zipped({"in.env": b"KEY=3"}),
    }
    # As GNU ar writes it: an index of symbols, the names that are too long, the members.
    library = b"!<arch>\n" + _member(b"/", bytes(4)) + _member(b"//", b"a_member_with_a_long_name.o/\n")
    for name, content in zip((b"a.o/", b"/0", b"data.zip/"), files.values(), strict=True):
        library += _member(name, content)
    documents, gaps = opened(library)
    assert not gaps
    assert documents.pop("data.zip!/in.env") == b"KEY=3"
    assert documents == {name: content for name, content in files.items() if name != "data.zip"}
