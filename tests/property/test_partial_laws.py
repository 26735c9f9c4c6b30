"""Laws of reading only what a delta changes: nothing is seen otherwise than in the whole documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.detect.engine import Detector
from tidegate.detect.rules import Rule, load_rules, parse_rule
from tidegate.detect.width import widest
from tidegate.model.document import AROUND_BYTES, Batch, Tally
from tidegate.model.sighting import Sighting
from tidegate.sources.delta import apply_delta, changed
from tidegate.sources.git.layer import Layer

RULES = load_rules()
EXAMPLES = [e.text.encode() for rule in RULES for e in rule.examples]
FILLER = b"".join(b"a line of plain words, number %d\n" % i for i in range(900))
Edit = tuple[int, int, bytes]
"""Where (see `_place`), how many bytes go, what comes instead."""
Version = tuple[bytes, bytes, int | None]
"""Document, the delta that makes it, of which earlier one."""


def _delta(base: bytes, pieces: list[tuple[int, int] | bytes]) -> bytes:
    """Write a delta: (from, to) copies, bytes are inserted."""
    size = sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces)
    out = bytearray(_number(len(base)) + _number(size))
    for piece in pieces:
        if isinstance(piece, bytes):
            for at in range(0, len(piece), 127):
                part = piece[at : at + 127]
                out += bytes((len(part),)) + part
            continue
        for at in range(piece[0], piece[1], 0x10000):
            out += _copy(at, min(piece[1] - at, 0x10000))
    return bytes(out)


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _copy(start: int, size: int) -> bytes:
    head, tail = 0x80, b""
    fields = start.to_bytes(4, "little") + (size & 0xFFFF).to_bytes(3, "little")
    for bit, byte in enumerate(fields):
        if byte:
            head |= 1 << bit
            tail += bytes((byte,))
    return bytes((head,)) + tail


def _place(document: bytes, draw: int) -> int:
    """Half of the places are anywhere, the others in or beside what is not filler."""
    if draw % 2:
        return draw // 2 % (len(document) + 1)
    spots = [i for i in range(0, len(document), 16) if document[i : i + 16] not in FILLER]
    return min(spots[draw // 2 % len(spots)] + draw // 2 % 17, len(document)) if spots else 0


def _edited(base: bytes, edits: list[Edit]) -> tuple[bytes, bytes]:
    """Return the document and its delta."""
    pieces: list[tuple[int, int] | bytes] = []
    at = 0
    for where, gone, new in sorted((_place(base, draw), gone, new) for draw, gone, new in edits):
        if where < at:
            continue
        pieces += [each for each in ((at, where), new) if each and each != (at, at)]
        at = min(where + gone, len(base))
    if at < len(base) or not pieces:
        pieces.append((at, len(base)))
    delta = _delta(base, pieces)
    return apply_delta(base, delta), delta


def _dressed(text: bytes) -> st.SearchStrategy[bytes]:
    wide = text.decode("latin-1").encode("utf-32-le")
    cut = st.integers(0, len(text)).flatmap(lambda n: st.sampled_from([text[:n], text[n:]]))
    return st.one_of(st.just(text), cut, cut, st.just(b"\n" + text + b"\n"), st.just(wide[: 4 * 120]))


new = st.one_of(st.sampled_from(EXAMPLES).flatmap(_dressed), st.binary(max_size=12), st.just(b""))
edit = st.tuples(st.integers(0, 1 << 40), st.sampled_from([0, 0, 0, 1, 7, 90, 2_000]), new)
edits = st.lists(edit, max_size=4)


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """A first version, and each later one a delta of an earlier one."""
    first = _edited(FILLER, draw(edits))[0]
    versions: list[Version] = [(first, b"", None)]
    for _ in range(draw(st.integers(1, 5))):
        parent = draw(st.integers(max(len(versions) - 2, 0), len(versions) - 1))
        versions.append((*_edited(versions[parent][0], draw(edits)), parent))
    return versions


def _facts(sightings: list[Sighting]) -> list[tuple[str, ...]]:
    return sorted(
        (s.rule, s.secret.reveal(), str(s.spot), str(s.suppressed), str(sorted(s.context.items())))
        for s in sightings
    )


def _scan_whole(detector: Detector, versions: list[Version]) -> list[Sighting]:
    found = []
    for number, (document, _, _) in enumerate(versions):
        found += detector.scan(Batch(document, [0], [len(document)], [b"%d" % number]), Tally())
    return found


def _scan_changes(detector: Detector, versions: list[Version]) -> tuple[list[Sighting], int]:
    """Return what is seen, and how many documents were laid down in part."""
    layer = Layer(Tally())
    found: list[Sighting] = []
    partial = 0
    for number, (document, delta, parent) in enumerate(versions):
        change = None if parent is None else (b"%d" % parent, delta)
        for batch in layer.put_file(b"%d" % number, document, change):
            partial += len(batch.partial)
            found += detector.scan(batch, Tally())
    for batch in layer.flush():
        partial += len(batch.partial)
        found += detector.scan(batch, Tally())
    return found, partial


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector(RULES, tmp_path_factory.mktemp("patterns"))


@settings(max_examples=150)
@given(versions=histories())
def test_looking_only_at_what_changed_sees_what_looking_at_everything_sees(
    detector: Detector, versions: list[Version]
) -> None:
    assert _facts(_scan_changes(detector, versions)[0]) == _facts(_scan_whole(detector, versions))


@pytest.mark.parametrize("cut", range(1, len(EXAMPLES[0]), 7))
def test_a_credential_that_a_later_version_completes_is_seen_in_it(detector: Detector, cut: int) -> None:
    half, rest = EXAMPLES[0][:cut], EXAMPLES[0][cut:]
    first = FILLER + half + b"\n" + FILLER
    at = len(FILLER) + cut
    delta = _delta(first, [(0, at), rest, (at, len(first))])
    plain = _delta(FILLER * 2, [(0, len(FILLER)), b"a new line\n", (len(FILLER), 2 * len(FILLER))])
    versions: list[Version] = [
        (first, b"", None),
        (apply_delta(first, delta), delta, 0),
        (FILLER * 2, b"", None),
        (apply_delta(FILLER * 2, plain), plain, 2),
    ]
    found, partial = _scan_changes(detector, versions)
    assert any(s.spot.label == b"1" for s in found)
    assert _facts(found) == _facts(_scan_whole(detector, versions))
    assert partial, "else nothing was left out, and nothing was tried here"


@pytest.mark.parametrize("rule", [r for r in RULES if r.literals], ids=lambda r: r.id)
def test_a_change_at_either_end_of_the_widest_anchor_is_seen(detector: Detector, rule: Rule) -> None:
    literal = max(rule.literals, key=len)
    text = next((e.text for e in rule.examples if literal in e.text), "")
    wide, form = text.encode("utf-32-le"), literal.encode("utf-32-le")[:-3]
    begin = len(FILLER) + wide.find(form)
    target = FILLER + wide + FILLER
    versions: list[Version] = []
    for at in (begin, begin + len(form) - 1):
        broken = target[:at] + b"~" + target[at + 1 :]
        delta = _delta(broken, [(0, at), target[at : at + 1], (at + 1, len(target))])
        versions += [(broken, b"", None), (apply_delta(broken, delta), delta, len(versions))]
    assert _facts(_scan_changes(detector, versions)[0]) == _facts(_scan_whole(detector, versions))


@settings(max_examples=200)
@given(base=st.just(FILLER), own=edits)
def test_outside_of_what_changed_a_document_is_like_its_base(base: bytes, own: list[Edit]) -> None:
    document, delta = _edited(base, own)
    stretches = changed(delta, len(document), AROUND_BYTES)
    assert stretches[-1][1] == len(document)
    done = 0
    for start, stop in stretches:
        assert 0 <= done <= start <= stop <= len(document)
        if start > done:
            # With what stands around it, unless that is the beginning.
            assert document[max(done - AROUND_BYTES, 0) : start + AROUND_BYTES] in base
            assert done or base.startswith(document[:start])
        done = stop


def test_no_built_in_anchor_is_wider_than_what_is_read_around_a_change(detector: Detector) -> None:
    most = detector._matcher.widest
    assert most is not None
    assert most < AROUND_BYTES


@pytest.mark.parametrize(
    ("expression", "most"),
    [
        (rb"sig=", 4),
        (rb"(?i)[a-z0-9]{3,24}\.blob\b", 29),
        (rb"(?:^|[^A-Za-z])abcd(?:ef|ghi)?", 8),
        (rb"s\x00i\x00g", 5),
        (rb"AccountKey\s*=", None),
        (rb"[a-z]+\.example", None),
        (rb"abcd{,9}", None),
        (rb"abcd\Qe\E", None),
    ],
)
def test_the_width_of_an_anchor_is_known_or_said_to_be_unknown(expression: bytes, most: int | None) -> None:
    assert widest([b"abcd", expression]) == most


def test_with_an_anchor_of_any_width_documents_are_read_whole(tmp_path: Path) -> None:
    rule = """
id = "example-far"
title = "t"
provider = "azure"
kind = "k"
why = "w"
fix = "f"
references = ["https://example.com"]
anchors = ['begin[^~]*~end~']
pattern = 'begin[^~]+~end~'
before = 8000
examples = ["begin ~end~"]
counterexamples = ["begin"]
"""
    far = Detector((parse_rule(rule, "far.toml"),), tmp_path)
    first = FILLER + b"begin" + FILLER[:3_000] + FILLER
    at = len(FILLER) + 3_005
    delta = _delta(first, [(0, at), b"~end~", (at, len(first))])
    versions: list[Version] = [(first, b"", None), (apply_delta(first, delta), delta, 0)]
    found, _ = _scan_changes(far, versions)
    assert [s.spot.label for s in found] == [b"1"]
    assert _facts(found) == _facts(_scan_whole(far, versions))
