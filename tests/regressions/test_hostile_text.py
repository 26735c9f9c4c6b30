"""Texts that once took minutes, or hid what stood in them.

Each is read in the time of its length. The bound is forty times what it takes on a slow core, and a tenth of
what it took: these are no benchmarks.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tidegate.detect import match, stitch
from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules
from tidegate.detect.stitch import Surroundings
from tidegate.model.document import Batch, Tally
from tidegate.model.sighting import Sighting

SIZE = 300_000
"""Bytes of each text, about."""
BOUND_S = 6.0

RANDOM = random.Random(2026)


def _b64(size: int) -> str:
    return base64.b64encode(RANDOM.randbytes(size)).decode()


def _token() -> str:
    signature = _b64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return f"sv=2022-11-02&sr=c&sp=rl&se=2034-01-01T00:00:00Z&sig={signature}"


def _url() -> str:
    return f"https://contosomodels.blob.core.windows.net/c?{_token()}"


def _many(make: Callable[[], str], between: str = "\n") -> bytes:
    first = make()
    return between.join([first, *(make() for _ in range(SIZE // (len(first) + len(between))))]).encode()


def _anchored(run: bytes) -> bytes:
    """Return runs of a sign, each behind an anchor, so that the matcher nominates them all."""
    piece = b"&sig=abcdefgh " + run
    return piece * (SIZE // len(piece))


TEXTS: dict[str, tuple[Callable[[], bytes], int]] = {
    "sig= over and over": (lambda: b"sig=" * (SIZE // 4), 0),
    "parameters of one endless query": (lambda: _many(_token, "&"), 0),
    "account keys": (lambda: _many(lambda: f"AccountKey={_b64(64)}"), 2_900),
    "account keys, each with an account": (lambda: _many(lambda: f"storage_account: contosoone\nAccountKey={_b64(64)}"), 2_200),
    "secret keys of AWS": (lambda: b"AKIATIDEGATEFAKEKEY2\n" + _many(lambda: f"aws_secret_access_key={_b64(30)}"), 100),
    "bare tokens": (lambda: _many(lambda: f"'{_token()}'"), 2_300),
    "one line of links": (lambda: _many(lambda: f"'{_url()}'", ";a=1;"), 1_600),
    "one line of links with a mark": (lambda: _many(lambda: f"'{_url()}' tidegate:ignore", ";a=1;"), 1_500),
    "links in one base64 text": (lambda: base64.b64encode(_many(_url)), 1_700),
    "a base64 text a link": (lambda: _many(lambda: base64.b64encode(_url().encode()).decode()), 1_200),
    "links in one UTF-16 text": (lambda: _many(_url).decode().encode("utf-16-le"), 1_700),
    "islands of UTF-16": (lambda: b"\xff\xfe\xfd\xfc\xfb\xfa".join([_url().encode("utf-16-be")] * 900), 900),
    "a notebook of links": (lambda: json.dumps({"source": _many(_url).decode().split("\n")}).encode(), 1_600),
    "a notebook in a string": (lambda: json.dumps(json.dumps(_many(_url).decode().split())).replace("&", "\\u0026").encode(), 1_500),
    "backslashes": (lambda: _anchored(b"\\" * 30_000), 0),
    "backslashes that end in an escape": (lambda: b"&sig=abcdefgh" + b"\\" * SIZE + b"u0026", 0),
    "blanks": (lambda: _anchored(b" " * 30_000), 0),
    "blanks in reach of their anchors": (lambda: _anchored(b" " * 3_000), 0),
    "quotes": (lambda: _anchored(b'"' * 3_000), 0),
    "quotes with operators": (lambda: _anchored(b'"+ ' * 1_000), 0),
    "percent signs": (lambda: _anchored(b"%25" * 1_000), 0),
    "entities": (lambda: _anchored(b"&amp;amp;amp;sig=" * 60), 0),
    "quoted-printable": (lambda: _anchored(b"=3D" * 300), 0),
    "keys that begin": (lambda: b"-----BEGIN RSA PRIVATE KEY-----\n" * (SIZE // 32), 0),
    "keys that begin and go on in backslashes": (lambda: (b"-----BEGIN RSA PRIVATE KEY-----\n" + b"\\" * 4_000) * 75, 0),
    "keys whose header goes on": (lambda: (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: " + b"x" * 4_000) * 75, 0),
    "a word that a name may follow": (lambda: b"azurerm_storage_account " * (SIZE // 24) + b"\nsas='" + _token().encode() + b"'", 1),
    "words of names": (lambda: _many(lambda: f"bucket container_name account_name '{_token()}'", " " * 8), 1_500),
    "a bomb": (lambda: base64.b64encode(gzip.compress(bytes(100 << 20))), 0),
    "one link without an end": (lambda: b"https://a.blob.core.windows.net/" + b"a=b&sig=abcdefgh&" * (SIZE // 17), 0),
    "one path without an end": (lambda: b"https://a.blob.core.windows.net/" + b"sig=abcdefgh/" * (SIZE // 13), 0),
}  # fmt: skip


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    detector = Detector(load_rules(), tmp_path_factory.mktemp("patterns"))
    for rule in detector.rules:
        assert rule.regex
    return detector


def scan(detector: Detector, data: bytes) -> tuple[list[Sighting], Tally]:
    tally = Tally()
    return detector.scan(Batch(data, [0], [len(data)], ["a.txt"]), tally), tally


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_read_in_time_and_what_stands_in_it_is_found(detector: Detector, name: str) -> None:
    make, least = TEXTS[name]
    data = make()
    begun = time.process_time()
    found, tally = scan(detector, data)
    assert time.process_time() - begun < BOUND_S
    assert len([s for s in found if s.kind != "public_url"]) >= least
    assert [gap.reason for gap in tally.gaps if "cut off" not in gap.reason] == []


def test_more_anchors_than_are_looked_at_are_a_gap(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.detect.engine.MAX_HITS", 100)
    data = f"{_url()}\n".encode() + b"&sig=abcdef\n" * 1_000 + _url().encode()
    found, tally = scan(detector, data)
    assert len(found) == 1
    assert [(g.stage, g.subject, g.reason) for g in tally.gaps] == [
        ("detect", "a.txt", "more than 100 anchors in one text; looked at those")
    ]


_SIGNS = ["a", "A1-", " ", "\t", "=", ":", "'", '"', ".", "a.", "a-", "_account", "account_name ", "bucket", "endpoint ", "tenant_id",
          "azurerm_storage_account ", '"name"', "fs.azure.sas.", "AccountName =", "eyJleHBpcmF0aW9u", "AKIA", "GOOG", "https://a.",
          "account = \n", "project-id(", "key_id>", "type = ", "storage "]  # fmt: skip


@pytest.mark.parametrize("sign", _SIGNS)
def test_no_text_makes_the_search_for_names_slow(sign: str) -> None:
    document = (sign * 16_384)[:16_384].encode()
    around = Surroundings(document)
    begun = time.process_time()
    for name in sorted(stitch.NAMES):
        around.nearby(8_000, 8_010, name)
    assert time.process_time() - begun < BOUND_S / 2


def test_a_link_among_its_own_parameters_keeps_its_host(detector: Detector) -> None:
    text = f"{_url()}&rscd=https://elsewhere.example/".replace("&sig", "&rsct=https://elsewhere.example/&sig")
    (found,) = [s for s in detector.scan_text(text) if s.kind == "sas"]
    assert found.text.reveal().startswith("https://contosomodels.blob.core.windows.net/")


def test_the_public_list_of_neighbours_is_no_limit_to_what_is_seen(detector: Detector) -> None:
    """A signed link hides the plain addresses inside of it, and only those."""
    text = " ".join(f"https://contoso{n}.blob.core.windows.net/c" for n in range(20)) + f" {_url()} "
    found = [s.kind for s in detector.scan_text(text)]
    assert (found.count("public_url"), found.count("sas")) == (20, 1)
    assert match.distinct([], Surroundings(b"")) == []


def test_what_is_found_does_not_depend_on_the_pattern_cache(detector: Detector, tmp_path: Path) -> None:
    text = b"\n".join(make()[:4_000] for make, least in list(TEXTS.values())[:14] if least)
    seen = []
    for cache in (None, tmp_path / "c", tmp_path / "c"):
        found, _ = scan(Detector(detector.rules, cache), text)
        seen.append([(s.rule, s.secret, s.spot) for s in found])
    assert seen[0] == seen[1] == seen[2] != []
