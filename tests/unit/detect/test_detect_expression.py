"""Expressions: bounds that are looked at only where something is longer than they are change no match."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.detect.engine import Detector
from tidegate.detect.expression import Expression
from tidegate.detect.rules import Rule, load_rules

RULES = load_rules()
COUNTED = [rule for rule in RULES if rule.regex._longest]
EXACT = {rule.id: Expression(rule.pattern, rule.id) for rule in COUNTED}
SIGNATURE = "247a2aa45f169edf4d187d54e7cc46e4a1b2c3d4e5f60718293a4b5c6d7e8f90"


def _piece(rule: Rule) -> st.SearchStrategy[bytes]:
    """Parts of what the rule knows, and runs that are just as long as its bounds, and longer."""
    known = [text.encode() for text in (*(e.text for e in rule.examples), *rule.counterexamples)]
    words = [word.encode() for word in re.findall(r"[A-Za-z0-9]{2,}(?:://|[.:/=])?", rule.pattern)]
    runs = st.builds(
        lambda sign, count: sign * count, st.sampled_from([b"a", b"a.", b"Z", b"-"]), st.integers(1, 130)
    )
    cut = st.builds(lambda text, low: text[low : low + 60], st.sampled_from(known), st.integers(0, 60))
    return (
        st.sampled_from(known)
        | st.sampled_from(words)
        | runs
        | cut
        | st.sampled_from([b".", b"/", b"s3", b"\n"])
    )


@pytest.mark.parametrize("rule", COUNTED, ids=[rule.id for rule in COUNTED])
def test_without_bounds_at_first_a_rule_finds_what_it_finds_with_them(rule: Rule) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(_piece(rule), max_size=12).map(b"".join))
    def same(text: bytes) -> None:
        assert list(rule.regex.find_all(text)) == list(EXACT[rule.id].find_all(text))

    same()


def _in_repeats(tree: Iterable[Any], repeats: bool = False) -> set[int]:
    """Return the numbers of the groups that stand in something that repeats, as the standard library parses."""
    found: set[int] = set()
    for sign, value in tree:
        name = str(sign)
        if name == "SUBPATTERN":
            if repeats and value[0]:
                found.add(value[0])
            found |= _in_repeats(value[3], repeats)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            found |= _in_repeats(value[2], repeats or value[1] > 1)
        elif name == "BRANCH":
            for branch in value[1]:
                found |= _in_repeats(branch, repeats)
    return found


@pytest.mark.parametrize("rule", COUNTED, ids=[rule.id for rule in COUNTED])
def test_no_group_whose_bound_is_left_out_stands_in_something_that_repeats(rule: Rule) -> None:
    parsed = re._parser.parse(rule.pattern)  # type: ignore[attr-defined]
    assert not _in_repeats(parsed) & {index for index, _ in rule.regex._longest}


def test_a_group_in_something_that_repeats_keeps_its_bound() -> None:
    pattern = r"(?:(?P<one>[a-z]{1,3}),){2}(?P<two>[a-z]{1,3})(?P<three>[0-9]{1,3})?"
    expression = Expression(pattern, "here", relaxed=True)
    assert [most for _, most in expression._longest] == [3, 3]
    assert [spans[0] for spans in expression.find_all(b"abcd,ab,abcde12345")] == [(1, 11)]


def test_a_name_that_is_too_long_is_cut_as_the_bound_says() -> None:
    expression = Expression(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])", "here", relaxed=True)
    assert [spans[1] for spans in expression.find_all(b"s3://" + b"a" * 63)] == [(5, 68)]
    assert [spans[1] for spans in expression.find_all(b"s3://" + b"a" * 64 + b" s3://bcd")] == [
        (5, 68),
        (75, 78),
    ]


def test_a_link_keeps_its_host_before_a_parameter_with_a_long_name() -> None:
    link = f"https://storage.googleapis.com/contoso/a?{'n' * 100}=1&X-Goog-Date=20260101T000000Z&X-Goog-Signature={SIGNATURE}"
    (found,) = [s for s in Detector(RULES).scan_text(f"get {link} now") if s.rule == "gcs-signed-url"]
    assert found.text.reveal() == link
