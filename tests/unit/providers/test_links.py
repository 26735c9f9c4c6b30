"""Taking links apart, whatever happened to them."""

from __future__ import annotations

import time

import pytest
from provider_sightings import DECODERS, NOW, sighting

from tidegate.providers._link import read_link, redact_link

FORMS = [
    ("https://a.example:8443/b/c?x=1", "a.example", 8443, "b/c"),
    ("HTTPS://A.EXAMPLE:443/b", "a.example", None, "b"),
    ("a.example/b?x=1", "a.example", None, "b"),
    ("/b/c?x=1", "", None, "b/c"),
    ("?x=1", "", None, ""),
    ("x=1&y=2", "", None, ""),
    ("https://user:pw@a.example/b", "a.example", None, "b"),
    ("<https://a.example/b>", "a.example", None, "b"),
    ("https://[::1]:10000/b", "[::1]", 10000, "b"),
    ("https://a.example/b%20c%2Fd#part", "a.example", None, "b c/d"),
]


@pytest.mark.parametrize(("text", "host", "port", "path"), FORMS)
def test_a_link_is_taken_apart(text: str, host: str, port: int | None, path: str) -> None:
    link = read_link(text)
    assert (link.host, link.port, link.path) == (host, port, path)


@pytest.mark.parametrize("separator", ["&", "&amp;", "&#38;", "&#x26;", "\\u0026", "&&"])
def test_parameters_are_parted_however_the_ampersand_is_written(separator: str) -> None:
    link = read_link(f"https://a.example/?x=1{separator}y=a+b/c=={separator}z=%2B")
    assert (link.get("x"), link.get("y"), link.get("z")) == ("1", "a+b/c==", "+")


def test_a_name_that_stands_twice_is_told() -> None:
    assert read_link("?x=1&X=2").contradictions() == (
        "the parameter x stands more than once with different values",
    )
    assert read_link("?x=1&x=1").contradictions() == ()


def test_a_redacted_link_drops_passwords_and_fragments_and_masks_unknown_values() -> None:
    shown = redact_link("https://user:pw@a.example/p?sv=1&q=secret#token", frozenset({"sv"}))
    assert shown == "https://a.example/p?sv=1&q=REDACTED"


def test_a_redacted_link_has_no_control_characters_and_ends() -> None:
    shown = redact_link("https://a.example/\x1b[31m\u202e?sv=%0d%0a&" + "x=1&" * 1000, frozenset({"sv"}))
    assert shown.isprintable()
    assert len(shown) <= 600


HUGE = {
    "one parameter": "https://a.example/?sig=1&sv=2" + "&a=b" * 250_000,
    "percent signs": "?sig=1&sv=2&sp=" + "%" * 1_000_000,
    "host": "https://" + "a-" * 500_000 + ".blob.core.windows.net/?sig=1&sv=2",
    "letters": "?sig=1&sv=2&sp=" + "r" * 1_000_000,
    "form": "<input " * 150_000,
    "attributes": 'a="' * 330_000,
    "policy": "eyJ" * 330_000,
    "json": '{"a":' * 200_000,
    "pairs": "AccountKey=" + "a=b;" * 250_000,
}


@pytest.mark.parametrize("what", HUGE)
@pytest.mark.parametrize("provider", sorted(DECODERS))
def test_a_megabyte_of_anything_is_decided_at_once(what: str, provider: str) -> None:
    kinds = {"azure": "sas", "s3": "post_policy", "gcs": "service_account_key", "other": "tencent_cos"}
    seen = sighting(provider, kinds[provider], HUGE[what])
    begun = time.process_time()
    DECODERS[provider].decode(seen, NOW)
    DECODERS[provider].redact(seen)
    assert time.process_time() - begun < 2, "measured: below 0.1 s; quadratic reading takes minutes"
