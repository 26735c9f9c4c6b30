"""Make small models with the libraries themselves, as files. Runs where `requirements.txt` of this folder is.

    python benchmarks/accuracy/real_models.py FOLDER

They are trained on a few made-up numbers. Whatever a scanner says against one of them is a false alarm.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import decimal
import fractions
import functools
import io
import ipaddress
import pathlib
import pickle
import re
import sys
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import scipy.sparse
import scipy.stats
import torch
from torch import nn

MADE: dict[str, Callable[[], bytes]] = {}
"""File name -> its bytes."""

RNG = np.random.default_rng(7)
X = RNG.random((24, 3))
Y = (X[:, 0] > 0.5).astype(int)
TEXTS = ["open link", "closed link", "open door", "closed door"] * 6


def pickled(value: Any, protocol: int = 4) -> bytes:
    return pickle.dumps(value, protocol=protocol)


def joblibbed(value: Any, compress: Any = 0) -> bytes:
    out = io.BytesIO()
    joblib.dump(value, out, compress=compress)
    return out.getvalue()


def torched(value: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def saved(save: Callable[[str], Any], suffix: str) -> bytes:
    """Have a library write a file where it likes, and return what it wrote."""
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"model{suffix}")
        save(str(path))
        return path.read_bytes()


def estimators() -> dict[str, Any]:
    """Return fitted scikit-learn estimators by name."""
    from sklearn import (  # noqa: PLC0415
        calibration,
        cluster,
        compose,
        decomposition,
        discriminant_analysis,
        ensemble,
        feature_extraction,
        gaussian_process,
        impute,
        isotonic,
        kernel_approximation,
        linear_model,
        mixture,
        model_selection,
        naive_bayes,
        neighbors,
        neural_network,
        pipeline,
        preprocessing,
        svm,
        tree,
    )

    plain = {
        "forest": ensemble.RandomForestClassifier(3, max_depth=2),
        "extra_trees": ensemble.ExtraTreesRegressor(3, max_depth=2),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2),
        "hist_boosting": ensemble.HistGradientBoostingClassifier(max_iter=3),
        "ada": ensemble.AdaBoostClassifier(n_estimators=3),
        "bagging": ensemble.BaggingClassifier(n_estimators=3),
        "isolation": ensemble.IsolationForest(n_estimators=3),
        "voting": ensemble.VotingClassifier(
            [("a", naive_bayes.GaussianNB()), ("b", linear_model.LogisticRegression())]
        ),
        "stacking": ensemble.StackingClassifier([("a", naive_bayes.GaussianNB())], cv=2),
        "logistic": linear_model.LogisticRegression(),
        "linear": linear_model.LinearRegression(),
        "ridge": linear_model.Ridge(),
        "lasso": linear_model.Lasso(),
        "sgd": linear_model.SGDClassifier(),
        "svc": svm.SVC(probability=False),
        "linear_svc": svm.LinearSVC(),
        "neighbours": neighbors.KNeighborsClassifier(3),
        "kd_tree": neighbors.KDTree(X),
        "tree": tree.DecisionTreeClassifier(max_depth=3),
        "naive_bayes": naive_bayes.GaussianNB(),
        "mlp": neural_network.MLPClassifier((4,), max_iter=5),
        "kmeans": cluster.KMeans(2, n_init=1),
        "dbscan": cluster.DBSCAN(),
        "pca": decomposition.PCA(2),
        "nmf": decomposition.NMF(2),
        "lda": discriminant_analysis.LinearDiscriminantAnalysis(),
        "gaussian_process": gaussian_process.GaussianProcessRegressor(),
        "mixture": mixture.GaussianMixture(2),
        "isotonic": None,
        "imputer": impute.SimpleImputer(),
        "scaler": preprocessing.StandardScaler(),
        "nystroem": kernel_approximation.Nystroem(n_components=3),
        "calibrated": calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2),
        "grid": model_selection.GridSearchCV(tree.DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2),
        "function": preprocessing.FunctionTransformer(np.log1p),
        "columns": compose.ColumnTransformer(
            [("a", preprocessing.OneHotEncoder(handle_unknown="ignore"), [0]), ("b", "passthrough", [1])]
        ),
        "pipeline": pipeline.make_pipeline(
            preprocessing.StandardScaler(), decomposition.PCA(2), linear_model.LogisticRegression()
        ),
    }
    plain["isotonic"] = isotonic.IsotonicRegression().fit(X[:, 0], Y)
    for key, each in plain.items():
        if key not in ("kd_tree", "isotonic"):
            each.fit(X, Y)
    text = pipeline.make_pipeline(
        feature_extraction.text.TfidfVectorizer(), linear_model.LogisticRegression()
    )
    plain["text"] = text.fit(TEXTS, [0, 1, 0, 1] * 6)
    plain["labels"] = preprocessing.LabelEncoder().fit(["a", "b"])
    return plain


def numbers() -> None:
    structured = np.array([(1, 2.0, "a")], dtype=[("n", "i4"), ("x", "f8"), ("s", "U3")])
    for protocol in (0, 1, 2, 3, 4, 5):
        MADE[f"numpy-{protocol}.pkl"] = lambda protocol=protocol: pickled(
            {"w": X, "n": np.float64(1.5)}, protocol
        )
    MADE["numpy-random-state.pkl"] = lambda: pickled(np.random.RandomState(1))
    MADE["numpy-generator.pkl"] = lambda: pickled(np.random.default_rng(1))
    MADE["numpy-structured.pkl"] = lambda: pickled(structured)
    MADE["numpy-masked.pkl"] = lambda: pickled(np.ma.masked_array([1, 2], [0, 1]))
    MADE["numpy-objects.pkl"] = lambda: pickled(np.array([{"a": 1}, None], dtype=object))
    MADE["numpy-dates.pkl"] = lambda: pickled(np.array(["2026-01-01"], dtype="datetime64[D]"))
    MADE["numpy-ufunc.pkl"] = lambda: pickled({"f": np.log1p, "dtype": np.dtype("f4"), "type": np.float32})
    MADE["numpy.npy"] = lambda: saved(lambda path: np.save(path, X), ".npy")
    MADE["numpy-objects.npy"] = lambda: saved(
        lambda path: np.save(path, np.array([1, "a"], object), allow_pickle=True), ".npy"
    )
    MADE["numpy.npz"] = lambda: saved(lambda path: np.savez(path, a=X, b=Y), ".npz")
    MADE["numpy-compressed.npz"] = lambda: saved(lambda path: np.savez_compressed(path, a=X, b=Y), ".npz")
    matrix = scipy.sparse.csr_matrix(X > 0.5)
    MADE["scipy-csr.pkl"] = lambda: pickled(matrix)
    MADE["scipy-csr.npz"] = lambda: saved(lambda path: scipy.sparse.save_npz(path, matrix), ".npz")
    MADE["scipy-coo-array.pkl"] = lambda: pickled(scipy.sparse.coo_array(X))
    MADE["scipy-frozen.pkl"] = lambda: pickled(scipy.stats.norm(1, 2))
    MADE["scipy-kde.pkl"] = lambda: pickled(scipy.stats.gaussian_kde(X[:, 0]))


def values() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "b": ["x", "y"] * 12, "c": pd.Categorical(["u", "v"] * 12)})
    frame["when"] = pd.date_range("2026-01-01", periods=24, tz="UTC")
    for protocol in (2, 4, 5):
        MADE[f"pandas-{protocol}.pkl"] = lambda protocol=protocol: pickled(frame, protocol)
    MADE["pandas-series.pkl"] = lambda: pickled(frame["a"])
    MADE["pandas-multi.pkl"] = lambda: pickled(frame.set_index(["b", "c"]))
    MADE["pandas-stamps.pkl"] = lambda: pickled(
        [pd.Timestamp("2026-01-01"), pd.Timedelta("1D"), pd.NaT, pd.NA, pd.Period("2026-01")]
    )
    MADE["pandas-nullable.pkl"] = lambda: pickled(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}))
    plain = {
        "uuid": uuid.UUID(int=5),
        "decimal": [decimal.Decimal("1.5"), fractions.Fraction(1, 3)],
        "dates": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.timedelta(1), dt.date(2026, 1, 1)],
        "containers": [
            collections.OrderedDict(a=1),
            collections.Counter("aab"),
            collections.deque([1], 3),
            {1, 2},
            frozenset((3,)),
        ],
        "defaults": [collections.defaultdict(list, a=[1]), collections.defaultdict(int)],
        "path": pathlib.PurePosixPath("weights/model.bin"),
        "address": ipaddress.ip_address("192.0.2.1"),
        "pattern": re.compile("a+"),
        "constants": [
            1,
            2**80,
            -1.5,
            "é",
            b"\xff",
            True,
            None,
            ...,
            NotImplemented,
            range(3),
            slice(1, 2),
            1 + 2j,
            bytearray(b"x"),
        ],
        "namespace": argparse.Namespace(lr=0.1, layers=[1, 2]),
        "partial": functools.partial(torch.add, alpha=2),
    }
    for key, value in plain.items():
        for protocol in (0, 2, 4, 5) if key in ("constants", "containers") else (2, 4):
            MADE[f"values-{key}-{protocol}.pkl"] = lambda value=value, protocol=protocol: pickled(
                value, protocol
            )


def forests() -> None:
    for key, value in estimators().items():
        MADE[f"sklearn-{key}.pkl"] = lambda value=value: pickled(value)
        MADE[f"sklearn-{key}.joblib"] = lambda value=value: joblibbed(value)
    forest = estimators()["forest"]
    for packing in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
        MADE[f"sklearn-forest-{packing}.joblib"] = lambda packing=packing: joblibbed(forest, (packing, 3))
    for protocol in (0, 2, 3, 5):
        MADE[f"sklearn-forest-{protocol}.pkl"] = lambda protocol=protocol: pickled(forest, protocol)
    MADE["joblib-objects.joblib"] = lambda: joblibbed([np.array(["a", None], object), X])
    MADE["joblib-fortran.joblib"] = lambda: joblibbed({"f": np.asfortranarray(X), "empty": np.zeros((0, 3))})


def tensors() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Dropout(0.1), nn.Linear(4, 2))
    adam = torch.optim.Adam(net.parameters())
    net(torch.rand(5, 3)).sum().backward()
    adam.step()
    lightning = {
        "epoch": 1,
        "global_step": 3,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": net.state_dict(),
        "optimizer_states": [adam.state_dict()],
        "lr_schedulers": [],
        "callbacks": {},
        "hyper_parameters": argparse.Namespace(lr=0.1),
        "loops": {"fit_loop": {"state_dict": {}}},
    }
    both = torch.rand(2, 2)
    made = {
        "state": net.state_dict(),
        "module": net,
        "lightning": lightning,
        "adam": adam.state_dict(),
        "bf16": {"w": nn.Parameter(torch.rand(2, 2).bfloat16())},
        "dtypes": [
            torch.zeros(2, dtype=d)
            for d in (torch.float16, torch.int8, torch.uint8, torch.bool, torch.complex64)
        ],
        "float8": torch.zeros(2, dtype=torch.float8_e4m3fn),
        "sparse": torch.eye(3).to_sparse(),
        "quantised": torch.quantize_per_tensor(torch.rand(2), 0.1, 0, torch.qint8),
        "views": [both, both[0], both.T],
        "things": {"size": torch.Size([1, 2]), "device": torch.device("cpu"), "dtype": torch.float32},
        "empty": torch.zeros(0),
        "meta": torch.empty(2, device="meta"),
        "convolution": nn.Conv2d(1, 2, 3).state_dict(),
        "lstm": nn.LSTM(2, 2),
        "transformer": nn.TransformerEncoderLayer(4, 2, 8),
        "attribute": {"tensor": both, "numpy": X, "when": dt.datetime(2026, 1, 1)},  # noqa: DTZ001
    }
    for key, value in made.items():
        MADE[f"torch-{key}.pt"] = lambda value=value: torched(value)
    for key in ("state", "module", "lightning", "views"):
        MADE[f"torch-legacy-{key}.ckpt"] = lambda key=key: torched(
            made[key], _use_new_zipfile_serialization=False
        )
    MADE["torch-state-4.pt"] = lambda: torched(made["state"], pickle_protocol=4)
    MADE["torch-plain.pkl"] = lambda: pickled(made["state"])
    MADE["torch-joblib.joblib"] = lambda: joblibbed(made["state"])
    MADE["torchscript.pt"] = lambda: saved(
        lambda path: torch.jit.save(torch.jit.script(nn.Linear(2, 1)), path), ".pt"
    )
    MADE["torchscript-traced.pt"] = lambda: saved(
        lambda path: torch.jit.save(torch.jit.trace(net.eval(), torch.rand(1, 3)), path), ".pt"
    )
    MADE["torch-export.pt2"] = lambda: saved(
        lambda path: torch.export.save(torch.export.export(nn.Linear(2, 1), (torch.rand(1, 2),)), path),
        ".pt2",
    )


def other() -> None:
    import h5py  # noqa: PLC0415
    import lightgbm  # noqa: PLC0415
    import onnx  # noqa: PLC0415
    import safetensors.numpy  # noqa: PLC0415
    import skops.io  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    boosted = xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(X, Y)
    MADE["xgboost.pkl"] = lambda: pickled(boosted)
    MADE["xgboost.joblib"] = lambda: joblibbed(boosted)
    MADE["xgboost-booster.pkl"] = lambda: pickled(boosted.get_booster())
    for suffix in (".json", ".ubj"):
        MADE[f"xgboost{suffix}"] = lambda suffix=suffix: saved(boosted.save_model, suffix)
    light = lightgbm.LGBMClassifier(n_estimators=2, min_data_in_leaf=1, verbose=-1).fit(X, Y)
    MADE["lightgbm.pkl"] = lambda: pickled(light)
    MADE["lightgbm-booster.pkl"] = lambda: pickled(light.booster_)
    MADE["lightgbm.txt"] = lambda: saved(light.booster_.save_model, ".txt")
    MADE["numbers.safetensors"] = lambda: safetensors.numpy.save({"w": X, "b": Y}, {"format": "pt"})
    MADE["empty.safetensors"] = lambda: safetensors.numpy.save({})
    half = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, (3,), [1.0, 2.0, 3.0])
    kind = functools.partial(onnx.helper.make_tensor_value_info, elem_type=onnx.TensorProto.FLOAT, shape=(3,))
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g", [kind("x")], [kind("y")], [half]
    )
    MADE["graph.onnx"] = lambda: onnx.helper.make_model(graph).SerializeToString()
    found = estimators()
    for key in ("forest", "pipeline", "text"):
        MADE[f"sklearn-{key}.skops"] = lambda key=key: skops.io.dumps(found[key])

    def weights(path: str) -> None:
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"], file.attrs["backend"] = "2.4.0", "tensorflow"
            file.create_group("layers/dense").create_dataset(
                "kernel", data=X, chunks=True, compression="gzip"
            )

    MADE["weights.h5"] = lambda: saved(weights, ".h5")


def main() -> int:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (numbers, values, forests, tensors, other):
        make()
    for key, build in MADE.items():
        (folder / key).write_bytes(build())
    print(f"{len(MADE)} models: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
