"""What a Keras configuration would make, in JSON and inside HDF5."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from formats import claimed, judged, kinds, said, word

from tidegate.inspectors.look import look
from tidegate.inspectors.models._keras_config import judge_config
from tidegate.inspectors.models.keras_h5 import PLUGIN
from tidegate.inspectors.models.keras_json import PLUGIN as JSON
from tidegate.inspectors.readable import Counted, FileBytes, Memory
from tidegate.inspectors.seam import Context, Judgement
from tidegate.inspectors.verdict import verdict
from tidegate.model.observation import Verdict

DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3, "activation": "relu"}}
MARSHALLED = {
    "class_name": "Lambda",
    "config": {"function": ["4wEAAAA=\n", None, None], "function_type": "lambda"},
}


def model(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"module": "keras", "class_name": "Sequential", "config": {"layers": list(layers)}}


def of(config: object) -> Verdict:
    return verdict(judge_config(json.dumps(config).encode()))


def test_a_model_of_keras_own_layers_is_clean() -> None:
    compiled = {
        "optimizer": {
            "module": "keras.optimizers",
            "class_name": "Adam",
            "config": {},
            "registered_name": None,
        },
        "loss": {
            "module": "builtins",
            "class_name": "function",
            "config": "mse",
            "registered_name": "function",
        },
    }
    functional = {
        "class_name": "Functional",
        "config": {"layers": [{"class_name": "InputLayer", "config": {}}]},
    }
    operation = {"module": "keras.src.ops.numpy", "class_name": "Add", "config": {}, "registered_name": "Add"}
    old = {"class_name": "Model", "config": {"layers": [{"class_name": "Conv2D", "config": {}}]}}
    words = {"class_name": "TextVectorization", "config": {"vocabulary": ["a", "b"]}}
    values = {"class_name": "__tuple__", "items": [1, 2]}
    assert of(model(DENSE, operation, words, values) | {"compile_config": compiled}) is Verdict.CLEAN
    assert of(functional) is Verdict.CLEAN
    assert of(old) is Verdict.CLEAN


@pytest.mark.parametrize(
    "layer",
    [
        MARSHALLED,
        {
            "class_name": "Lambda",
            "config": {"function": {"class_name": "__lambda__", "config": {"code": "4wE="}}},
        },
        {"class_name": "Lambda", "config": {"function": "lambda x: eval('x')"}},
        {"class_name": "TimeDistributed", "config": {"layer": MARSHALLED}},
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": "echo x"}},
        {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://127.0.0.1/x"}},
        {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {}},
        {"module": "keras.saving", "class_name": "function", "config": "load_model"},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/x"}},
        {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gAJ9"}},
        {"class_name": "StringLookup", "config": {"vocabulary": "/etc/hostname"}},
        {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
        {"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "ReadFile"}}},
    ],
)
def test_a_layer_that_brings_or_reaches_code_and_files_is_dangerous(layer: dict[str, Any]) -> None:
    assert of(model(DENSE, layer)) is Verdict.DANGEROUS


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "mypackage.layers", "class_name": "Net", "config": {}},
        {"class_name": "Custom>Net", "config": {}},
        {"class_name": "Net", "config": {}},
        {"class_name": "Lambda", "config": {"function": "my_function", "function_type": "function"}},
        {"module": "builtins", "class_name": "function", "config": "my_loss", "registered_name": "function"},
        {"class_name": "TFOpLambda", "config": {"function": "custom.thing"}},
        {"module": "keras.layers", "class_name": "JaxLayer", "config": {}},
    ],
)
def test_a_layer_that_is_not_of_keras_is_unknown(layer: dict[str, Any]) -> None:
    assert of(model(DENSE, layer)) is Verdict.UNKNOWN


def test_a_lambda_names_the_loader_that_would_run_it() -> None:
    found = judge_config(json.dumps(model(MARSHALLED)).encode()).observations[0]
    assert found.loader == "keras.models.load_model(safe_mode=False)"


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"class_name":' * 50_000])
def test_a_configuration_that_is_no_json_is_damaged(raw: bytes) -> None:
    assert verdict(judge_config(raw)) is Verdict.DAMAGED


def test_a_configuration_in_a_file_of_its_own_is_judged() -> None:
    assert claimed(JSON, json.dumps(model(DENSE), indent=2).encode())
    assert not claimed(JSON, b'{"a": 1}')
    raw = json.dumps({"class_name": "Sequential", "config": {"layers": [MARSHALLED]}}).encode()
    assert claimed(JSON, raw)
    assert word(JSON, raw) is Verdict.DANGEROUS


def h5(path: Path, config: object, *, text: bool = True, latest: bool = False, layers: int = 3) -> bytes:
    with h5py.File(path, "w", libver="latest" if latest else "earliest") as file:
        raw = json.dumps(config)
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = raw if text else np.bytes_(raw.encode())
        weights = file.create_group("model_weights")
        for number in range(layers):
            group = weights.create_group(f"layer_{number}")
            group.attrs["weight_names"] = [b"kernel:0", b"bias:0"]
            group.create_dataset("kernel:0", data=np.zeros((4, 4), np.float32))
    return path.read_bytes()


@pytest.mark.parametrize(("text", "latest"), [(True, False), (False, False), (True, True), (False, True)])
def test_a_file_of_the_real_library_is_judged_by_its_configuration(
    tmp_path: Path, text: bool, latest: bool
) -> None:
    clean = h5(tmp_path / "a.h5", model(DENSE), text=text, latest=latest)
    bad = h5(tmp_path / "b.h5", model(DENSE, MARSHALLED), text=text, latest=latest)
    assert claimed(PLUGIN, clean)
    assert word(PLUGIN, clean) is Verdict.CLEAN
    assert word(PLUGIN, bad) is Verdict.DANGEROUS
    assert "safe mode counts only since" in judged(PLUGIN, bad).observations[0].loader


def test_a_file_without_a_configuration_holds_only_weights(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=np.zeros(10))
    assert word(PLUGIN, path.read_bytes()) is Verdict.INERT
    assert judged(PLUGIN, path.read_bytes()).kind == "hdf5"


def test_a_file_behind_a_user_block_is_found(tmp_path: Path) -> None:
    path = tmp_path / "u.h5"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.attrs["model_config"] = json.dumps(model(MARSHALLED))
    raw = b"#!/bin/sh\n".ljust(512) + path.read_bytes()[512:]
    assert claimed(PLUGIN, raw)
    assert word(PLUGIN, raw) is Verdict.DANGEROUS


@pytest.mark.parametrize("block", [4096, 65_536])
def test_a_user_block_that_is_longer_than_a_head_hides_no_model(tmp_path: Path, block: int) -> None:
    path = tmp_path / "u.h5"
    with h5py.File(path, "w", userblock_size=block) as file:
        file.attrs["model_config"] = json.dumps(model(MARSHALLED))
    assert look(Memory(path.read_bytes()), "u.h5").verdict is Verdict.DANGEROUS
    assert look(Memory(bytes(20_000)), "u.h5").verdict is None


@pytest.mark.parametrize("latest", [False, True])
def test_names_and_data_sets_that_lead_to_other_files_are_told(tmp_path: Path, latest: bool) -> None:
    path = tmp_path / "l.h5"
    with h5py.File(path, "w", libver="latest" if latest else "earliest") as file:
        file["out"] = h5py.ExternalLink("/etc/hostname", "/x")
        file["soft"] = h5py.SoftLink("/a")
        file.create_dataset("x", (10,), "f4", external=[("../up.bin", 0, 40)])
    assert word(PLUGIN, path.read_bytes()) is Verdict.DANGEROUS
    assert "/etc/hostname" in said(PLUGIN, path.read_bytes())
    assert "../up.bin" in said(PLUGIN, path.read_bytes())
    with h5py.File(path, "w") as file:
        file["beside"] = h5py.ExternalLink("beside.h5", "/x")
    assert word(PLUGIN, path.read_bytes()) is Verdict.INERT
    assert "external_file" in kinds(PLUGIN, path.read_bytes())


def test_a_pickle_in_an_attribute_is_handed_on(tmp_path: Path) -> None:
    path = tmp_path / "p.h5"
    with h5py.File(path, "w") as file:
        file.attrs["metadata"] = np.void(b"(dp0\n.")
        file.attrs["other"] = np.bytes_(b"(dp0\n.")
    seen: list[str] = []

    def inside(_: object, name: str) -> Judgement:
        seen.append(name)
        return Judgement("pickle", unlisted=True)

    judgement = PLUGIN.judge(Memory(path.read_bytes()), "p.h5", Context(0, inside=inside))
    assert seen == ["metadata", "other"]
    assert verdict(judgement) is Verdict.UNKNOWN


def test_of_a_large_file_little_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(model(*[DENSE] * 50))
        for number in range(8):
            file.create_dataset(f"w{number}", (2**23,), "f8")  # allocated late: its bytes are not written
            file[f"w{number}"][-1] = 1.0
    with FileBytes(path) as file:
        data = Counted(file)
        assert verdict(PLUGIN.judge(data, "big.h5", Context(0))) is Verdict.CLEAN
    assert data.size_bytes > 500_000_000
    assert data.bytes_read <= 64_000


def test_many_layers_cost_a_megabyte(tmp_path: Path) -> None:
    data = Counted(Memory(h5(tmp_path / "m.h5", model(DENSE), layers=300)))
    assert verdict(PLUGIN.judge(data, "m.h5", Context(0))) is Verdict.CLEAN
    assert data.bytes_read <= 1_000_000


def test_a_table_of_thousands_of_pictures_is_judged_whole(tmp_path: Path) -> None:
    path = tmp_path / "pictures.h5"
    with h5py.File(path, "w") as file:
        for number in range(4_000):
            file.create_dataset(f"picture_{number:05}", data=np.zeros(16, "u1"))
    found = judged(PLUGIN, path.read_bytes())
    assert (found.kind, verdict(found)) == ("hdf5", Verdict.INERT)


@pytest.mark.parametrize(("function", "verdict"), [("relu", Verdict.CLEAN), ("eval", Verdict.DANGEROUS)])
def test_a_function_that_only_python_has_is_dangerous(function: str, verdict: Verdict) -> None:
    named = {
        "module": "builtins",
        "class_name": "function",
        "config": function,
        "registered_name": "function",
    }
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1, "activation": named}}
    assert of(model(layer)) is verdict


@pytest.mark.parametrize("count", [8, 9, 13, 14, 15, 24, 60])
def test_an_h5_file_that_ends_within_its_superblock_is_damaged(count: int) -> None:
    raw = (b"\x89HDF\r\n\x1a\n" + b"\0\0\0\0\0\x08\x08\0" + bytes(80))[:count]
    assert word(PLUGIN, raw) is Verdict.DAMAGED


@pytest.mark.parametrize("layers", [3, 30, 900])
@pytest.mark.parametrize("order", [False, True], ids=["by name", "by order"])
def test_many_names_and_attributes_in_the_newest_form_are_followed(
    tmp_path: Path, layers: int, order: bool
) -> None:
    for bad in (False, True):
        path = tmp_path / f"{bad}.h5"
        with h5py.File(path, "w", libver="latest", track_order=order) as file:
            for number in range(12):
                file.attrs[f"about_{number}"] = number
            file.attrs["model_config"] = json.dumps(model(DENSE, *([MARSHALLED] if bad else [])))
            group = file.create_group("model_weights", track_order=order)
            for number in range(layers):
                group.create_group(f"layer_{number}")
        raw = path.read_bytes()
        assert judged(PLUGIN, raw).kind == "keras_h5"
        assert word(PLUGIN, raw) is (Verdict.DANGEROUS if bad else Verdict.CLEAN)


def test_a_large_attribute_beside_many_and_a_link_among_many_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        for number in range(12):
            file.attrs[f"about_{number}"] = number
            file[f"soft_{number}"] = h5py.SoftLink("/x")
        file.attrs["model_config"] = np.bytes_(json.dumps(model(MARSHALLED)).encode() + b" " * 60_000)
        file["far"] = h5py.ExternalLink("/etc/hostname", "/x")
    assert word(PLUGIN, path.read_bytes()) is Verdict.DANGEROUS
    assert "/etc/hostname" in said(PLUGIN, path.read_bytes())


def test_data_as_netcdf_writes_it_is_inert(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    with h5py.File(path, "w", track_order=True) as file:
        for number in range(40):
            data = file.create_dataset(f"variable_{number}", data=np.zeros(10), track_order=True)
            for each in range(12):
                data.attrs[f"about_{each}"] = f"text {each}"
    assert word(PLUGIN, path.read_bytes()) is Verdict.INERT


def test_a_heap_that_is_changed_or_cut_ends_in_a_judgement(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest", track_order=True) as file:
        for number in range(40):
            file.attrs[f"about_{number}"] = number
            file.create_group(f"layer_{number}")
    raw = path.read_bytes()
    starts = [
        raw.find(mark) for mark in (b"FRHP", b"BTHD", b"BTLF", b"BTIN", b"FHDB", b"FHIB") if mark in raw
    ]
    for start in starts:
        for at in range(start, min(start + 160, len(raw)), 3):
            for byte in (0, 0xFF, raw[at] ^ 1):
                judged(PLUGIN, raw[:at] + bytes([byte]) + raw[at + 1 :])
        assert word(PLUGIN, raw[: start + 20]) is Verdict.DAMAGED
