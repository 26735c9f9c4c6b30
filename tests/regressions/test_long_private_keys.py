"""Private keys that were lost: too long for what was read behind their beginning, or with zeros by nature."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector(load_rules(), tmp_path_factory.mktemp("patterns"))


def pem(kind: str, body: bytes, end: str = "\n") -> str:
    lines = base64.encodebytes(body).decode().replace("\n", end)
    return f"-----BEGIN {kind}-----{end}{lines}-----END {kind}-----{end}"


def random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize(
    "kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
@pytest.mark.parametrize("size", [48, 600, 2_350, 4_700, 6_500])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n"])
def test_a_private_key_of_any_usual_size_is_seen(detector: Detector, kind: str, size: int, end: str) -> None:
    (found,) = detector.scan_text(f"first\n{pem(kind, random_bytes(size), end)}last\n")
    assert (found.rule, found.suppressed, found.spot.line) == ("private-key", None, 2)


def test_an_elliptic_key_with_its_curve_written_out_is_no_placeholder(detector: Detector) -> None:
    # The prime of P-256, from FIPS 186-4, D.1.2.3: it has twelve bytes of zeros, 15 letters in base64.
    prime = bytes.fromhex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
    (found,) = detector.scan_text(pem("EC PRIVATE KEY", random_bytes(60) + prime + random_bytes(120)))
    assert "A" * 12 in found.secret.reveal()
    assert found.suppressed is None


def test_a_key_that_was_filled_in_for_show_is_a_placeholder(detector: Detector) -> None:
    for body in (bytes(200), random_bytes(20) + bytes(100)):
        assert {s.suppressed for s in detector.scan_text(pem("RSA PRIVATE KEY", body))} <= {"a placeholder"}


def test_the_same_key_is_the_same_however_its_lines_end(detector: Detector, tmp_path: Path) -> None:
    seen = {
        s.secret.fingerprint
        for end in ("\n", "\r\n", "\\n", "\\r\\n")
        for s in detector.scan_text(pem("RSA PRIVATE KEY", random_bytes(600), end))
    }
    assert len(seen) == 1
