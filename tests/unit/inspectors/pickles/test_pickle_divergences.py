"""Forms that real loaders read differently from each other: accepted as the widest does, and told."""

from __future__ import annotations

import io
import pickle

import pytest
from seen import call, judged, name, sentences, stream, text, word

from tidegate.inspectors.pickles.loader import Loader
from tidegate.model.observation import Evidence, Verdict

SYSTEM = b"cos\nsystem\n(S'echo x'\ntR."
ODD = {
    "INT in base 16": b"I0x10\n0",
    "INT with a NUL": b"I1\x00\n0",
    "INT in octal": b"I010\n0",
    "INT with underscores": b"I1_0\n0",
    "INT with a carriage return": b"I1\r\n0",
    "LONG in base 16": b"L0x10L\n0",
    "LONG in base 2": b"L0b11L\n0",
    "FLOAT with underscores": b"F1_0.0\n0",
    "STRING beyond ASCII": b"S'\xe9'\n0",
    "PUT with a space": b"Np 1\n0",
    "PUT with a plus": b"Np+1\n0",
    "negative PUT": b"Np-1\n0",
    "PROTO again": b"\x80\x03",
    "a frame longer than the file": b"\x95\xff\xff\xff\xff\xff\xff\xff\x00",
    "a frame of 2^63": b"\x95\x00\x00\x00\x00\x00\x00\x00\x80",
    "a frame within a frame": b"\x95\x20\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N0",
}


@pytest.mark.parametrize("form", ODD)
def test_an_odd_form_is_tampering_and_what_stands_behind_it_is_still_seen(form: str) -> None:
    harmless = judged(b"\x80\x04" + ODD[form] + b"N.")
    assert harmless.evidence is Evidence.TAMPERING
    assert word(b"\x80\x04" + ODD[form] + b"N.") is Verdict.DAMAGED
    assert word(b"\x80\x04" + ODD[form] + SYSTEM) is Verdict.DANGEROUS


@pytest.mark.parametrize("raw", [b"I0x10\n.", b"L0x10L\n.", b"L0b11L\n.", b"I1\x00\n.", b"I010\n."])
def test_what_the_c_unpickler_takes_is_not_called_broken(raw: bytes) -> None:
    pickle.Unpickler(io.BytesIO(raw)).load()  # ours, and only numbers
    assert not judged(raw).broken


def test_a_string_that_is_not_ascii_names_what_it_does_under_the_loaders_encoding() -> None:
    raw = b"S'os'\nS'syst\xc3\xa9m'\n\x93."
    assert any("systém" in each for each in sentences(raw, Loader.TORCH))


def test_an_operand_across_the_end_of_a_frame_is_judged_as_files_and_as_memory_are_read() -> None:
    # From a file, the C unpickler takes the four bytes behind the frame; from memory, those at the operand.
    hidden = call(name("os", "system"), text("echo x")) + b"."
    body = b"C\x04ab" + b"\x00\x00" + hidden
    frame = b"\x95" + (4).to_bytes(8, "little")
    raw = b"\x80\x04" + frame + body
    assert judged(raw).evidence is Evidence.PAYLOAD
    assert any("across the end of a frame" in each for each in sentences(raw))


def test_what_only_the_file_reader_would_run_is_found() -> None:
    # In memory the string is `cdXXXX`…; from a file, the six bytes behind the frame, and then other opcodes.
    inner = call(name("os", "system"), text("echo x")) + b"."
    behind = b"abcdef" + inner  # what a file reader takes as the string, and goes on with
    head = b"C\x06zz"
    raw = b"\x80\x04\x95" + len(head).to_bytes(8, "little") + head + behind
    assert judged(raw).evidence is Evidence.PAYLOAD


def test_names_with_dots_below_protocol_4_are_judged_both_ways() -> None:
    raw = b"\x80\x02ctorch\nserialization.os.system\n(S'x'\ntR."
    judgement = judged(raw)
    assert judgement.evidence is Evidence.PAYLOAD
    assert any("a dotted name, which needs protocol 4" in each.summary for each in judgement.observations)


def test_a_harmless_import_before_a_differential_does_not_hide_what_follows() -> None:
    raw = b"\x80\x02ccollections\nOrderedDict\n)R0I0x1\n0" + SYSTEM
    assert word(raw) is Verdict.DANGEROUS


def test_a_name_made_while_loading_is_never_clean() -> None:
    raw = stream(text("os"), call(name("builtins", "str"), text("system")), b"\x93.")
    assert word(raw) is Verdict.DAMAGED
    assert "on load, imports a name that is made while loading" in sentences(raw)


def test_a_protocol_that_does_not_exist_is_broken() -> None:
    assert judged(b"\x80\x06N.").broken


def test_a_memo_slot_that_is_written_twice_is_told() -> None:
    assert any(
        "a second time" in each
        for each in sentences(stream(name("collections", "Counter"), b"q\x00K\x01q\x00"))
    )


def frame(size: int) -> bytes:
    return b"\x95" + size.to_bytes(8, "little")


@pytest.mark.parametrize(
    "raw",
    [
        # Memory has the module `xos`; a file's reader has dropped the letter with the end of the outer frame.
        frame(11) + frame(0) + b"cx" + b"os\nsystem\n(S'echo x'\ntR.",
        frame(13) + frame(2) + b"N0" + b"cx" + b"os\nsystem\n(S'echo x'\ntR.",
        # The inner frame goes beyond the outer one: a file's reader goes on behind the outer one.
        frame(9 + 4) + frame(30) + b"N0N." + SYSTEM + b"N" * 30,
    ],
)
def test_a_frame_within_a_frame_is_read_as_files_are_too(raw: bytes) -> None:
    asked = []

    class Asking(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            asked.append((module, name))
            raise pickle.UnpicklingError

    with pytest.raises(pickle.UnpicklingError):
        Asking(io.BytesIO(raw)).load()
    assert asked == [("os", "system")]
    assert word(raw) is Verdict.DANGEROUS
