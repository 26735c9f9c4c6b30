"""The pickle that runs a command in joblib and numpy files, in archives and in compressed files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib

import py7zr

from corpus_models.assemble import POP, Code, push, shell, stream
from corpus_models.model import Want, add, sample
from corpus_models.packed import (
    joblib_file,
    lz4_frame,
    npy,
    object_pickle,
    tarred,
)
from corpus_models.zips import (
    DEFLATED,
    Entry,
    state_dict,
    torch_zip,
    zipped,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from corpus_models.torch_files import CALL, DATA, GROUP

JOBLIB = "joblib.load"


@sample("seven-zip", GROUP, "7z called .pt", "nullifAI", name="model.pt")
def _() -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writestr(shell(), "data.pkl")
    return out.getvalue()


_JOBLIB_PLAIN = joblib_file(CALL, POP)
for _id, _packing, _suffix in (
    ("joblib", lambda data: data, ""),
    ("joblib-zlib", lambda data: zlib.compress(data, 3), ".z"),
    ("joblib-gzip", lambda data: gzip.compress(data, mtime=0), ".gz"),
    ("joblib-bz2", bz2.compress, ".bz2"),
    ("joblib-xz", lzma.compress, ".xz"),
    ("joblib-lzma", lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE), ".lzma"),
    ("joblib-lz4", lz4_frame, ".lz4"),
):
    add(
        _id,
        GROUP,
        f"joblib{_suffix or ' plain'}, call behind raw array bytes",
        "joblib numpy_pickle.py",
        _packing(_JOBLIB_PLAIN),
        name=f"model.joblib{_suffix}",
        loader=JOBLIB,
    )
add(
    "joblib-raw-stop",
    GROUP,
    "raw array bytes that look like STOP to other parsers",
    "ours",
    joblib_file(CALL, POP, raw=b"." * 48),
    name="model.joblib",
    loader=JOBLIB,
)
add(
    "joblib-raw-opcodes",
    GROUP,
    "raw array bytes that look like a harmless pickle",
    "ours",
    joblib_file(CALL, POP, raw=(b"\x80\x04N." * 12)),
    name="model.joblib",
    loader=JOBLIB,
)
add(
    "joblib-companion",
    GROUP,
    "joblib 0.9's NDArrayWrapper opens a companion file",
    "joblib numpy_pickle_compat.py",
    stream(
        Code(b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81"),
        push({"filename": "model_01.npy", "subclass": None, "allow_mmap": True}),
        b"b",
        protocol=3,
    ),
    name="model.joblib",
    want=Want.ALARM,
    loader=JOBLIB,
)
add(
    "joblib-old-zfile",
    GROUP,
    "joblib's own old zlib container",
    "joblib numpy_pickle_compat.py",
    b"ZF" + f"{hex(len(shell(2))):<19}".encode() + zlib.compress(shell(2)),
    name="model.joblib",
    loader=JOBLIB,
)
add(
    "npy-object",
    GROUP,
    "npy of object dtype: a pickle behind the header",
    "numpy/lib/format.py",
    npy(shell(3), descr="'|O'", shape="(1,)"),
    name="array.npy",
    loader="numpy.load(allow_pickle=True)",
)
add(
    "npy-object-2",
    GROUP,
    "the same with header version 2",
    "numpy/lib/format.py",
    npy(shell(3), descr="'|O'", shape="(1,)", version=2),
    name="array.npy",
    loader="numpy.load(allow_pickle=True)",
)
add(
    "npy-structured-object",
    GROUP,
    "a structured dtype with one object field",
    "numpy/lib/format.py",
    npy(shell(3), descr="[('a', '<f8'), ('b', '|O')]", shape="(1,)"),
    name="array.npy",
    loader="numpy.load(allow_pickle=True)",
)
add(
    "gzip-checksum",
    GROUP,
    "a pickle in gzip with a wrong checksum: a reader compares it after the bytes were handed out",
    "CPython, gzip._GzipReader",
    gzip.compress(shell(), mtime=0)[:-8] + bytes(8),
    name="model.pkl.gz",
    loader="joblib.load",
)
add(
    "lzma-second",
    GROUP,
    "a pickle in the second of two LZMA streams, the first being empty",
    "CPython, lzma.LZMAFile",
    lzma.compress(b"", lzma.FORMAT_ALONE) + lzma.compress(shell(), lzma.FORMAT_ALONE),
    name="model.pkl.lzma",
    loader="joblib.load",
)
for _id, _descr in {
    "twice": "'<f8', 'descr': '|O'",
    "together": "'<f8' ',O'",
    "together-field": "[('a', 'objec' 't')]",
    "key-together": "'<f8', 'des' 'cr': '|O'",
    "repeated": "[('a', '2O')]",
    "inner": "[('a', [('b', '1O')])]",
}.items():
    add(
        f"npy-header-{_id}",
        GROUP,
        f"an object dtype that numpy reads in {_descr}",
        "ours",
        npy(shell(3), descr=_descr, shape="(1,)"),
        name="array.npy",
        loader="numpy.load(allow_pickle=True)",
    )
add(
    "npz-object",
    GROUP,
    "npz with an array of object dtype",
    "numpy/lib/format.py",
    zipped(
        [
            Entry(name="a.npy", data=npy(bytes(24))),
            Entry(name="b.npy", data=npy(shell(3), descr="'|O'", shape="(1,)")),
        ]
    ),
    name="arrays.npz",
    loader="numpy.load(allow_pickle=True)",
)
add(
    "npz-deflated",
    GROUP,
    "the same, deflated",
    "numpy/lib/format.py",
    zipped([Entry(name="b.npy", data=npy(shell(3), descr="'|O'", shape="(1,)"), method=DEFLATED)]),
    name="arrays.npz",
    loader="numpy.load(allow_pickle=True)",
)
add(
    "npy-not",
    GROUP,
    "a raw pickle called .npy",
    "numpy/lib/npyio.py",
    shell(3),
    name="array.npy",
    loader="numpy.load(allow_pickle=True)",
)
add(
    "npy-header-code",
    GROUP,
    "an npy header that is no literal",
    "ours",
    npy(bytes(24), shape="(__import__('os').getpid(),)"),
    name="array.npy",
    want=Want.ALARM,
    loader="numpy.load",
)

_INNER = torch_zip(DATA)
for _id, _what, _data, _name in (
    ("in-zip", "in a zip", zipped([Entry(name="models/model.pkl", data=shell(), method=DEFLATED)]), "models.zip"),
    ("in-zip-in-zip", "a torch zip in a zip", zipped([Entry(name="model.pt", data=_INNER)]), "models.zip"),
    ("in-zip-thrice", "in a zip in a zip in a zip", zipped([Entry(name="a.zip", data=zipped([Entry(name="b.zip", data=zipped([Entry(name="model.pkl", data=shell())]))]))]), "models.zip"),
    ("in-tar", "in a tar", tarred({"models/model.pkl": shell()}), "models.tar"),
    ("in-tar-gz", "in a tar.gz", tarred({"models/model.pkl": shell()}, "w:gz"), "models.tar.gz"),
    ("in-tar-xz", "in a tar.xz", tarred({"model.pt": _INNER}, "w:xz"), "models.tar.xz"),
    ("in-tar-bz2", "in a tar.bz2", tarred({"model.pt": _INNER}, "w:bz2"), "models.tar.bz2"),
    ("in-gz", "in gz", gzip.compress(shell(), mtime=0), "model.pkl.gz"),
    ("in-bz2", "in bz2", bz2.compress(shell()), "model.pkl.bz2"),
    ("in-xz", "in xz", lzma.compress(shell()), "model.pkl.xz"),
    ("in-zst", "in zst", zstd.compress(shell()), "model.pkl.zst"),
    ("in-lz4", "in lz4", lz4_frame(shell()), "model.pkl.lz4"),
    ("in-zlib", "in zlib", zlib.compress(shell()), "model.pkl.z"),
    ("in-gz-gz", "in gz in gz", gzip.compress(gzip.compress(shell(), mtime=0), mtime=0), "model.pkl.gz.gz"),
    ("in-tar-zst", "a torch zip in a tar.zst", zstd.compress(tarred({"model.pt": _INNER})), "models.tar.zst"),
    ("in-multi-gz", "in the second member of a gz of two", gzip.compress(stream(push(1)), mtime=0) + gzip.compress(shell(), mtime=0), "model.pkl.gz"),
    ("nemo", "NeMo: a torch file in a tar", tarred({"model_config.yaml": b"target: x\n", "model_weights.ckpt": _INNER}), "model.nemo"),
    ("mar", "TorchServe: a handler in Python, which the server runs", zipped([Entry(name="MAR-INF/MANIFEST.json", data=b'{"model": {"modelName": "m", "handler": "handler.py", "serializedFile": "model.pt"}}'), Entry(name="handler.py", data=b"import os\n\ndef handle(data, context):\n    os.system('echo tidegate-sample')\n"), Entry(name="model.pt", data=torch_zip(state_dict()))]), "model.mar"),
    ("mar-pickle", "TorchServe: the model file calls", zipped([Entry(name="MAR-INF/MANIFEST.json", data=b'{"model": {"modelName": "m", "handler": "image_classifier", "serializedFile": "model.pt"}}'), Entry(name="model.pt", data=_INNER)]), "model.mar"),
    ("mlflow-python-model", "MLflow's python_model.pkl in a zip", zipped([Entry(name="MLmodel", data=b"flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    python_model: python_model.pkl\n"), Entry(name="python_model.pkl", data=shell())]), "model.zip"),
    ("keras-npz", ".keras with a pickle in model.weights.npz", zipped([Entry(name="config.json", data=b'{"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": []}, "registered_name": null}'), Entry(name="metadata.json", data=b'{"keras_version": "3.0.0"}'), Entry(name="model.weights.npz", data=zipped([Entry(name="a.npy", data=npy(object_pickle(CALL), descr="'|O'", shape="(1,)"))]))]), "model.keras"),
):  # fmt: skip
    add(
        _id,
        GROUP,
        _what,
        "aisbom README; ours",
        _data,
        name=_name,
        loader="its loader, once unpacked",
        want=Want.ALARM if _id == "mar" else Want.DANGEROUS,
    )
