"""GGUF: keys that announce more than there is, and templates that reach for the interpreter."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf as real
import numpy as np
import pytest
from formats import claimed, counted, gguf, gguf_text, judged, kinds, said, word

from tidegate.inspectors.models.gguf import PLUGIN
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict

GOOD = "{% for m in messages %}{{ m['role'] + ': ' + m.content | trim }}{% endfor %}"


def test_a_file_of_the_real_library_is_not_alarming(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    writer = real.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_token_list(["a", "b", "{{", "__class__"])
    writer.add_token_scores([0.0, 1.0, 2.0, 3.0])
    writer.add_chat_template(GOOD)
    writer.add_tensor("t", np.zeros((4, 32), np.float32))
    writer.add_tensor("u", np.zeros(3, np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    raw = path.read_bytes()
    assert claimed(PLUGIN, raw)
    assert word(PLUGIN, raw) is Verdict.CLEAN


def test_a_file_without_a_template_is_inert() -> None:
    assert word(PLUGIN, gguf({"a": 1, "b": ["x", "y"]}, [("t", [8], 0, 0)], bytes(32))) is Verdict.INERT


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ x['__cla' + 'ss__'] }}",
        "{{ x|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
        "{% set a = cycler.__init__.__globals__.os.popen('echo x') %}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ x['__ssalc__'[::-1]] }}",
        "{{ (messages|list).gi_frame.f_globals }}",
        "{{ {'a': {}} ~ x.__class__ }}",
        "{{ '}}' ~ x.__class__ }}",
        "{# {{ #}{{ x.__class__ }}",
    ],
)
def test_a_template_that_reaches_for_the_interpreter_is_dangerous(template: str) -> None:
    for key in ("tokenizer.chat_template", "tokenizer.chat_template.tool_use", "general.description"):
        raw = gguf({"general.architecture": "llama", key: template})
        assert word(PLUGIN, raw) is Verdict.DANGEROUS
        assert "Jinja environment without a sandbox" in {
            each.loader[2:] for each in judged(PLUGIN, raw).observations
        }


@pytest.mark.parametrize(
    "template",
    [
        GOOD,
        "{# x.__class__ #}{{ {'a': {'b': 1}} | tojson }} the __init__ method",
        "{% set ns = namespace(found=false) %}{% if not ns.found %}{{ raise_exception('x') }}{% endif %}",
        "{{ tools | tojson(indent=4) }}{{ strftime_now('%d %b %Y') }}{{ messages[0]['content'].split('</think>')[-1] }}",
        "{{ name.replace('_', ' ') }}{{ loop.index0 }}{{ '__' }}{{ message | selectattr('role', 'equalto', 'x') | list }}",
        "{%- macro render(m) -%}{{ m.tool_calls | map(attribute='function') | list }}{%- endmacro -%}",
    ],
)
def test_a_usual_template_raises_no_alarm(template: str) -> None:
    assert word(PLUGIN, gguf({"tokenizer.chat_template": template})) is Verdict.CLEAN


@pytest.mark.parametrize(
    "template",
    ["{% include 'x' %}", "{{ x|attr(y) }}{% set y='_' %}", "{{ lipsum.x }}", "{{ os.popen('x') }}"],
)
def test_a_template_that_uses_what_templates_do_not_need_is_unknown(template: str) -> None:
    assert word(PLUGIN, gguf({"tokenizer.chat_template": template})) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "raw",
    [
        b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0) + bytes(64),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60) + bytes(64),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62) + bytes(64),
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + gguf_text("k")
        + struct.pack("<IIQ", 9, 8, 2**61)
        + bytes(64),
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + gguf_text("k")
        + struct.pack("<IIQ", 9, 4, 2**61)
        + bytes(64),
        b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + gguf_text("k") + struct.pack("<I", 77) + bytes(64),
        gguf({"a": 1}, [("t", [8], 0, 0), ("u", [8], 0, 16)], bytes(64)),
        gguf({"a": 1}, [("t", [8], 0, 0), ("u", [8], 0, 0)], bytes(64)),
        gguf({"a": 1}, [("t", [2**40], 0, 0)], bytes(64)),
        gguf({"general.alignment": 3}, [("t", [8], 0, 0)], bytes(64)),
        gguf({"a": 1})[:-2],
    ],
)
def test_a_header_that_lies_is_damaged(raw: bytes) -> None:
    assert word(PLUGIN, raw) is Verdict.DAMAGED


def test_a_key_that_stands_twice_is_tampering() -> None:
    one = gguf_text("k") + struct.pack("<II", 4, 1)
    assert "duplicate_key" in kinds(PLUGIN, b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + one + one)


@pytest.mark.parametrize("piece", ["{{", "{% '", "'x", '{{ "', "{{(", "__a", ". ", "{{ os  "])
def test_a_template_of_a_million_characters_is_judged_in_one_pass(piece: str) -> None:
    raw = gguf({"tokenizer.chat_template": piece * (1_000_000 // len(piece))})
    assert word(PLUGIN, raw) is not Verdict.INERT


def test_nested_arrays_are_walked_without_recursion() -> None:
    deep = struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 50_000 + struct.pack("<IQ", 0, 0)
    raw = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + gguf_text("k") + deep
    assert word(PLUGIN, raw) is Verdict.INERT


def test_a_thousandth_of_a_large_file_is_read() -> None:
    head = gguf(
        {"tokenizer.ggml.tokens": [f"token{n}" for n in range(100_000)], "tokenizer.chat_template": GOOD}
    )
    head = head[:8] + struct.pack("<Q", 1) + head[16:] + gguf_text("t") + struct.pack("<IQIQ", 1, 2**30, 0, 0)
    head += bytes(-len(head) % 32)
    data = counted(len(head) + 4 * 2**30, {0: head})
    assert verdict(judged(PLUGIN, data)) is Verdict.CLEAN, said(PLUGIN, data)
    assert data.bytes_read <= data.size_bytes // 1000
