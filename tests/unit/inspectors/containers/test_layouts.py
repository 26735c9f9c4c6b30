"""Model files that are archives: which one it is, the names inside tell."""

from __future__ import annotations

import io
import json
import pickle
from typing import Any

import numpy as np
import pytest
from packed import PAYLOAD, PLAIN, kinds, seen, tarred, torch_zip, zipped

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.observation import Executes, Inspection, Verdict
from tidegate.model.severity import Severity


def _text(value: str) -> bytes:
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def _storage(key: str, count: int, kind: str = "FloatStorage") -> bytes:
    """Opcodes of one tensor as torch writes it: rebuilt from a storage that stands elsewhere."""
    persistent = (
        b"("
        + _text("storage")
        + f"ctorch\n{kind}\n".encode()
        + _text(key)
        + _text("cpu")
        + b"J"
        + count.to_bytes(4, "little")
        + b"tQ"
    )
    shape = b"(J" + count.to_bytes(4, "little") + b"t"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + persistent
        + b"K\x00"
        + shape
        + b"(K\x01t\x89ccollections\nOrderedDict\n)RtR"
    )


def _state(*storages: bytes) -> bytes:
    items = b"".join(_text(f"layer{index}") + each for index, each in enumerate(storages))
    return b"\x80\x02}(" + items + b"u."


def _legacy(thing: bytes, keys: list[str], numbers: bytes = b"", magic: bytes | None = None) -> bytes:
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) if magic is None else magic
    system = pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2)
    return head + pickle.dumps(1001, 2) + system + thing + pickle.dumps(keys, 2) + numbers


def _npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


def _worst(found: Inspection) -> list[str]:
    return [each.summary for each in found.observations if each.severity is Severity.CRITICAL]


# PyTorch


def test_a_state_dict_with_its_storages_is_clean_and_says_nothing() -> None:
    numbers = [("archive/data/0", bytes(16)), ("archive/data/1", bytes(40))]
    found = seen(torch_zip(_state(_storage("0", 4), _storage("1", 10)), extra=numbers), "model.pt")
    assert (found.kind, found.verdict, found.observations) == ("torch_zip", Verdict.CLEAN, ())


@pytest.mark.parametrize("numbers", [[], [("archive/data/0", bytes(15))]])
def test_storages_that_are_not_there_or_too_short_make_a_file_damaged(
    numbers: list[tuple[str, bytes]],
) -> None:
    assert seen(torch_zip(_state(_storage("0", 4)), extra=numbers)).verdict is Verdict.DAMAGED


def test_a_payload_in_a_torch_zip_concerns_loading_without_weights_only() -> None:
    found = seen(torch_zip(PAYLOAD), "model.pt")
    assert found.verdict is Verdict.DANGEROUS
    assert found.observations[0].loader == "torch.load(weights_only=False)"
    assert found.observations[0].member == "archive/data.pkl"


@pytest.mark.parametrize("name", ["archive/DATA.PKL", "archive/Data.pkl", "data.pkl", "other/data.pkl"])
def test_data_pkl_is_found_as_torch_finds_it(name: str) -> None:
    found = seen(torch_zip(PAYLOAD, name))
    assert (found.kind, found.verdict) == ("torch_zip", Verdict.DANGEROUS)


def test_numbers_of_a_torch_zip_are_not_taken_for_pickles() -> None:
    found = seen(torch_zip(_state(_storage("0", 1)), extra=[("archive/data/0", PAYLOAD)]))
    assert found.verdict is Verdict.CLEAN


def test_other_pickles_beside_data_pkl_are_judged() -> None:
    assert seen(torch_zip(PLAIN, extra=[("archive/extra.pkl", PAYLOAD)])).verdict is Verdict.DANGEROUS


def test_classes_of_torchscript_itself_are_no_alarm_and_others_are() -> None:
    script = b"\x80\x02c__torch__.nets\nNet\n)\x81}" + _text("training") + b"\x89sb."
    code = ("archive/code/__torch__/nets.py", b"class Net(Module):\n  pass\n")
    found = seen(torch_zip(script, extra=[("archive/constants.pkl", b"\x80\x02)."), code]), "model.pt")
    assert (found.kind, found.verdict) == ("torchscript", Verdict.CLEAN)
    found = seen(torch_zip(script, extra=[("archive/constants.pkl", PAYLOAD), code]), "model.pt")
    assert found.verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("call", [b'torch.save(x, "/tmp/x")', b'torch.from_file("/etc/hostname", False, 9)'])
def test_torchscript_that_touches_files_is_dangerous(call: bytes) -> None:
    code = (
        "archive/code/__torch__/nets.py",
        b"def forward(self, x: Tensor) -> Tensor:\n  y = " + call + b"\n",
    )
    found = seen(torch_zip(b"\x80\x02N.", extra=[("archive/constants.pkl", b"\x80\x02)."), code]))
    assert found.verdict is Verdict.DANGEROUS
    assert "a file by torch." in _worst(found)[0]


def test_a_legacy_file_is_gone_over_to_its_end() -> None:
    numbers = (4).to_bytes(8, "little") + bytes(16)
    found = seen(_legacy(_state(_storage("0", 4)), ["0"], numbers), "model.pth")
    assert (found.kind, found.verdict, found.observations) == ("torch_legacy", Verdict.CLEAN, ())
    assert seen(_legacy(_state(_storage("0", 4)), ["0"], numbers[:-1])).verdict is Verdict.DAMAGED
    behind = seen(_legacy(_state(_storage("0", 4)), ["0"], numbers + PAYLOAD))
    assert behind.verdict is Verdict.DANGEROUS
    assert "trailing_bytes" in kinds(behind)


@pytest.mark.parametrize("place", range(5))
def test_a_payload_in_each_of_the_five_pickles_of_a_legacy_file_is_found(place: int) -> None:
    parts = [
        pickle.dumps(0x1950A86A20F9469CFC6C, 2),
        pickle.dumps(1001, 2),
        pickle.dumps({}, 2),
        PLAIN,
        pickle.dumps([], 2),
    ]
    parts[place] = b"\x80\x02" + PAYLOAD[:-1] + b"0" + parts[place][2:]
    found = seen(b"".join(parts), "model.ckpt")
    assert found.verdict is Verdict.DANGEROUS


@pytest.mark.parametrize(
    "magic",
    [b"I119547037146038801333356\n.", b"L119547037146038801333356L\n.", b"L0x1950a86a20f9469cfc6cL\n."],
)
def test_the_magic_number_may_be_written_in_any_way_that_torch_reads(magic: bytes) -> None:
    found = seen(_legacy(PAYLOAD, [], magic=magic), "model.ckpt")
    assert (found.kind, found.verdict) == ("torch_legacy", Verdict.DANGEROUS)


def test_a_legacy_file_whose_pickle_breaks_is_judged_by_what_ran_before_and_what_follows() -> None:
    assert seen(_legacy(PAYLOAD[:-1] + b"\xff", []), "model.ckpt").verdict is Verdict.DANGEROUS
    assert seen(_legacy(b"\xff", []) + PAYLOAD, "model.ckpt").verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("member", ["sys_info", "storages", "tensors", "pickle"])
def test_the_tar_of_torch_0_1_is_judged_in_all_its_members(member: str) -> None:
    parts = {
        "sys_info": PLAIN,
        "storages": pickle.dumps(0, 2),
        "tensors": pickle.dumps(0, 2),
        "pickle": PLAIN,
    }
    found = seen(tarred(parts.items()), "model.pth")
    assert (found.kind, found.verdict) == ("torch_tar", Verdict.CLEAN)
    found = seen(tarred((parts | {member: PAYLOAD}).items()), "model.pth")
    assert (found.kind, found.verdict) == ("torch_tar", Verdict.DANGEROUS)


def test_a_torch_package_brings_code() -> None:
    members = [("pkg/.data/extern_modules", b"torch"), ("pkg/m/m.pkl", PLAIN), ("pkg/net.py", b"x = 1\n")]
    found = seen(zipped(members), "model.pt")
    assert (found.kind, found.verdict) == ("torch_package", Verdict.UNKNOWN)


def test_an_exported_graph_is_judged_by_the_operators_it_names() -> None:
    def exported(target: str, *more: tuple[str, bytes]) -> Inspection:
        graph = {"graph_module": {"graph": {"nodes": [{"target": target, "inputs": []}]}}}
        parts = [("m/archive_format", b"pt2"), ("m/models/model.json", json.dumps(graph).encode()), *more]
        return seen(zipped(parts), "model.pt2")

    assert exported("torch.ops.aten.add.Tensor").verdict is Verdict.INERT
    assert exported("torch.os.system").verdict is Verdict.UNKNOWN
    assert exported("torch.ops.aten.from_file.default").verdict is Verdict.DANGEROUS
    compiled = exported("torch.ops.aten.add.Tensor", ("m/data/aotinductor/model.so", b"\x7fELF"))
    assert compiled.verdict is Verdict.UNKNOWN


# numpy


@pytest.mark.parametrize(
    "array",
    [
        *(np.zeros((2, 3), kind) for kind in "?bBhHiIlLqQefdgFDG"),
        np.array("x"),
        np.array(["ab", "c"]),
        np.zeros(2, "M8[D]"),
        np.zeros(3, [("a", "f4"), ("Object", "U3")]),
    ],
)
def test_an_array_of_numbers_is_inert(array: Any) -> None:
    found = seen(_npy(array), "a.npy")
    assert (found.kind, found.verdict, found.observations) == ("npy", Verdict.INERT, ())


def _header(descr: str, rest: bytes) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + rest


@pytest.mark.parametrize(
    "descr",
    [
        "'|O'",
        "'O'",
        "'object'",
        "'O8'",
        '"|O"',
        "'\\x7cO'",
        "'i4,O'",
        "[('a', '|O')]",
        "[('a', '<f4'), ('b', 'O')]",
    ],
)
def test_an_array_of_objects_is_a_pickle_however_its_type_is_written(descr: str) -> None:
    found = seen(_header(descr, PAYLOAD), "a.npy")
    assert found.verdict is Verdict.DANGEROUS
    assert found.executes is Executes.ONLY_IF
    assert found.observations[0].loader == "numpy.load(allow_pickle=True)"


def test_a_header_that_is_no_literal_is_never_inert() -> None:
    assert seen(_header("'<f4' if print(1) else '<f4'", bytes(4))).verdict is Verdict.DAMAGED


def test_a_shape_of_thousands_of_sides_is_damaged_and_no_error_of_ours() -> None:
    sides = ",".join(["99999999"] * 5_000)
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({sides},)}}".encode()
    assert seen(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text).verdict is Verdict.DAMAGED


def test_an_array_of_harmless_objects_is_clean() -> None:
    assert seen(_npy(np.array([{}, None, "x"], dtype=object))).verdict is Verdict.CLEAN


def test_an_array_that_ends_early_is_damaged_and_one_with_more_behind_it_says_so() -> None:
    raw = _npy(np.zeros(9))
    assert seen(raw[:-1]).verdict is Verdict.DAMAGED
    assert "trailing_bytes" in kinds(seen(raw + b"x"))


def test_each_array_of_an_npz_is_judged() -> None:
    good, bad = ("a.npy", _npy(np.zeros(3))), ("b.npy", _header("'|O'", PAYLOAD))
    assert (seen(zipped([good])).kind, seen(zipped([good])).verdict) == ("npz", Verdict.INERT)
    assert seen(zipped([good, bad])).verdict is Verdict.DANGEROUS


# Others


def test_a_keras_file_is_judged_by_its_configuration_and_its_weights() -> None:
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}, "registered_name": None}
    beside = [("metadata.json", b"{}"), ("model.weights.h5", b"")]
    found = seen(zipped([("config.json", json.dumps(layer).encode()), *beside]), "model.keras")
    assert (found.kind, found.verdict) == ("keras_zip", Verdict.CLEAN)
    bad = layer | {
        "class_name": "Lambda",
        "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}},
    }
    found = seen(zipped([("config.json", json.dumps(bad).encode()), *beside]), "model.keras")
    assert (found.kind, found.verdict) == ("keras_zip", Verdict.DANGEROUS)
    weights = [("model.weights.npz", zipped([("w.npy", _header("'|O'", PAYLOAD))]))]
    found = seen(zipped([("config.json", json.dumps(layer).encode()), *weights]), "model.keras")
    assert found.verdict is Verdict.DANGEROUS


def test_the_policy_allows_a_layer_of_a_keras_file() -> None:
    own = {"module": "shop.layers", "class_name": "Net", "config": {}, "registered_name": "Net"}
    raw = zipped([("config.json", json.dumps(own).encode()), ("metadata.json", b"{}")])
    assert seen(raw, "model.keras").verdict is Verdict.UNKNOWN
    allowed = look(Memory(raw), "model.keras", policy=frozenset({"shop.layers.Net"}))
    assert allowed.verdict is Verdict.CLEAN


def test_a_skops_file_is_judged_by_the_types_it_names() -> None:
    def dumped(**node: Any) -> Inspection:
        return seen(
            zipped([("schema.json", json.dumps({"__loader__": "ObjectNode", "content": node}).encode())]),
            "m.skops",
        )

    good = dumped(
        __class__="LogisticRegression", __module__="sklearn.linear_model._logistic", __loader__="ObjectNode"
    )
    assert (good.kind, good.verdict) == ("skops", Verdict.CLEAN)
    own = dumped(__class__="Thing", __module__="my.models", __loader__="ObjectNode")
    assert own.verdict is Verdict.UNKNOWN
    method = dumped(
        __class__="LogisticRegression", __module__="sklearn.linear_model._logistic", __loader__="MethodNode"
    )
    assert method.verdict is Verdict.UNKNOWN
    function = {"module_path": "os", "function": "system"}
    bad = dumped(__class__="function", __module__="builtins", __loader__="FunctionNode", content=function)
    assert bad.verdict is Verdict.DANGEROUS


def test_the_handler_of_a_model_archive_is_code_that_the_server_runs() -> None:
    def archived(handler: str, *more: tuple[str, bytes]) -> Inspection:
        manifest = {"model": {"handler": handler, "serializedFile": "net.pt"}}
        parts = [
            ("MAR-INF/MANIFEST.json", json.dumps(manifest).encode()),
            ("net.pt", torch_zip(PLAIN)),
            *more,
        ]
        return seen(zipped(parts), "model.mar")

    own = archived("image_classifier")
    assert (own.kind, own.verdict) == ("mar", Verdict.CLEAN)
    assert archived("handler.py", ("handler.py", b"import os\n")).verdict is Verdict.UNKNOWN
    assert archived("image_classifier", ("net.bin", PAYLOAD)).verdict is Verdict.DANGEROUS


def test_the_names_that_a_nemo_configuration_has_called_are_judged() -> None:
    def restored(target: str) -> Inspection:
        config = f"encoder:\n  _target_: {target}\n  layers: 4\n".encode()
        return seen(
            tarred([("./model_config.yaml", config), ("./model_weights.ckpt", torch_zip(PLAIN))]), "m.nemo"
        )

    good = restored("nemo.collections.asr.modules.ConformerEncoder")
    assert (good.kind, good.verdict) == ("nemo", Verdict.CLEAN)
    assert restored("my.Thing").verdict is Verdict.UNKNOWN
    assert restored("os.system").verdict is Verdict.DANGEROUS
    assert restored("nemo.utils.os.system").verdict is Verdict.DANGEROUS


def test_an_archive_that_is_two_kinds_is_judged_as_both_and_says_so() -> None:
    found = seen(torch_zip(PLAIN, extra=[("schema.json", b"{}"), ("archive/data/0", PAYLOAD)]))
    assert "several_formats" in kinds(found)
    assert found.verdict is Verdict.DANGEROUS
