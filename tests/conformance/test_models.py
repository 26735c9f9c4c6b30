"""Every sample model file, through the whole judge: what is harmful is told, what libraries write stays quiet."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import py7zr
import pytest

from corpus_models.every import BENIGN, EVERY, HARMFUL
from corpus_models.gadgets import FAMILIES
from corpus_models.model import Sample, Want
from corpus_models.packed import tarred
from corpus_models.zips import DEFLATED, Entry, zipped
from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory, Readable
from tidegate.model.observation import Inspection, Verdict

QUIET = {Verdict.CLEAN, Verdict.INERT}

NAME_DECIDES = {
    "tokenizer_config.json",
    "config.json",
    "MLmodel",
    "flax_msgpack.msgpack",
    "flax_model.msgpack",
}
"""What they are, their name alone tells: such texts, and almost any bytes read as msgpack, may be anything."""
NO_LOADER_READS = {"elf-prefix", "shell-prefix", "safetensors-bomb"}
"""Under another name nothing would read them: the stream does not begin where the file begins, or nothing fits."""

OPEN = {
    "benign-values-partial-2.pkl": "functools.partial of a torch function, which is pickled as getattr",
    "benign-values-partial-4.pkl": "the same in protocol 4",
    "benign-savedmodel-saver": "MergeV2Checkpoints, by which every SavedModel of TensorFlow 2 saves itself",
    "benign-meta-graph": "the same in a `.meta` file",
    "torch-absurd-stride": "called clean",
    "torch-absurd-offset": "called clean",
    "npy-header-code": "called inert",
    "proto-6": "not seen as a pickle",
    "crlf": "not seen as a pickle",
    "dup-bomb": "called clean",
    "keras-injection-function": "called unknown",
    "skops-method": "called clean",
    "tokenizer-joined": "called clean",
    "gadget-numpy.memmap": "called clean",
    "gadget-pydoc.render_doc": "called unknown",
    "gadget-numpy.f2py.diagnose.run_command": "called unknown",
    "gadget-jinja2.Environment.from_string": "called unknown",
    "gadget-nltk.internals.java": "called unknown",
    "gadget-joblib.externals.loky.backend.popen_loky_posix.Popen": "called unknown",
    "gadget-fabric.Connection.run": "called unknown",
    "gadget-fire.Fire": "called unknown",
    "gadget-tkinter.Tcl": "called unknown",
    "gadget-_imp.create_dynamic": "called unknown",
    "gadget-sqlite3.Connection.load_extension": "called unknown",
    "gadget-_sqlite3.connect": "called unknown",
    "gadget-importlib._bootstrap._load": "called unknown",
    "gadget-cloudpickle.cloudpickle._make_skeleton_func": "called unknown",
    "gadget-cloudpickle._make_skel_func": "called unknown",
}
"""What is known to be judged wrongly, and how. Each line goes with its fix: the list only ever shrinks."""

CUT_OPEN = "an HDF5 file that is cut within its superblock ends in an IndexError"

SMALL = [one for one in HARMFUL if len(one.build()) < 100_000]
RENAMED = [one for one in SMALL if one.name not in NAME_DECIDES and one.id not in NO_LOADER_READS]

ONE_STREAM = [
    one
    for one in HARMFUL
    if one.group in ("opcodes", "differentials") and len(one.build()) < 400 and one.build().count(b".") == 1
]
"""A single pickle, no part of which is a whole one."""

WHOLE_FORMATS = [
    one
    for one in HARMFUL
    if one.id in ("torch-zip", "torch-legacy-object", "h5-lambda", "keras-lambda", "npy-object")
]


def each(samples: list[Sample] | tuple[Sample, ...]) -> Callable[[Any], Any]:
    """Run a test for each sample; those of `OPEN` may fail until their line goes."""
    return pytest.mark.parametrize(
        "sample",
        [
            pytest.param(
                s, id=s.id, marks=[pytest.mark.xfail(reason=OPEN[s.id], strict=False)] if s.id in OPEN else []
            )
            for s in samples
        ],
    )


def judged(sample: Sample) -> Inspection:
    def beside(name: str) -> Readable | None:
        return Memory(sample.beside[name]()) if name in sample.beside else None

    return look(Memory(sample.build()), sample.path, siblings=beside)


@each(HARMFUL)
def test_a_harmful_file_is_told(sample: Sample) -> None:
    inspection = judged(sample)
    assert sample.want.holds(inspection.verdict), (sample.what, inspection.verdict, inspection.observations)
    assert inspection.observations, "a verdict is explained"


@each(BENIGN)
def test_a_file_as_libraries_write_it_raises_no_alarm(sample: Sample) -> None:
    inspection = judged(sample)
    assert inspection.verdict in QUIET, (sample.what, inspection.verdict, inspection.observations)
    assert inspection.complete


@each(RENAMED)
def test_a_name_changes_no_verdict(sample: Sample) -> None:
    for name in ("weights.bin", "notes.txt", "logo.png", "model.safetensors", "x"):
        assert sample.want.holds(look(Memory(sample.build()), name).verdict), name


@each(SMALL)
def test_what_is_packed_is_found(sample: Sample) -> None:
    data = sample.build()
    packed = {
        "models.zip": zipped([Entry(name=sample.path, data=data, method=DEFLATED)]),
        "models.tar.gz": tarred({sample.path: data}, "w:gz"),
        "models.7z": _seven_zip(sample.path, data),
    }
    for name, archive in packed.items():
        assert sample.want.holds(look(Memory(archive), name).verdict), name


@each(ONE_STREAM)
def test_a_pickle_cut_anywhere_is_never_clean(sample: Sample) -> None:
    data = sample.build()
    quiet = [cut for cut in range(1, len(data)) if look(Memory(data[:cut]), "model.pkl").verdict in QUIET]
    assert quiet == []


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(one, id=one.id, marks=[pytest.mark.xfail(reason=CUT_OPEN)] if "lambda" in one.id else [])
        for one in WHOLE_FORMATS
    ],
)
def test_a_file_cut_anywhere_is_never_clean(sample: Sample) -> None:
    data = sample.build()
    cuts = range(1, len(data), max(1, len(data) // 300))
    assert [cut for cut in cuts if look(Memory(data[:cut]), sample.path).verdict in QUIET] == []


def test_the_corpus_is_as_large_as_it_says() -> None:
    ways = [one for one in HARMFUL if one.group != "gadgets"]
    assert len(ways) >= 300
    assert len(BENIGN) >= 150
    assert sum(len(names) for names, _ in FAMILIES.values()) >= 340
    assert len({one.path for one in EVERY}) == len(EVERY)
    assert sum(one.want is Want.DANGEROUS for one in HARMFUL) >= 500


def _seven_zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", filters=[{"id": py7zr.FILTER_LZMA2, "preset": 1}]) as archive:
        archive.writestr(data, name)
    return out.getvalue()
