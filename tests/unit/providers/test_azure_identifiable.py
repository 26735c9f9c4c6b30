from __future__ import annotations

import base64
import hashlib

import pytest

from tidegate.providers.azure.identifiable import check, marvin32, mint


def test_the_hash_gives_the_published_vector() -> None:
    assert marvin32(b"abc", 0xD53CD9CECD0893B7) == 0x6BE02A86


def test_a_minted_key_passes_and_looks_like_azures() -> None:
    key = mint(bytes(range(57)))
    assert len(key) == 88
    assert key[76:80] == "+ASt"
    assert check(key) is True


@pytest.mark.parametrize("place", [0, 40, 75, 81, 83])
def test_one_wrong_character_breaks_the_checksum(place: int) -> None:
    key = mint(bytes(57))
    wrong = key[:place] + ("B" if key[place] != "B" else "C") + key[place + 1 :]
    assert check(wrong) is False


def test_an_older_key_and_a_lock_files_hash_carry_no_checksum() -> None:
    digest = base64.b64encode(hashlib.sha512(b"left-pad").digest()).decode()
    assert check(digest) is None
    assert check("") is None
    assert check("é" * 88) is None


def test_a_key_is_minted_from_57_bytes_only() -> None:
    with pytest.raises(ValueError, match="57"):
        mint(bytes(64))
