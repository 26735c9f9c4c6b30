"""What an encoding hides is found whatever stands around it, at whatever offset, in whatever byte order."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from urllib.parse import quote

import pytest
from fake import alarms, link, secrets, signature

from tidegate.detect import peel
from tidegate.detect.engine import MAX_DEPTH, Detector
from tidegate.model.document import Batch, Tally


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def gaps(detector: Detector, data: bytes) -> list[str]:
    tally = Tally()
    detector.scan(Batch(data, [0], [len(data)], ["a.txt"]), tally)
    return [gap.reason for gap in tally.gaps]


@pytest.mark.parametrize("lead", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize(
    "before",
    ["", "key: ", "state=", "/api/v1/", "path/to-", "a", "ab", "abc", "eyJh.", "data:text/plain;base64,"],
)
def test_base64_is_read_whatever_stands_before_it(detector: Detector, lead: str, before: str) -> None:
    (found,) = alarms(detector, f"first\n{before}{b64(lead + link(1) + ' end')}\n")
    assert found.secret.reveal() == signature(1)
    assert (found.spot.line, found.spot.unwrapped[0]) == (2, "base64")


@pytest.mark.parametrize("after", ["", "=", "x", "/more", "\n", " next", '",', "\\n", "=="])
def test_base64_is_read_whatever_stands_behind_it(detector: Detector, after: str) -> None:
    encoded = b64(link(1) + " and some words").rstrip("=")
    assert secrets(detector, f"v: {encoded}{after}") == [signature(1)]


@pytest.mark.parametrize("width", [40, 64, 76, 75])
@pytest.mark.parametrize(
    "between", ["\n", "\r\n", "\n    ", "\\n", "\\r\\n", "\n> ", '" \n "', '",\n    "', '" +\n "']
)
def test_base64_is_read_over_wrapped_lines(detector: Detector, width: int, between: str) -> None:
    encoded = b64(f"one\ntwo\nurl = {link(1)}\nthree\n")
    text = between.join(encoded[i : i + width] for i in range(0, len(encoded), width))
    (found,) = alarms(detector, f'key:\n  "{text}"\nend\n')
    assert found.text.reveal() == link(1)


@pytest.mark.parametrize("padding", [True, False])
def test_every_base64_text_of_a_list_is_read(detector: Detector, padding: bool) -> None:
    encoded = [b64(link(n) + "x" * (n % 7)) for n in range(30)]
    text = "\n".join(each if padding else each.rstrip("=") for each in encoded)
    assert sorted(secrets(detector, text)) == sorted(signature(n) for n in range(30))


def test_a_long_line_of_base64_is_read_over_all_its_windows(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peel, "MAX_ENCODED", 8_192)
    plain = "\n".join(f"{n:07d} {'x' * (n % 5)}{link(n)}" for n in range(200))
    for lead in ("", "z", "zz"):
        assert set(secrets(detector, b64(lead + plain))) == {signature(n) for n in range(200)}


def test_the_alphabet_for_links_is_read(detector: Detector) -> None:
    for lead in range(12):
        encoded = base64.urlsafe_b64encode(b"?" * lead + link(1).encode()).decode().rstrip("=")
        assert secrets(detector, f"state={encoded}&x=1") == [signature(1)]


def test_a_percent_encoded_link_is_read_inside_of_another_encoding(detector: Detector) -> None:
    text = "next=" + quote(link(1), safe="") + "&x=1"
    for data in (
        b64(text).encode(),
        text.encode("utf-16-le"),
        text.encode("utf-32-be"),
        b64(b64(text)).encode(),
    ):
        (found,) = alarms(detector, b"v: " + data)
        assert found.secret.reveal() == signature(1)
        assert found.text.reveal().startswith(link(1).partition("sig=")[0])


def test_compressed_text_in_base64_is_read(detector: Detector) -> None:
    packed = base64.b64encode(gzip.compress(f"a: 1\nurl: {link(1)}\nb: {link(2)}\n".encode())).decode()
    for text in (f"release: {packed}\n", f"path/{packed}", b64(packed), f"v={b64(packed)}"):
        assert sorted(secrets(detector, text)) == sorted([signature(1), signature(2)])


def test_of_compressed_text_that_is_damaged_the_whole_part_is_read_and_the_rest_a_gap(
    detector: Detector,
) -> None:
    noise = "".join(f"{signature(n)}\n" for n in range(4_000))
    packed = bytearray(gzip.compress(f"url: {link(1)}\n{noise}".encode()))
    del packed[len(packed) // 2 :]
    text = base64.b64encode(packed)
    assert signature(1) in secrets(detector, text)
    assert any("cut off" in reason for reason in gaps(detector, text))


def test_a_bomb_in_base64_is_cut_off_and_said_to_be(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peel, "MAX_INFLATED", 1 << 16)
    bomb = base64.b64encode(gzip.compress(f"url: {link(1)}\n".encode() + bytes(1 << 22)))
    assert secrets(detector, bomb) == [signature(1)]
    assert gaps(detector, bomb) == ["a compressed text is cut off after 65,536 bytes"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("before", [b"", b"\x01", b"\xff\x00\x07", bytes(5), b"binary\x00\x01\x02"])
def test_wide_text_is_read_in_both_byte_orders_at_any_offset(
    detector: Detector, codec: str, before: bytes
) -> None:
    data = before + f"first\nurl = {link(1)}\nlast\n".encode(codec)
    (found,) = alarms(detector, data)
    assert found.secret.reveal() == signature(1)
    assert found.spot.unwrapped[0] == codec[:6]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("around", ["中", "€", "“", "\U0001f511", "ж"])
def test_letters_beyond_latin_beside_a_credential_do_not_touch_it(
    detector: Detector, codec: str, around: str
) -> None:
    text = f"{around * 2}key{around}{link(1)}{around} and {around}{link(2)}{around}\n" * 2
    found = secrets(detector, text.encode(codec))
    assert sorted(set(found)) == sorted([signature(1), signature(2)])


def test_islands_of_wide_text_in_a_binary_are_all_read(detector: Detector) -> None:
    data = b"".join(
        b"\xfe\xfd\xfc\xfb\xfa\xf9\xf8" * (1 + n % 5) + link(n).encode("utf-16-le") for n in range(200)
    )
    assert sorted(secrets(detector, data)) == sorted(signature(n) for n in range(200))


def test_the_line_in_wide_text_is_exact(detector: Detector) -> None:
    data = ("x\n" * 99 + link(1)).encode("utf-16-le")
    (found,) = alarms(detector, data)
    assert data.count(b"\n", 0, data.find(b"h\0t\0t\0p")) + 1 == found.spot.line == 100


def _once(data: bytes) -> bytes:
    return base64.b64encode(data)


def _wide(data: bytes) -> bytes:
    return data.decode().encode("utf-16-le")


LAYERS = {
    "base64 of UTF-16": [_wide, _once],
    "UTF-16 of base64": [_once, _wide],
    "base64 twice": [_once, _once],
    "base64 twice of a compressed text": [gzip.compress, _once, _once],
    "base64 twice of compressed base64": [_once, gzip.compress, _once, _once],
}


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS.keys())
def test_encodings_are_undone_inside_of_each_other(
    detector: Detector, layers: list[Callable[[bytes], bytes]]
) -> None:
    data = link(1).encode()
    for layer in layers:
        data = layer(data)
    (found,) = alarms(detector, b"value: " + data)
    assert found.secret.reveal() == signature(1)
    assert len(found.spot.unwrapped) == len(layers) - (gzip.compress in layers) <= MAX_DEPTH


def test_one_encoding_too_many_is_a_gap(detector: Detector) -> None:
    data = _once(_once(gzip.compress(_once(_once(link(1).encode())))))
    assert gaps(detector, data) == [
        f"more than {MAX_DEPTH} encodings wrapped into each other; the innermost was not read"
    ]


def test_a_link_in_a_compressed_text_hides_its_own_plain_address(detector: Detector) -> None:
    packed = base64.b64encode(gzip.compress(f"url: {link(1)}\n".encode()))
    assert [s.kind for s in detector.scan_text(packed)] == ["sas"]
