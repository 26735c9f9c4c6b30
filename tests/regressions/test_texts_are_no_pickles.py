"""Release notes and change logs were called damaged pickles, and documents with a DOCTYPE OpenVINO's.

"GIT v1.5.2.1": G takes eight bytes as a number, 2 doubles it, the full stop ends the stream.
"""

from __future__ import annotations

import gzip

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Verdict

NOTES = b"GIT v1.5.2.1 Release Notes\n==========================\n\nFixes since v1.5.2\n"
CHANGES = b"jq (1.6-2.1) unstable; urgency=medium\n\n  * Fix. (Closes: #1)\n"
SPEC = (
    b'<?xml version="1.0"?>\n<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.1.2//EN"\n'
    b' "http://www.oasis-open.org/docbook/xml/4.1.2/docbookx.dtd" [\n<!ENTITY updated "2012">\n]>\n'
    b"<article><para>The layer of a network</para></article>\n"
)


SERVICES = b"com.example.datastore.Provider\ncom.example.users.Provider\n" * 2
"""What Java archives name their services by: c imports what stands on the rest of two lines."""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("META-INF/services/com.example.Provider", SERVICES),
        ("1.5.2.1.txt", NOTES),
        ("module.txt", b"Linear\nmodules\nforward\n(\n)\n"),
        ("changelog.Debian.gz", gzip.compress(CHANGES)),
        ("spec.xml", SPEC),
        ("spec.xml.gz", gzip.compress(SPEC)),
    ],
)
def test_a_text_is_no_model(name: str, data: bytes) -> None:
    assert look(Memory(data), name).verdict is None


def test_a_second_stream_behind_a_harmless_one_is_still_seen() -> None:
    assert look(Memory(b"I1\n.cos\nsystem\n(S'echo'\ntR."), "two").verdict is Verdict.DANGEROUS
