"""Files of several streams, with padding, junk and breaks between them; constants that are streams."""

from __future__ import annotations

import base64
import pickle

import pytest
from seen import call, judged, name, sentences, stream, text, word

from tidegate.inspectors.pickles.judge import judge_stream
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.values import Box
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Verdict

BAD = b"cos\nsystem\n(S'echo x'\ntR."
PLAIN = pickle.dumps({"a": [1, 2.5, "x"]})


@pytest.mark.parametrize("between", [b"", b"\0" * 512, b"\xff\xfe junk \xff" * 9, b"\0" * 70_000])
def test_a_stream_behind_another_one_is_found(between: bytes) -> None:
    assert word(PLAIN + between + BAD) is Verdict.DANGEROUS
    assert word(PLAIN + between + stream(call(name("os", "system"), text("x")))) is Verdict.DANGEROUS


def test_several_streams_in_a_row_are_usual() -> None:
    judgement = judged(PLAIN * 3 + stream(name("collections", "Counter")))
    assert not judgement.broken
    assert [each.summary for each in judgement.observations] == ["holds 4 pickles one after the other"]


def test_bytes_behind_the_last_stream_that_are_no_pickle_are_told() -> None:
    judgement = judged(PLAIN + b"\xff" * 100)
    assert judgement.broken
    assert judgement.observations[0].summary == "100 bytes follow that are no pickle"


def test_padding_alone_is_no_damage() -> None:
    judgement = judged(PLAIN + b"\0" * 100)
    assert not judgement.broken
    assert judgement.observations[0].summary == "100 NUL bytes follow a stream"


def test_a_stream_behind_a_broken_one_is_found() -> None:
    assert word(b"\x80\x04K\x01\xff" + BAD) is Verdict.DANGEROUS
    assert (
        word(b"\x80\x04}(\xff" + b"x" * 5000 + stream(call(name("os", "system"), text("x"))))
        is Verdict.DANGEROUS
    )


@pytest.mark.parametrize(
    "raw", [b"", b"\x80\x04", PLAIN[:-1], PLAIN[:9], b"\x80\x04X\xff\xff\xff\x7fabc", b"(I1\n"]
)
def test_a_stream_that_is_cut_off_is_damaged_and_says_so(raw: bytes) -> None:
    assert word(raw) is Verdict.DAMAGED
    assert any("ends without STOP" in each for each in sentences(raw))


NESTED = {
    "pickle.loads": call(name("pickle", "loads"), b"C" + bytes([len(BAD)]) + BAD),
    "_pickle.loads": call(name("_pickle", "loads"), b"C" + bytes([len(BAD)]) + BAD),
    "base64": call(
        name("pickle", "loads"), call(name("base64", "b64decode"), text(base64.b64encode(BAD).decode()))
    ),
    "hex": call(name("dill", "loads"), call(name("codecs", "decode"), text(BAD.hex()), text("hex"))),
    "latin1 text": call(
        name("pickle", "loads"), call(name("_codecs", "encode"), text(BAD.decode()), text("latin1"))
    ),
    "base64 text for an unknown callable": call(
        name("shop", "restore"), text(base64.b64encode(BAD).decode())
    ),
}


@pytest.mark.parametrize("carrier", NESTED)
def test_a_second_stage_in_a_constant_is_judged_too(carrier: str) -> None:
    raw = stream(NESTED[carrier])
    found = [each for each in judged(raw).observations if "os.system" in each.summary]
    assert word(raw) is Verdict.DANGEROUS
    assert found
    assert "!/constant@" in found[0].member


def test_a_torch_file_within_a_constant_is_handed_to_whoever_knows_it() -> None:
    asked: list[tuple[bytes, str]] = []

    def inside(data: Memory, member: str) -> None:
        asked.append((data.read(0, 4), member))

    raw = stream(call(name("torch.storage", "_load_from_bytes"), b"C\x08PK\x03\x04rest"))
    judge_stream(Memory(raw), 0, len(raw), member="data.pkl", inside=inside)  # type: ignore[arg-type]
    assert asked == [(b"PK\x03\x04", "data.pkl!/constant@48")]


def test_streams_nested_in_streams_end_at_a_depth() -> None:
    raw = BAD
    for _ in range(12):
        raw = stream(call(name("pickle", "loads"), b"B" + len(raw).to_bytes(4, "little") + raw))
    judgement = judged(raw)
    assert not judgement.complete
    assert word(raw) is Verdict.DANGEROUS


def test_one_stream_ends_at_its_stop_and_tells_what_it_holds() -> None:
    raw = stream(b"K\x07K\x08\x86") + b"raw bytes of another kind"
    result = judge_stream(Memory(raw), 0, len(raw), values=True)
    assert result.end == 8
    assert isinstance(result.value, Box)
    assert result.value.items == [7, 8]


def test_ids_of_storages_are_handed_out_in_order() -> None:
    storage = b"(" + text("storage") + name("torch", "FloatStorage") + text("0") + text("cpu") + b"K\x04tQ"
    raw = stream(b"]", storage, b"a", storage, b"a", protocol=2)
    result = judge_stream(Memory(raw), 0, len(raw), loader=Loader.TORCH)
    assert [each.items[2] for each in result.storages if isinstance(each, Box)] == ["0", "0"]
    assert not result.judgement.observations
    assert judged(raw).unlisted


def test_raw_bytes_of_joblibs_arrays_are_passed_over() -> None:
    dtype = call(name("numpy", "dtype"), text("f8"), b"\x89", b"\x88")
    state = (
        b"}("
        + text("shape")
        + b"K\x03\x85"
        + text("dtype")
        + dtype
        + text("numpy_array_alignment_bytes")
        + b"K\x10u"
    )
    wrapper = name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + state + b"b"
    raw = (
        b"\x80\x04]"
        + wrapper
        + b"\x02\xff\xff"
        + b"\x2e" * 24
        + b"a"
        + call(name("os", "system"), text("x"))
        + b"a."
    )
    assert word(raw, Loader.JOBLIB) is Verdict.DANGEROUS
    clean = b"\x80\x04]" + wrapper + b"\x02\xff\xff" + b"\x2e" * 24 + b"a."
    assert word(clean, Loader.JOBLIB) is Verdict.CLEAN


def test_an_object_array_of_joblib_is_a_stream_in_line() -> None:
    dtype = call(name("numpy", "dtype"), text("O8"), b"\x89", b"\x88")
    state = b"}(" + text("shape") + b"K\x01\x85" + text("dtype") + dtype + b"u"
    wrapper = name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + state + b"b"
    raw = b"\x80\x04]" + wrapper + BAD + b"a."
    assert word(raw, Loader.JOBLIB) is Verdict.DANGEROUS
