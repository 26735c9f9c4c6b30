"""Laws of detection: what is found does not depend on how it is carried, any bytes end, no secret shows."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidegate
from tidegate.detect.engine import Detector, named
from tidegate.detect.match import read
from tidegate.detect.matcher import PLAIN, RAW, unpacked
from tidegate.detect.rules import load_rules
from tidegate.detect.unwrap import raw_view
from tidegate.model.document import Batch, Tally
from tidegate.model.sighting import Sighting
from tidegate.sources.layout import OVERLAP_BYTES, Layout

RULES = load_rules()
EXAMPLES = [e.text.encode() for rule in RULES for e in rule.examples]
COUNTEREXAMPLES = [text.encode() for rule in RULES for text in rule.counterexamples]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector(RULES, tmp_path_factory.mktemp("patterns"))


def _base64(text: bytes) -> bytes:
    return b"v: " + base64.b64encode(text) + b"\n"


def _json(text: bytes) -> bytes:
    return text.replace(b"&", b"\\u0026").replace(b'"', b'\\"')


def _html(text: bytes) -> bytes:
    return text.replace(b"&", b"&amp;").replace(b'"', b"&quot;")


def _wide(text: bytes) -> bytes:
    return text.decode("latin-1").encode("utf-16-le")


FRAGMENTS = [b"sig=", b"&sig=", b"AccountKey=", b"-----BEGIN RSA PRIVATE KEY-----", b"-----END", b"://", b"\\u0026", b"&amp;",
             b"=\n", b'" + "', b"H4sIAAAAAAAA", b"sv=2022-11-02&sr=c&", b"AKIATIDEGATEFAKEKEY2", b"tidegate:ignore", b"\x00"]  # fmt: skip
piece = st.one_of(
    st.sampled_from(EXAMPLES),
    st.sampled_from(COUNTEREXAMPLES),
    st.sampled_from(FRAGMENTS),
    st.sampled_from(FRAGMENTS),
    st.binary(max_size=40),
    st.text(max_size=30).map(lambda t: t.encode("utf-8", "replace")),
)
documents = st.lists(piece, max_size=5).map(b"\n".join)
dressed = st.builds(lambda text, dress: dress(text), documents, st.sampled_from([bytes, bytes, _base64, _json, _html, _wide]))  # fmt: skip

Seen = tuple[str, str, object, int, int, tuple[str, ...], str | None]


def facts(sighting: Sighting) -> Seen:
    spot = sighting.spot
    return (
        sighting.rule,
        sighting.secret.reveal(),
        spot.label,
        spot.line,
        spot.column,
        spot.unwrapped,
        sighting.suppressed,
    )


def one_by_one(detector: Detector, texts: list[bytes]) -> list[Seen]:
    return [
        facts(s)
        for label, text in enumerate(texts)
        for s in detector.scan(Batch(text, [0], [len(text)], [label]), Tally())
    ]


@settings(max_examples=150)
@given(texts=st.lists(dressed, max_size=8))
def test_many_documents_at_once_give_what_each_gives_alone(detector: Detector, texts: list[bytes]) -> None:
    data, starts, ends = bytearray(), [], []
    for text in texts:
        starts.append(len(data))
        data += text
        ends.append(len(data))
        data += b"\n"
    together = detector.scan(Batch(data, starts, ends, list(range(len(texts)))), Tally())
    assert sorted(map(facts, together), key=repr) == sorted(one_by_one(detector, texts), key=repr)


def test_a_second_scan_with_the_same_detector_gives_the_same(detector: Detector) -> None:
    assert one_by_one(detector, EXAMPLES) == one_by_one(detector, EXAMPLES)


@settings(max_examples=40)
@given(example=st.sampled_from(EXAMPLES), before=st.integers(0, 200_000), columns=st.integers(30, 90))
def test_a_window_border_hides_nothing(detector: Detector, example: bytes, before: int, columns: int) -> None:
    text = (b"x" * columns + b"\n") * (before // columns) + b"\n" + example + b"\n" + b"y \n" * 40_000
    layout = Layout(Tally(), bytearray(96 << 10))
    stream = io.BytesIO(text)
    seen = set()
    for batches in (layout.put("a", None, stream.readinto), layout.flush()):
        for batch in batches:
            seen |= {facts(s)[:2] for s in detector.scan(batch, Tally())}
    whole = detector.scan(Batch(text, [0], [len(text)], ["a"]), Tally())
    assert len(example) < OVERLAP_BYTES
    assert seen == {facts(s)[:2] for s in whole}


@settings(max_examples=400)
@given(text=dressed)
def test_any_text_ends_with_spots_inside_of_it(detector: Detector, text: bytes) -> None:
    lines = text.split(b"\n")
    for sighting in detector.scan(Batch(text, [0], [len(text)], ["a"]), Tally()):
        assert 1 <= sighting.spot.line <= len(lines)
        assert 1 <= sighting.spot.column <= len(lines[sighting.spot.line - 1]) + 1


@settings(max_examples=200)
@given(text=st.binary(max_size=3_000))
def test_any_bytes_end(detector: Detector, text: bytes) -> None:
    detector.scan(Batch(text, [0], [len(text)], ["a"]), Tally())


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_no_text_form_of_a_sighting_shows_its_secret(detector: Detector, example: bytes) -> None:
    for sighting in detector.scan_text(example):
        if sighting.kind in ("public_url", "access_key_id", "share_link"):
            continue
        shown = f"{sighting!r} {sighting} {sighting.secret} {sighting.text!r} {sighting.context}"
        secret = sighting.secret.reveal()
        assert not [secret[i : i + 10] for i in range(len(secret) - 9) if secret[i : i + 10] in shown]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("a/b.txt", "a/b.txt"),
        (b"\x01\xab", "object 01ab"),
        (("a.zip", "b/c.txt"), "a.zip!/b/c.txt"),
        (("a.js", None, 7, 300), "a.js"),
        ((b"\x01", "c.txt"), "object 01!/c.txt"),
        (("commit", b"\x01\xab"), "commit object 01ab"),
        ("a\udcff.txt", "a\ufffd.txt"),
    ],
)
def test_a_gap_names_a_document_as_a_person_would(label: object, name: str) -> None:
    assert named(label) == name


def test_reports_of_the_same_text_have_the_same_ids_with_one_worker_or_two(tmp_path: Path) -> None:
    for index, example in enumerate(EXAMPLES):
        folder = tmp_path / f"d{index % 7}"
        folder.mkdir(exist_ok=True)
        (folder / f"{index}.txt").write_bytes(example)
        for copy in range(12):
            (folder / f"{index}-{copy}.txt").write_bytes(hashlib.sha256(b"%d %d" % (index, copy)).digest())
    found = []
    for jobs in (1, 2, 2):
        report = tidegate.scan(str(tmp_path), jobs=jobs, now=NOW)
        assert report.gaps == ()
        found.append([(f.id, f.severity, f.occurrences, f.redacted) for f in report.findings])
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 30


@settings(max_examples=150, deadline=None)
@given(documents)
def test_behind_the_last_anchor_of_a_rule_it_matches_nothing(detector: Detector, document: bytes) -> None:
    last: dict[int, int] = {}
    for expression, end in unpacked(detector._matcher.scan(document)):
        meaning = detector._matcher.meanings[expression]
        if meaning.rule is not None and meaning.clothes in (PLAIN, RAW):
            last[meaning.rule] = end
    for index, end in last.items():
        view = raw_view(document, 0, len(document))
        whole, enough = (
            [(m.begin, m.end, m.secret) for m in read(RULES[index], view, limit)] for limit in (None, end)
        )
        assert enough == whole, RULES[index].id
