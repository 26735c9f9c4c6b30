"""The quick dataclasses are the standard library's in all that anybody sees of them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any, ClassVar

import pytest

from tidegate import records


def _both(**options: Any) -> list[type]:
    """Return one class made by each, with the fields that a type of ours may have."""
    made = []
    for module in (dataclasses, records):

        @module.dataclass(**options)  # type: ignore[attr-defined,untyped-decorator]
        class Thing:
            """Something."""

            SIZE: ClassVar[int] = 3
            name: str
            count: int = 0
            inner: dict[str, int] = module.field(default_factory=dict)  # type: ignore[attr-defined]
            hidden: str = module.field(default="", repr=False, compare=False)  # type: ignore[attr-defined]

            @property
            def twice(self) -> int:
                return self.count * 2

        made.append(Thing)
    return made


_OPTIONS: list[dict[str, bool]] = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "kw_only": True},
    {"slots": True, "eq": False},
]


@pytest.mark.parametrize("options", _OPTIONS, ids=str)
def test_instances_look_compare_and_hash_as_the_standard_library_has_it(options: dict[str, bool]) -> None:
    shown = []
    for kind in _both(**options):
        one, same, other = kind(name="a", hidden="x"), kind(name="a", hidden="y"), kind(name="a", count=1)
        hashes: list[Any] = []
        for each in (one, same):
            try:
                hashes.append(hash(each))
            except TypeError as why:
                hashes.append(type(why))
        shown.append(
            (
                repr(one).replace(f"{kind.__qualname__}", "Thing"),
                one == same,
                one == other,
                one == "a",
                hashes[0] == hashes[1],
                hashes[0] is TypeError,
                hasattr(one, "__dict__"),
                kind.__match_args__,
                one.twice,
                kind.SIZE,
                kind.__doc__,
                one.inner is same.inner,
            )
        )
    assert shown[0] == shown[1]


@pytest.mark.parametrize("options", _OPTIONS, ids=str)
def test_the_standard_librarys_tools_take_them(options: dict[str, bool]) -> None:
    told = []
    for kind in _both(**options):
        parameters = inspect.signature(kind).parameters.values()
        one = kind(name="a", inner={"b": 1})
        told.append(
            (
                [(each.name, each.type, each.repr, each.compare) for each in dataclasses.fields(kind)],
                [each.name for each in records.fields(one)],
                dataclasses.is_dataclass(kind),
                dataclasses.asdict(one),
                dataclasses.asdict(dataclasses.replace(one, count=2)),
                dataclasses.asdict(records.replace(one, name="c")),
                dataclasses.asdict(copy.copy(one)),
                [(each.name, each.kind, each.annotation) for each in parameters],
            )
        )
    assert told[0] == told[1]


def test_a_frozen_one_cannot_be_changed() -> None:
    for slots in (True, False):
        for kind in _both(frozen=True, slots=slots):
            one = kind(name="a")
            for change in (
                lambda one=one: setattr(one, "name", "b"),
                lambda one=one: delattr(one, "name"),
            ):
                with pytest.raises(dataclasses.FrozenInstanceError):
                    change()
            assert one.name == "a"


@pytest.mark.parametrize("given", [(), (1, 2, 3, 4, 5), ("a", 1, {}, "", "")])
def test_wrong_arguments_are_refused(given: tuple[Any, ...]) -> None:
    for kind in _both(frozen=True, slots=True):
        with pytest.raises(TypeError):
            kind(*given)
    for kind in _both(kw_only=True):
        with pytest.raises(TypeError):
            kind("a")


@records.dataclass(frozen=True, slots=True)
class Base:
    """One that others are derived from."""

    name: str
    count: int = 1


@records.dataclass(frozen=True, slots=True)
class Derived(Base):
    """With a field more, and a check."""

    more: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("less than none")


@dataclasses.dataclass(frozen=True)
class DerivedByTheStandardLibrary(Base):
    """As somebody who uses the library may do."""

    more: tuple[int, ...] = ()


def test_fields_of_a_base_come_first_and_its_values_are_checked() -> None:
    one = Derived("a", 2, (3,))
    assert (one.name, one.count, one.more) == ("a", 2, (3,))
    assert repr(one) == "Derived(name='a', count=2, more=(3,))"
    assert one != Base("a", 2)
    with pytest.raises(ValueError, match="less than none"):
        Derived("a", -1)
    with pytest.raises(ValueError, match="less than none"):
        records.replace(one, count=-1)


def test_a_class_of_the_standard_library_may_be_derived_from_one() -> None:
    one = DerivedByTheStandardLibrary("a", more=(1,))
    assert dataclasses.asdict(one) == {"name": "a", "count": 1, "more": (1,)}
    assert records.replace(one, name="b") == DerivedByTheStandardLibrary("b", more=(1,))


def test_they_go_through_a_pickle_and_back() -> None:
    for one in (Base("a"), Derived("a", 2, (3,))):
        assert pickle.loads(pickle.dumps(one)) == one


def test_a_default_that_would_be_shared_and_one_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="shared"):

        @records.dataclass
        class _Shared:
            names: list[str] = []  # noqa: RUF012

    with pytest.raises(TypeError, match="follows one that has"):

        @records.dataclass
        class _OutOfOrder:
            name: str = ""
            count: int  # type: ignore[misc]


def test_its_own_method_wins_over_a_made_one() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Quiet:
        value: str

        def __repr__(self) -> str:
            return "Quiet(…)"

    assert repr(Quiet("secret")) == "Quiet(…)"
