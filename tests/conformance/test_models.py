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

SMALL = [one for one in HARMFUL if len(one.build()) < 100_000]
RENAMED = [one for one in SMALL if one.name not in NAME_DECIDES and one.id not in NO_LOADER_READS]

SEVEN_ZIPPED = SMALL[::8]
"""Writing a 7z archive takes 33 ms, fifty times as long as judging what is in it."""

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
    """Run a test for each sample."""
    return pytest.mark.parametrize("sample", [pytest.param(one, id=one.id) for one in samples])


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
    }
    for name, archive in packed.items():
        assert sample.want.holds(look(Memory(archive), name).verdict), name


@each(SEVEN_ZIPPED)
def test_what_is_packed_as_7z_is_found(sample: Sample) -> None:
    archive = _seven_zip(sample.path, sample.build())
    assert sample.want.holds(look(Memory(archive), "models.7z").verdict)


@each(ONE_STREAM)
def test_a_pickle_cut_anywhere_is_never_clean(sample: Sample) -> None:
    data = sample.build()
    quiet = [cut for cut in range(1, len(data)) if look(Memory(data[:cut]), "model.pkl").verdict in QUIET]
    assert quiet == []


@each(WHOLE_FORMATS)
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
