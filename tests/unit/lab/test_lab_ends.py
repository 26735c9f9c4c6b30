"""Made-up blobs show by their ends what their names say, however they are read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidegate.lab.ends import fitted

SIZE = 3_000
NAMES = ("a/disk.vhd", "a/disk.vhdx", "home/.ssh/id_rsa", "p.jpg", "t.parquet", "plain.bin")


@given(st.sampled_from(NAMES), st.integers(0, SIZE), st.integers(0, SIZE))
def test_a_range_is_that_part_of_the_whole(name: str, one: int, other: int) -> None:
    start, stop = sorted((one, other))
    noise = bytes(n % 251 for n in range(SIZE))
    whole = fitted(noise, 0, SIZE, name)
    assert len(whole) == SIZE
    assert fitted(noise[start:stop], start, SIZE, name) == whole[start:stop]


def test_a_fixed_disk_has_its_mark_in_the_last_512_bytes() -> None:
    assert fitted(bytes(SIZE), 0, SIZE, "disk.vhd")[-512:-504] == b"conectix"
