"""What is public by intent does not alarm, and is counted with the reason; nothing else is silenced."""

from __future__ import annotations

import pytest
from fake import account_key, signature

from tidegate.kinds import known

CONSTANTS = {
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==": "the emulator's public key",
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==": "the emulator's public key",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "a documentation constant",
    "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY": "a documentation constant",
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404": "a documentation constant",
    "Z/RHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk=": "a documentation constant",
    "dD80ihBh5jfNpymO5Hg1IdiJIEvHcJpCMiCMnN/RnbI=": "a documentation constant",
    "a39+YozJhGp6miujGymjRpN8tsrQfLo9Z3i8IRyIpnQ=": "a documentation constant",
}


@pytest.mark.parametrize(("secret", "why"), CONSTANTS.items(), ids=lambda v: v[:12])
def test_a_constant_of_documentation_is_known_by_its_whole_value(secret: str, why: str) -> None:
    assert known.why_harmless("", secret, {}) == why
    if not secret.startswith("wJalr"):
        assert known.why_harmless("", secret[:-3] + "x" + secret[-2:], {}) is None


@pytest.mark.parametrize(
    "parts",
    [("OtxrzxIsfpFjA7SwPzIL", "wy8Bw21TLhquhboDYROV"), ("uV3F3YluFJax1cknvbcG", "wgjvx4QpvB+leU8dUj2o")],
    ids=["2005", "2007"],
)
def test_the_keys_of_amazons_first_guides_are_known(parts: tuple[str, str]) -> None:
    assert known.why_harmless("", "".join(parts), {}) == "a documentation constant"
    assert known.why_harmless("", "".join(reversed(parts)), {}) is None


def test_amazons_sample_with_another_end_is_known_and_another_secret_is_not() -> None:
    assert (
        known.why_harmless("", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMAAAKEY", {}) == "a documentation constant"
    )
    assert known.why_harmless("", "wJalrXUtnFEMI/K7MDENH/bPxRfiCYEXAMAAAKEY", {}) is None


@pytest.mark.parametrize(
    "secret",
    [
        "<your signature>",
        "[signature]",
        "{sig}",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "abcabcabcabcabcabcabcabcabcabc",
        "A" * 86 + "==",
        "your_account_key_goes_here_0123456789",
        "REDACTED",
        "changeme0123456789abcdefghijklmnop",
        "abcd********************efgh",
        "abcd....efgh",
        "0000000000000000000000000000000000000000000000000000000000000000",
    ],
)
def test_a_placeholder_is_known(secret: str) -> None:
    assert known.why_harmless("", secret, {}) == "a placeholder"


@pytest.mark.parametrize(
    "secret",
    [
        *(signature(n) for n in range(50)),
        *(account_key(n) for n in range(50)),
        "a4abd4448c49562d828115d13a1fccea927f52b4d5459297f8b43e42da89238b",
        "https://www.dropbox.com/s/tidegatefake0123/redacted.pdf",
        "https://drive.google.com/file/d/1TidegateFakeFileIdForTests0123456/view",
        "01234567-89ab-4cde-8f01-23456789abcd",
    ],
)
def test_what_a_machine_has_made_is_no_placeholder(secret: str) -> None:
    assert known.why_harmless("", secret, {}) is None


def test_the_emulators_account_and_a_documented_key_id_are_known() -> None:
    assert known.why_harmless("", account_key(1), {"account": "devstoreaccount1"}) == "the emulator's account"
    assert known.why_harmless("", "x", {"key_id": "AKIAIOSFODNN7EXAMPLE"}) == "a documentation constant"
    assert known.why_harmless("", account_key(1), {"account": "devstoreaccount2"}) is None
    assert known.why_harmless("", "x", {"key_id": "AKIATIDEGATEFAKEKEY2"}) is None


@pytest.mark.parametrize(
    "value",
    [
        "UseDevelopmentStorage=true",
        "AKIAIOSFODNN7EXAMPLE",
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=" + next(iter(CONSTANTS)),
        "https://contosomodels.blob.core.windows.net/c?sp=r&sig=<your-signature>",
        "https://contosomodels.blob.core.windows.net/c?sp=r&sig=" + "x" * 43 + "%3D",
        "x" * 20,
    ],
)
def test_a_settings_value_is_public_by_itself_or_by_all_keys_in_it(value: str) -> None:
    assert known.value_is_harmless(value)


@pytest.mark.parametrize(
    "value",
    [
        "Kq8(zP3wL1vN6mR0xT4y)",
        "<Kq8zP3wL1vN6mR0xT4y",
        "redactedKq8zP3wL1vN",
        "AccountName=contosomodels;AccountKey=" + account_key(3),
        "https://contosomodels.blob.core.windows.net/c?sp=r&sig=" + signature(3).replace("=", "%3D"),
        f"AccountKey={account_key(3)};BlobEndpoint=https://contosomodels.blob.core.windows.net/?sig=xxxx",
        "postgres://contoso:Kq8zP3wL1v@db.contoso.example/x",
    ],
)
def test_what_a_person_or_a_generator_made_is_not(value: str) -> None:
    assert not known.value_is_harmless(value)
