"""A file of a known form is judged as if no form were known, whatever stands in it."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_models.every import BENIGN, EVERY
from tidegate.inspectors.look import SMALL_BYTES, formats, glance, look
from tidegate.inspectors.pickles.forms import Forms, _NoFormError, forms
from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.pickles.whole import is_pickle_alone
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Inspection


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    forms.cache_clear()
    yield
    forms.cache_clear()


def alone(data: bytes, name: str = "a.pkl") -> Inspection:
    """Judge it in a process that has met no other."""
    forms.cache_clear()
    return look(Memory(data), name)


def learned(data: bytes) -> None:
    """Have its form known, if there is one: a form is taken up when it is met for the third time."""
    forms.cache_clear()
    for _ in range(3):
        look(Memory(data), "a.pkl")


_PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=70), st.binary(max_size=40)
)  # fmt: skip
_MADE = st.one_of(
    st.decimals(allow_nan=False),
    st.dates(),
    st.builds(collections.OrderedDict, st.dictionaries(st.text(max_size=3), _PLAIN, max_size=2)),
    st.builds(collections.deque, st.lists(_PLAIN, max_size=3)),
    st.builds(complex, st.floats(), st.floats()),
)
_VALUES = st.recursive(
    _PLAIN | _MADE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    | st.tuples(inner, inner),
    max_leaves=8,
)  # fmt: skip


@given(_VALUES, st.integers(2, 5), st.data())
def test_what_follows_a_known_form_is_judged_as_if_alone(
    value: object, protocol: int, data: st.DataObject
) -> None:
    first = pickle.dumps(value, protocol)
    learned(first)
    second = bytearray(first)
    for at in data.draw(st.lists(st.integers(0, len(first) - 1), max_size=3)):
        second[at] = data.draw(st.integers(0, 255))
    other = bytes(second)
    found = look(Memory(other), "a.pkl")
    assert found == alone(other)


def _same_shape(value: object, draw: st.DataObject) -> object:
    if isinstance(value, dict):
        return type(value)((_same_shape(key, draw), _same_shape(each, draw)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return type(value)(_same_shape(each, draw) for each in value)
    if isinstance(value, (bytes, str)):
        return draw.draw(st.binary(max_size=20) if isinstance(value, bytes) else st.text(max_size=20))
    return draw.draw(st.integers() | st.floats()) if isinstance(value, (int, float)) else value


@given(_VALUES, st.integers(2, 5), st.data())
def test_other_values_in_the_same_form_are_judged_as_if_alone(
    value: object, protocol: int, data: st.DataObject
) -> None:
    learned(pickle.dumps(value, protocol))
    other = pickle.dumps(_same_shape(value, data), protocol)
    found = look(Memory(other), "a.pkl")
    assert found == alone(other)


_TOKENS = st.sampled_from([
    b"K\x01", b"K\x02", b"N", b"\x88", b"\x8c\x01a", b"\x8c\x0a__reduce__", b"C\x03abc", b"C\x02\x80\x04", b"]",
    b"}", b")", b"(", b"t", b"\x85", b"\x86", b"a", b"e", b"s", b"u", b"0", b"1", b"2", b"\x94", b"q\x00", b"h\x00",
    b"h\x01", b"r\x01\0\0\0", b"\x8c\x0bcollections\x8c\x07Counter\x93", b"ccollections\nOrderedDict\n", b"R",
    b"\x81", b"b", b"\x8c\x06codecs\x8c\x06encode\x93", b"\x8c\x08builtins\x8c\x05bytes\x93",
    b"\x8c\x08builtins\x8c\x07getattr\x93", b"\x8c\x09functools\x8c\x07partial\x93", b"d", b"l", b"\x8f", b"\x90",
    b"X\x02\0\0\0hi", b"\x8c\x05numpy\x8c\x05dtype\x93", b"\x8c\x02f8",
])  # fmt: skip


@given(st.lists(_TOKENS, max_size=24), st.data())
def test_opcodes_in_any_order_are_judged_as_if_alone(body: list[bytes], data: st.DataObject) -> None:
    learned(b"\x80\x04" + b"".join(body) + b".")
    plain = (b"K\x07", b"J\0\0\0\xff", b"\x89", b"\x8c\x02os", b"\x8c\0", b"C\x03\x80\x04N")
    swapped = [data.draw(st.sampled_from([each, *plain])) if each[:1] in b"KN\x88\x8cC" and len(each) < 13 else each
               for each in body]  # fmt: skip
    other = b"\x80\x04" + b"".join(swapped) + b"."
    found = look(Memory(other), "a.pkl")
    assert found == alone(other)


def test_no_sample_is_judged_otherwise_when_every_form_is_known() -> None:
    built = [each.build() for each in EVERY]
    small = [each for each in built if len(each) <= SMALL_BYTES and each[:1] == b"\x80"]
    assert len(small) > 50
    expected = [alone(each) for each in small]
    forms.cache_clear()
    for each in small * 3:
        look(Memory(each), "a.pkl")
    assert [look(Memory(each), "a.pkl") for each in small] == expected


_ENDS = st.sampled_from([
    b"", b"{", b"TFL3", b"PK\5\6" + bytes(18), b"\x89HDF\r\n\x1a\n", b"tree\nversion=", b"flavors:", b"chat_template",
    b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", b"119547037146038801333356L\n", b"0x1950a86a20f9469cfc6c", b"ustar",
    bytes.fromhex("6cfc9c46f9206aa85019"), b"koly", b"_tf_keras_", b"\x0a\x02ab", b"0001234\0",
])  # fmt: skip


@given(
    st.sampled_from([b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5"]),
    st.lists(st.binary(max_size=600) | _ENDS, max_size=5),
    st.sampled_from(
        [
            "a.pkl",
            "MLmodel",
            "x.jinja",
            "config.yaml",
            "saved_model.pb",
            "m.onnx",
            "a.msgpack",
            "a.safetensors",
        ]
    ),
)
def test_what_is_taken_for_a_pickle_alone_no_other_format_claims(
    begin: bytes, parts: list[bytes], name: str
) -> None:
    data = begin + b"".join(parts)
    if is_pickle_alone(data):
        claims = [each.id for each in formats() if each.claims(data[:4096], data[-4096:], len(data), name)]
        assert claims == ["pickle"]


def test_no_sample_that_is_taken_for_a_pickle_alone_is_claimed_by_another_format() -> None:
    for each in EVERY:
        data = each.build()
        if len(data) <= SMALL_BYTES and is_pickle_alone(data):
            name = each.name
            claims = [
                each.id for each in formats() if each.claims(data[:4096], data[-4096:], len(data), name)
            ]
            assert claims == ["pickle"]


@pytest.mark.parametrize("kind", ["octal", "with a base", "large"])
def test_a_pickle_that_is_a_tar_too_is_not_taken_for_a_pickle_alone(kind: str) -> None:
    block = bytearray(pickle.dumps(["."] * 40 + ["x" * 60] * 9, 4).ljust(512, b"."))
    block[148:156] = b" " * 8
    total = sum(block)
    block[148:156] = {
        "octal": b"%06o\0 " % total,
        "with a base": b"0o%05o\0" % total,
        "large": b"\x80" + total.to_bytes(7, "big"),
    }[kind]
    data = bytes(block) + bytes(1024) + b"."
    assert "tar" in [
        each.id for each in formats() if each.claims(data[:4096], data[-4096:], len(data), "a.pkl")
    ]
    assert not is_pickle_alone(data)


def test_thousands_of_arrays_and_labels_are_of_one_form() -> None:
    def sample(number: int) -> bytes:
        held = {
            "label": f"class {number}",
            "score": number / 7,
            "seen": number % 2 == 0,
            "at": dt.date(2024, 1, 1),
            "price": decimal.Decimal("1.5"),
        }
        return pickle.dumps(held, 4)

    learned(sample(1))
    assert all(glance(sample(number), "a.pkl") is not None for number in range(3, 300))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Counter", b"Chainer"),  # the name itself
        (b"\x8c\x04note", b"\x8c\x04sort"),
        (b"K\x05", b"K\x06"),
    ],
)
def test_a_name_is_never_part_of_what_may_differ(before: bytes, after: bytes) -> None:
    value = {"note": collections.Counter({"a": 5}), "n": 5}
    first = pickle.dumps(value, 4)
    learned(first)
    other = first.replace(before, after)
    assert look(Memory(other), "a.pkl") == alone(other)


def test_what_a_reader_of_another_format_finds_in_a_constant_is_told() -> None:
    value = [collections.Counter(), b"x" * 22]
    learned(pickle.dumps(value, 4))
    inside = b"PK\x05\x06" + bytes(18)
    other = pickle.dumps([collections.Counter(), inside], 4)
    assert glance(other, "a.pkl") is None
    assert look(Memory(other), "a.pkl") == alone(other)


def test_items_of_an_ordered_dictionary_may_differ_and_arguments_of_a_call_may_not() -> None:
    def sample(number: int, real: float = 1.0) -> bytes:
        return pickle.dumps(collections.OrderedDict(a=number, b=complex(real, 0)), 4)

    learned(sample(1))
    assert glance(sample(77), "a.pkl") is not None
    assert glance(sample(77, real=2.0), "a.pkl") is None


def test_a_kind_without_a_form_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    monkeypatch.setattr("tidegate.inspectors.pickles.forms._form", lambda *_: _refuse(tried))
    known, data = Forms(frozenset()), pickle.dumps([collections.Counter()], 4)
    for _ in range(20):
        known.learn(data, judge_pickles(Memory(data)))
    assert len(tried) == 1


def _refuse(tried: list[int]) -> None:
    tried.append(1)
    raise _NoFormError


def test_what_is_remembered_is_bounded() -> None:
    known = Forms(frozenset())
    for size in range(200):
        data = pickle.dumps([collections.Counter()] + [[]] * size, 4)
        for _ in range(3):
            known.learn(data, judge_pickles(Memory(data)))
    assert 0 < len(known._forms) <= 64


def test_every_small_harmless_pickle_has_a_form_or_is_looked_at_closely() -> None:
    kept = 0
    for each in BENIGN:
        data = each.build()
        if data[:1] == b"\x80" and len(data) <= SMALL_BYTES:
            learned(data)
            kept += glance(data, each.name) is not None
    assert kept > 10
