"""Formats of other libraries: what of them can run, and what cannot be whole."""

from __future__ import annotations

import json
import struct

import pytest
from formats import claimed, message, said, word

from tidegate.inspectors.models import (
    catboost,
    coreml,
    coreml_package,
    flax_msgpack,
    lightgbm,
    openvino,
    paddle,
    paddle_pir,
    pmml,
    rds,
    xgboost,
)
from tidegate.model.observation import Verdict

DESCRIPTION = message((1, message((1, "input"))), (10, message((1, "output"))))


def network(*layers: bytes) -> bytes:
    return message((1, 4), (2, DESCRIPTION), (500, b"".join(message((1, layer)) for layer in layers)))


def test_a_core_ml_network_is_inert_without_layers_of_its_host() -> None:
    usual = message((1, "conv"), (2, "input"), (100, message((1, 3))))
    custom = message((1, "mine"), (500, message((10, "MyLayer"))))
    assert claimed(coreml.PLUGIN, network(usual))
    assert word(coreml.PLUGIN, network(usual)) is Verdict.INERT
    assert word(coreml.PLUGIN, network(usual, custom)) is Verdict.UNKNOWN
    pipeline = message((1, 4), (2, DESCRIPTION), (202, message((1, network(usual, custom)))))
    assert word(coreml.PLUGIN, pipeline) is Verdict.UNKNOWN
    assert (
        word(coreml.PLUGIN, message((1, 4), (2, DESCRIPTION), (555, message((1, "Mine"))))) is Verdict.UNKNOWN
    )
    assert word(coreml.PLUGIN, network(usual)[:-2]) is Verdict.DAMAGED


def program(path: str) -> bytes:
    value = message((5, message((1, path), (2, 64))))
    operation = message((1, "const"), (5, message((1, "val"), (2, value))))
    block = message((1, "main"), (2, message((3, operation))))
    function = message((2, "CoreML7"), (3, block))
    return message((1, 8), (2, DESCRIPTION), (502, message((1, 1), (2, message((1, "main"), (2, function))))))


def test_a_core_ml_program_takes_its_weights_from_its_package() -> None:
    assert word(coreml.PLUGIN, program("@model_path/weights/weight.bin")) is Verdict.INERT
    assert word(coreml.PLUGIN, program("@model_path/../../x")) is Verdict.DANGEROUS
    manifest = {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {"A": {"path": "com.apple.CoreML/model.mlmodel"}},
    }
    assert claimed(coreml_package.PLUGIN, json.dumps(manifest).encode())
    assert word(coreml_package.PLUGIN, json.dumps(manifest).encode()) is Verdict.INERT
    manifest["itemInfoEntries"] = {"A": {"path": "../../x"}}
    assert word(coreml_package.PLUGIN, json.dumps(manifest).encode()) is Verdict.DANGEROUS


def net(layer: str = 'type="Relu" version="opset1"', before: str = "") -> bytes:
    text = f'<?xml version="1.0"?>{before}<net name="m" version="11"><layers><layer id="0" name="a" {layer}>'
    return (text + '<data offset="0" size="64"/></layer></layers></net>').encode()


def test_an_openvino_graph_is_inert_without_libraries_of_its_own() -> None:
    plugin = openvino.PLUGIN
    assert claimed(plugin, net())
    assert word(plugin, net(), "m.xml", {"m.bin": bytes(64)}) is Verdict.INERT
    assert word(plugin, net(), "m.xml", {"m.bin": bytes(63)}) is Verdict.DAMAGED
    assert word(plugin, net('type="Mine" version="extension"')) is Verdict.UNKNOWN
    assert word(plugin, net('type="Mine" version="opset1" library="/tmp/x.so"')) is Verdict.DANGEROUS
    assert word(plugin, net()[:-8]) is Verdict.DAMAGED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_xml_are_told_and_never_expanded(encoding: str) -> None:
    outside = '<!DOCTYPE PMML [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    bomb = '<!DOCTYPE PMML [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    for start, verdict in ((outside, Verdict.DANGEROUS), (bomb, Verdict.DAMAGED)):
        raw = f'{start}<PMML version="4.4"><Header/>&e;</PMML>'.encode(encoding)
        assert claimed(pmml.PLUGIN, raw)
        assert word(pmml.PLUGIN, raw) is verdict
    assert "/etc/hostname" in said(openvino.PLUGIN, net(before=outside.replace("PMML", "net")))


def test_a_pmml_model_may_name_functions_of_its_host() -> None:
    def pmml_of(inside: str) -> bytes:
        return f'<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>{inside}</PMML>'.encode()

    assert (
        word(pmml.PLUGIN, pmml_of('<Apply function="log10"/><Extension name="a" value="b"/>'))
        is Verdict.INERT
    )
    assert word(pmml.PLUGIN, pmml_of('<Apply function="com.example.Run"/>')) is Verdict.UNKNOWN
    assert word(pmml.PLUGIN, pmml_of("<Extension>java.lang.Runtime</Extension>")) is Verdict.UNKNOWN
    assert word(pmml.PLUGIN, pmml_of("<a>" * 5_000)) is Verdict.DAMAGED


def ubj() -> bytes:
    def key(name: str) -> bytes:
        return b"L" + struct.pack(">q", len(name)) + name.encode()

    numbers = b"[$d#L" + struct.pack(">qff", 2, 1.0, 2.0)
    texts = b"[#L" + struct.pack(">q", 1) + b"S" + key("a")
    inner = b"{" + key("x") + numbers + key("t") + texts + key("e") + b"[]" + key("i") + b"i\x05" + b"}"
    return b"{" + key("learner") + inner + key("version") + b"[$L#L" + struct.pack(">qq", 1, 3) + b"}"


def test_xgboost_is_inert_in_each_of_its_forms() -> None:
    plugin = xgboost.PLUGIN
    text = b'{"learner":{"gradient_booster":{"name":"gbtree"}},"version":[2,1,0]}'
    for raw in (ubj(), text, b"binf" + bytes(200)):
        assert claimed(plugin, raw)
        assert word(plugin, raw) is Verdict.INERT, said(plugin, raw)
    for raw in (
        ubj()[:-1],
        ubj() + b"x",
        text[:-1],
        b"{L" + struct.pack(">q", 7) + b"learner" + b"[" * 5_000,
    ):
        assert word(plugin, raw) is Verdict.DAMAGED


def test_lightgbm_is_inert_and_damaged_when_cut() -> None:
    tree = b"Tree=0\nnum_leaves=1\nleaf_value=0.5\n\n"
    head = b"tree\nversion=v4\nnum_class=1\nfeature_names=a\ntree_sizes=%d\n\n" % len(tree)
    raw = head + tree + b"end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n"
    assert claimed(lightgbm.PLUGIN, raw)
    assert word(lightgbm.PLUGIN, raw) is Verdict.INERT
    assert word(lightgbm.PLUGIN, raw[: len(head) + 10]) is Verdict.DAMAGED


def test_catboost_is_inert_and_damaged_when_cut() -> None:
    text = b"FlabuffersModel_v1"
    core = struct.pack("<IHHHHiI", 12, 8, 8, 4, 0, 8, 4) + struct.pack("<I", len(text)) + text + b"\0\0"
    raw = b"CBM1" + struct.pack("<I", len(core)) + core
    assert claimed(catboost.PLUGIN, raw)
    assert word(catboost.PLUGIN, raw) is Verdict.INERT, said(catboost.PLUGIN, raw)
    assert word(catboost.PLUGIN, raw[:-4]) is Verdict.DAMAGED


def test_flax_parameters_are_inert_in_known_extensions() -> None:
    def params(extension: int) -> bytes:
        return (
            b"\x81\xa6params\x82\xa1w\xc7\x05"
            + bytes([extension & 0xFF])
            + bytes(5)
            + b"\xa1b\x93\x01\xc0\xcb"
            + bytes(8)
        )

    plugin = flax_msgpack.PLUGIN
    assert claimed(plugin, params(1))
    assert word(plugin, params(1)) is Verdict.INERT
    assert word(plugin, params(77)) is Verdict.UNKNOWN
    for raw in (params(1)[:-1], params(1) + b"\x01", b"\x81\xa1a" * 1_000, b"\xdf\xff\xff\xff\xff\xa1a"):
        assert word(plugin, raw) is Verdict.DAMAGED


def test_a_paddle_program_is_dangerous_when_it_runs_python_or_touches_files() -> None:
    def program(*operations: str) -> bytes:
        inside = b"".join(message((4, message((3, op)))) for op in operations)
        return message((1, message((1, 0), (2, 0)) + inside), (4, message((1, 0))))

    assert claimed(paddle.PLUGIN, program("feed", "mul", "fetch"))
    assert word(paddle.PLUGIN, program("feed", "conv2d", "fetch")) is Verdict.CLEAN
    assert word(paddle.PLUGIN, program("feed", "py_func")) is Verdict.DANGEROUS
    assert word(paddle.PLUGIN, program("load_combine")) is Verdict.DANGEROUS
    assert word(paddle.PLUGIN, program("custom_thing")) is Verdict.UNKNOWN
    for name in (
        "load_combine_xpu",
        "heter_listen_and_serv",
        "send_v2",
        "tensorrt_engine",
        "dlopen",
        "prim_py",
        "sentence_pool",
        "comm_init_all",
        "conv2d_fusion_v9",
    ):
        assert word(paddle.PLUGIN, program("feed", name)) is Verdict.UNKNOWN
    for name in (
        "sequence_pool",
        "conv2d_grad",
        "relu_grad_grad",
        "reduce_sum",
        "elementwise_add",
        "pad3d",
        "lookup_table_v2",
        "assert",
        "print",
    ):
        assert word(paddle.PLUGIN, program("feed", name)) is Verdict.CLEAN


def pir(*operations: str, inside: tuple[str, ...] = ()) -> bytes:
    block = {"#": "block_0", "args": [], "ops": [{"#": each} for each in operations]}
    if inside:
        block["ops"].append(
            {"#": "1.if", "regions": [{"blocks": [{"ops": [{"#": each} for each in inside]}]}]}
        )  # type: ignore[attr-defined]
    document = {"base_code": {"magic": "pir", "version": 4}, "program": {"regions": [{"blocks": [block]}]}}
    return json.dumps(document, separators=(",", ":")).encode()


def test_a_paddle_program_as_json_is_judged_by_its_operations_wherever_they_stand() -> None:
    usual = ("p", "1.data", "1.conv2d", "1.batch_norm_", "1.add", "0.combine", "1.fetch", "1.matmul_grad")
    plugin = paddle_pir.PLUGIN
    assert claimed(plugin, pir(*usual))
    for raw, verdict in (
        (pir(*usual), Verdict.CLEAN),
        (pir(*usual, inside=("1.relu", "2.yield")), Verdict.CLEAN),
        (pir(*usual, "1.py_func"), Verdict.DANGEROUS),
        (pir(*usual, inside=("1.load_combine",)), Verdict.DANGEROUS),
        (pir(*usual, "1.send_v2"), Verdict.UNKNOWN),
        (pir(*usual, "3.my_op"), Verdict.UNKNOWN),
        (pir(*usual, "cinn_op.generate_shape"), Verdict.UNKNOWN),
        (pir(*usual)[:-3], Verdict.DAMAGED),
        (pir("no name"), Verdict.DAMAGED),
        (b'{"base_code":{"magic":"pir"},"program":{"regions":[3]}}', Verdict.DAMAGED),
        (b'{"base_code":{"magic":"pir"}}', Verdict.DAMAGED),
    ):
        assert word(plugin, raw) is verdict, raw


def symbol(name: str) -> bytes:
    return struct.pack(">III", 1, 9, len(name)) + name.encode()


def r(item: bytes) -> bytes:
    return b"X\n" + struct.pack(">III", 2, 0x040300, 0x020300) + item


def r_call(function: str) -> bytes:
    return struct.pack(">I", 6) + symbol(function) + struct.pack(">I", 254)


def test_an_object_of_r_runs_nothing_until_it_holds_a_promise_or_a_call() -> None:
    numbers = struct.pack(">II", 14, 3) + bytes(24)
    promise = struct.pack(">III", 5 | 0x400, 253, 252) + r_call("print")
    closure = struct.pack(">II", 3 | 0x400, 253) + struct.pack(">I", 254) + r_call("mean")
    assert claimed(rds.PLUGIN, r(numbers))
    assert word(rds.PLUGIN, r(numbers)) is Verdict.INERT
    assert word(rds.PLUGIN, b"RDX2\n" + r(numbers)) is Verdict.INERT
    assert word(rds.PLUGIN, r(promise)) is Verdict.DANGEROUS
    assert word(rds.PLUGIN, r(closure)) is Verdict.CLEAN, said(rds.PLUGIN, r(closure))
    assert word(rds.PLUGIN, r(r_call("lm"))) is Verdict.INERT
    assert word(rds.PLUGIN, r(r_call("system"))) is Verdict.DANGEROUS
    assert word(rds.PLUGIN, r(numbers)[:-1]) is Verdict.DAMAGED
    assert word(rds.PLUGIN, r(struct.pack(">II", 19, 2**31 - 1))) is Verdict.DAMAGED


def test_the_text_form_of_r_is_walked_too() -> None:
    head = b"A\n2\n262912\n131840\n"
    assert claimed(rds.PLUGIN, head + b"14\n2\n1.5\nNA\n")
    assert word(rds.PLUGIN, head + b"14\n2\n1.5\nNA\n") is Verdict.INERT
    assert word(rds.PLUGIN, head + b"6\n1\n262153\n6\nsystem\n254\n") is Verdict.DANGEROUS
    assert word(rds.PLUGIN, head + b"14\n2\n1.5\n") is Verdict.DAMAGED
