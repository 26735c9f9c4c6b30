"""The account: exact to the byte, alike for a seed, and findable by name."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import lab_plans
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.lab import noise
from tidegate.lab.account import ITEMS, SIZE_BYTES, Account, make
from tidegate.lab.container import Blobs, Container
from tidegate.lab.names import Number, Words
from tidegate.lab.plan import Many, Plan
from tidegate.lab.sizes import Sizes


def sizes(container: Container) -> list[int]:
    return [
        int(size)
        for stretch, a, b in container.cut(0, container.items)
        for size in stretch.columns(np.arange(a, b, dtype=np.uint64)).sizes
    ]


def told(container: Container, prefix: bytes, delimiter: bytes, limit: int) -> list[bytes]:
    entries: list[bytes] = []
    after = b""
    while True:
        page = container.listing(limit, prefix=prefix, delimiter=delimiter, after=after)
        found = [
            name
            for each in page.entries
            for name in (container.keys(each.start, each.stop) if isinstance(each, Blobs) else [each])
        ]
        assert 0 < len(found) <= limit or page.after is None
        entries += found
        if page.after is None:
            return entries
        after = page.after


def test_the_account_holds_exactly_ten_million_blobs_and_38_terabytes(real_sized: Account) -> None:
    assert (
        (real_sized.items, real_sized.size_bytes) == (ITEMS, SIZE_BYTES) == (10_000_000, 38_000_000_000_000)
    )


@pytest.mark.parametrize("items", [60, 1_000, 30_000])
def test_the_sum_known_without_listing_is_the_sum_of_all_sizes(items: int) -> None:
    account = make(3, items=items, size_bytes=10**12)
    every = [size for container in account.containers for size in sizes(container)]
    assert (len(every), sum(every)) == (items, 10**12)
    assert min(every) > 0


@given(
    count=st.integers(1, 5_000),
    mean=st.floats(1, 1e9),
    sigma=st.floats(0.1, 2.5),
    stream=st.integers(0, 2**63),
)
def test_sizes_add_up_to_their_total_whatever_their_number(
    count: int, mean: float, sigma: float, stream: int
) -> None:
    dealt = Sizes(stream, count, mean, sigma)
    taken = dealt.take(np.arange(count, dtype=np.uint64))
    assert int(taken.sum()) == dealt.total
    assert taken.min() >= 1


def test_sizes_are_spread_as_a_log_normal_says() -> None:
    taken = np.log(Sizes(9, 50_000, 1e6, 1.2).take(np.arange(50_000, dtype=np.uint64)))
    assert taken.std() == pytest.approx(1.2, rel=0.1)
    assert taken.mean() == pytest.approx(np.log(1e6) - 1.2**2 / 2, rel=0.02)
    assert len(np.unique(taken)) > 40_000


def test_names_of_every_container_stand_in_order_and_once() -> None:
    for container in make(1, items=200_000).containers:
        names = container.keys(0, container.items)
        assert names == sorted(set(names)), container.name


def test_the_same_seed_gives_the_same_account_and_another_seed_another() -> None:
    def digest(account: Account) -> str:
        whole = hashlib.sha256()
        for container in account.containers:
            for stretch, a, b in container.cut(0, container.items):
                at = np.arange(a, b, dtype=np.uint64)
                columns = stretch.columns(at)
                whole.update(b"\n".join(stretch.keys(at)))
                whole.update(columns.sizes.tobytes() + columns.ticks.tobytes() + columns.tiers.tobytes())
                whole.update(stretch.read(a, 0, 100))
        return whole.hexdigest()

    first = digest(lab_plans.small(5))
    assert first == digest(lab_plans.small(5)) != digest(lab_plans.small(6))
    # Written down: another machine, another numpy or another Python must not change a byte.
    assert first == "2cd9e9f31ce429e6d9beb6bb77e411877455d1c2780b09569e656e4bfc8b9890"


def test_every_blob_is_found_by_its_name(account: Account) -> None:
    for container in account.containers:
        names = container.keys(0, container.items)
        assert [container.number(name) for name in names] == list(range(container.items))
        assert container.number(b"no such name") is None


def test_a_blob_of_ten_million_is_found_by_its_name(real_sized: Account) -> None:
    for container in real_sized.containers:
        for number in range(0, container.items, max(1, container.items // 20)):
            assert container.number(container.key(number)) == number


def test_true_files_stand_among_the_made_up_ones(account: Account) -> None:
    container = lab_plans.container(account)
    for path, data in lab_plans.TRUE.items():
        number = container.number(path.removeprefix("mixed/").encode())
        assert number is not None
        stretch, at = container.place(number)
        assert stretch.read(at, 0, len(data)) == data
        assert int(stretch.columns(np.array([at], np.uint64)).sizes[0]) == len(data)
    assert account.items == 260
    assert account.size_bytes == 40_000_000


def test_a_true_file_cannot_take_a_made_up_name() -> None:
    with pytest.raises(ValueError, match="made-up blob"):
        make(1, items=100, plans=lab_plans.PLANS, contents={"mixed/a/one": b""})


def test_too_few_blobs_or_bytes_are_refused_with_what_is_missing() -> None:
    with pytest.raises(ValueError, match="too few: the plans name"):
        make(1, items=3)
    with pytest.raises(ValueError, match="bytes are too few"):
        make(1, items=1000, size_bytes=500)
    with pytest.raises(ValueError, match="no single blob"):
        make(1, items=10, plans=[lab_plans.FLAT])


def test_patterns_without_names_enough_are_refused() -> None:
    many = Many(text="<inner>", inner=Number(width=2), items=1, bytes=1)
    with pytest.raises(ValueError, match="names for 100"):
        many.stretch("seed", 101, 1000)
    with pytest.raises(ValueError, match="does not stand before"):
        make(
            1,
            items=40,
            plans=[Plan(name="twice", parts=(*lab_plans.OPEN.parts, many, replace(many, text="0<inner>")))],
        )


def test_words_that_would_stand_in_another_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not in order when '/leaf' follows"):
        Many(
            text="<outer>/leaf", outer=Words(("x", "x-y")), inner=Number(width=1), per=1, items=1, bytes=1
        ).stretch("seed", 2, 10)


@settings(max_examples=25)
@given(st.data())
def test_a_listing_is_what_its_definition_says(account: Account, data: st.DataObject) -> None:
    container = lab_plans.container(account)
    names = container.keys(0, container.items)
    name = data.draw(st.sampled_from(names))
    prefix = data.draw(
        st.one_of(
            st.just(b""),
            st.integers(0, len(name)).map(lambda n: name[:n]),
            st.sampled_from([b"zzz", b"\x00", b"c/x-"]),
        )
    )
    delimiter = data.draw(st.sampled_from([b"", b"/", b"0", b"/0", b"."]))
    limit = data.draw(st.sampled_from([1, 3, 10, 50, 500]))
    assert told(container, prefix, delimiter, limit) == lab_plans.brute(names, prefix, delimiter)


def test_folders_of_the_whole_account_are_told_without_their_blobs(real_sized: Account) -> None:
    container = lab_plans.container(real_sized, "datasets")
    folders = told(container, b"imagenet-mirror/train/", b"/", 5000)
    first, end = container.find(b"imagenet-mirror/train/"), container.find(b"imagenet-mirror/train0")
    assert len(folders) == -(-(end - first) // 1300)
    assert folders == sorted(folders)


@given(start=st.integers(0, 5_000), length=st.integers(0, 300))
def test_any_part_of_made_up_contents_is_that_part_of_the_whole(start: int, length: int) -> None:
    whole = noise.content(77, 0, 5_400)
    assert noise.content(77, start, start + length) == whole[start : start + length]


@given(values=st.lists(st.integers(0, 2**63), min_size=1, max_size=30), base=st.sampled_from([10, 16]))
def test_digits_are_those_of_the_number(values: list[int], base: int) -> None:
    form = "020d" if base == 10 else "016x"
    rows = noise.digits(np.array(values, np.uint64), 20 if base == 10 else 16, base)
    assert [row.tobytes().decode() for row in rows] == [format(value, form) for value in values]
