"""Keras configurations as Keras itself writes them."""

from __future__ import annotations

import json

from corpus_models.hdf5 import hdf5
from corpus_models.zips import Entry, zipped


def layer(
    class_name: str,
    config: dict[str, object],
    *,
    module: str | None = "keras.layers",
    registered: str | None = None,
) -> dict[str, object]:
    """Return one object's entry; module None: the form of Keras 2, which has none."""
    if module is None:
        return {"class_name": class_name, "config": config}
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered}


DENSE = layer(
    "Dense",
    {
        "name": "dense",
        "trainable": True,
        "dtype": layer("DTypePolicy", {"name": "float32"}, module="keras"),
        "units": 2,
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": layer("GlorotUniform", {"seed": None}, module="keras.initializers"),
        "bias_initializer": layer("Zeros", {}, module="keras.initializers"),
    },
)
INPUT = layer("InputLayer", {"batch_shape": [None, 3], "dtype": "float32", "sparse": False, "name": "input"})
DENSE_2 = layer(
    "Dense", {"name": "dense", "trainable": True, "units": 2, "activation": "linear"}, module=None
)


def sequential(*layers: dict[str, object]) -> dict[str, object]:
    config = {"name": "m", "trainable": True, "layers": [INPUT, DENSE, *layers]}
    return layer("Sequential", config, module="keras")


def functional(*layers: dict[str, object]) -> dict[str, object]:
    config = {
        "name": "f",
        "trainable": True,
        "layers": [INPUT, *layers],
        "input_layers": [["input", 0, 0]],
        "output_layers": [["dense", 0, 0]],
    }
    return layer("Functional", config, module="keras")


def archive(config: dict[str, object]) -> bytes:
    """Return a `.keras` file."""
    return zipped(
        [
            Entry(
                name="metadata.json", data=b'{"keras_version": "3.10.0", "date_saved": "2026-11-01@10:00:00"}'
            ),
            Entry(name="config.json", data=json.dumps(config).encode()),
            Entry(name="model.weights.h5", data=hdf5({}, ["layers", "vars"])),
        ]
    )
