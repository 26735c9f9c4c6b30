"""The two lists: exact, disjoint, and what benign pickles need."""

from __future__ import annotations

import argparse
import array
import collections
import datetime as dt
import decimal
import fractions
import functools
import ipaddress
import pathlib
import pickle
import random
import re
import tomllib
import types
import uuid
from importlib import resources

import numpy as np
import pytest
from seen import judged, sentences, word

from tidegate.inspectors.pickles.names import LISTS, SINKS, Listed, Sink, listed, sinks, standing, table
from tidegate.model.observation import Verdict

BENIGN = [
    collections.OrderedDict(a=1), collections.Counter("aab"), collections.deque([1], 3), collections.defaultdict(list, a=[1]),
    dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.timedelta(1), decimal.Decimal("1.2"), fractions.Fraction(1, 2),
    uuid.UUID(int=7), pathlib.PurePosixPath("a/b"), ipaddress.ip_address("192.0.2.1"), ipaddress.ip_network("192.0.2.0/24"),
    functools.partial(max, 1), types.SimpleNamespace(a=1), random.Random(1), re.compile("a+"), array.array("d", [1.0]),
    argparse.Namespace(a=1), 1 + 2j, {1, 2}, frozenset([1]), bytearray(b"x"), b"abc", range(3), ValueError("x"), int, type(None),
    np.arange(5), np.float64(1), np.array(["a", "b"]), np.array([1, None], dtype=object), np.zeros(2, dtype=[("a", "i4")]),
    np.dtype("f4"), np.ma.array([1, 2], mask=[0, 1]), np.random.RandomState(1), np.random.default_rng(1), np.log1p, np.float32,
    np.asfortranarray(np.ones((3, 2))), np.datetime64("2026-01-01"),
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", BENIGN, ids=lambda value: type(value).__name__)
def test_a_benign_value_raises_no_alarm_in_any_protocol(value: object, protocol: int) -> None:
    try:
        raw = pickle.dumps(value, protocol)
    except TypeError:  # numpy's dtypes need protocol 2
        assert protocol < 2
        return
    assert word(raw) is Verdict.CLEAN
    assert sentences(raw) == []  # not even a fact


def test_no_name_stands_on_both_lists() -> None:
    for key in listed():
        module, _, attribute = key.partition(":")
        assert isinstance(standing(module, attribute), Listed)
        assert f"{module}.{attribute}" not in sinks().names
        assert module not in sinks().modules


def test_the_lists_are_long_enough_to_be_of_use() -> None:
    assert len(sinks().names) >= 300
    assert sum(entry.torch for entry in listed().values()) >= 144


@pytest.mark.parametrize(
    ("module", "attribute"),
    [
        ("torch._utils", "_rebuild_tensor_v2x"),
        ("Torch", "Tensor"),
        ("torch._utils.x", "_rebuild_tensor"),
        ("collections", "ordereddict"),
    ],
)
def test_names_are_exact(module: str, attribute: str) -> None:
    assert not isinstance(standing(module, attribute), Listed)


@pytest.mark.parametrize(
    ("module", "attribute", "category"),
    [
        ("os", "system", "process"), ("__builtin__", "eval", "code"), ("builtins", "exec", "code"), ("torch.ops", "load_library", "native"),
        ("pip", "main", "process"), ("numpy", "load", "load"), ("joblib.numpy_pickle_compat", "NDArrayWrapper", "load"),
        ("urllib2", "urlopen", "network"), ("collections", "OrderedDict.__init__.__globals__", "attribute"), ("shutil", "rmtree", "file"),
        ("importlib", "import_module", "import"), ("marshal", "loads", "code object"), ("commands", "getoutput", "process"),
    ],
)  # fmt: skip
def test_a_known_danger_is_named_by_its_kind(module: str, attribute: str, category: str) -> None:
    entry = standing(module, attribute)
    assert isinstance(entry, Sink)
    assert entry.category == category


def test_the_state_of_an_unlisted_class_is_told() -> None:
    raw = b"\x80\x02cshop\nBasket\n)\x81}b."
    assert judged(raw).unlisted
    assert "on load, sets the state of an instance of shop.Basket, by its own __setstate__" in sentences(raw)


@pytest.mark.parametrize("file", [*LISTS, SINKS])
def test_a_list_is_read_as_a_toml_reader_reads_it(file: str) -> None:
    text = resources.files("tidegate.inspectors.pickles").joinpath(file).read_text(encoding="utf-8")
    assert table(file) == tomllib.loads(text)["group"]
