"""A finding's places are written by hand, for speed: what comes out is what the encoder would write."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report import samples

from tidegate.model import codec
from tidegate.model.place import Place
from tidegate.records import replace
from tidegate.report._finding import finding_text
from tidegate.report._json import dumps

TEXTS = st.text(max_size=20) | st.sampled_from(
    ['", "occurrences": []', "##vso[", "\x1b[0m", "a\\", "\udcff", "\x7f"]
)
PLACES = st.builds(
    Place,
    source=TEXTS,
    target=TEXTS,
    path=TEXTS,
    line=st.integers(1),
    column=st.integers(1),
    unwrapped=st.lists(TEXTS, max_size=2).map(tuple),
    commit=st.none() | TEXTS,
    author=st.none() | TEXTS,
    committed_at=st.none() | st.datetimes().map(lambda at: at.replace(tzinfo=UTC)),
    in_head=st.none() | st.booleans(),
    versions=st.integers(1),
)


def test_every_sample_is_written_as_the_encoder_writes_it() -> None:
    for report in (samples.small(), samples.asked(), samples.thirty(), samples.hostile(), samples.many(5)):
        for finding in report.findings:
            assert finding_text(finding) == dumps(codec.finding_to_dict(finding))


@given(places=st.lists(PLACES, max_size=3), title=TEXTS)
def test_whatever_stands_in_a_place_it_is_written_as_the_encoder_writes_it(
    places: list[Place], title: str
) -> None:
    finding = replace(samples.small().findings[0], title=title, occurrences=tuple(places))
    assert finding_text(finding) == dumps(codec.finding_to_dict(finding))


def test_a_time_with_a_fraction_keeps_it() -> None:
    place = replace(samples.place("a"), committed_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    finding = replace(samples.small().findings[0], occurrences=(place,))
    assert '"committed_at": "2026-01-02T03:04:05.000006Z"' in finding_text(finding)
