"""The texts around a secret do not show it: neither whole nor cut off, in no spelling of a link."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from lists import signature

from tidegate.engine.mask import MASKED, Mask
from tidegate.model.document import Spot
from tidegate.model.place import Place
from tidegate.model.report import Gap
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting

SECRET = signature(1)


def sighting(secret: str, kind: str = "sas") -> Sighting:
    return Sighting(
        rule="azure-sas",
        provider="azure",
        kind=kind,
        text=Secret(secret),
        secret=Secret(secret),
        spot=Spot("a", 1, 1),
    )


@pytest.fixture
def mask() -> Mask:
    mask = Mask()
    mask.learn([sighting(SECRET), sighting(signature(2))])
    return mask


@pytest.mark.parametrize("spelled", [SECRET, quote(SECRET, safe=""), quote(SECRET), SECRET.rstrip("=")])
def test_a_name_that_holds_a_secret_is_masked_in_every_spelling(mask: Mask, spelled: str) -> None:
    assert mask.text(f"notes/{spelled}.txt") == f"notes/{MASKED}.txt"


@pytest.mark.parametrize("size", range(16, len(SECRET)))
def test_a_name_that_was_cut_off_inside_of_a_secret_is_masked(mask: Mask, size: int) -> None:
    assert mask.text(f"a/{SECRET[:size]}...") == f"a/{MASKED}..."


def test_two_secrets_in_one_name_are_both_masked(mask: Mask) -> None:
    assert mask.text(f"{SECRET} {signature(2)} {SECRET}") == f"{MASKED} {MASKED} {MASKED}"


def test_a_signature_nobody_saw_is_masked_by_the_word_before_it() -> None:
    assert mask_of(f"x?sv=1&sig={signature(9)}&sp=r") == f"x?sv=1&sig={MASKED}&sp=r"


def mask_of(text: str) -> str:
    return Mask().text(text)


def test_what_is_learnt_later_counts_for_what_was_asked_before() -> None:
    mask = Mask()
    assert mask.text(f"a {SECRET}") == f"a {SECRET}"
    mask.learn([sighting(SECRET)])
    assert mask.text(f"a {SECRET}") == f"a {MASKED}"


def test_addresses_and_key_ids_are_no_secrets() -> None:
    mask = Mask()
    mask.learn([sighting("https://contosomodels.blob.core.windows.net/c", "public_url")])
    mask.learn([sighting("AKIATIDEGATEFAKEKEY2", "access_key_id")])
    text = "AKIATIDEGATEFAKEKEY2 of https://contosomodels.blob.core.windows.net/c"
    assert mask.text(text) == text


def test_places_and_gaps_are_masked(mask: Mask) -> None:
    place = Place(source="git", target=SECRET, path=f"d/{SECRET}", line=1, column=1, author=f"{SECRET} <a@b>")
    masked = mask.place(place)
    gap = mask.gap(Gap(stage="source", subject=f"d/{SECRET}", reason=f"no {SECRET}"))
    assert SECRET not in f"{masked}{gap}"
    assert (masked.line, masked.column, gap.stage) == (1, 1, "source")
