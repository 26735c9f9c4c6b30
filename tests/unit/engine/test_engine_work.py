"""Workers: what one of them does wrong stays with one shard, and whoever interrupts is not kept waiting."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lists import Texts, UnforeseenError, failed, killed, left, link, signature, slow

from tidegate.detect.engine import Detector
from tidegate.engine.halve import halves
from tidegate.engine.work import run_shards
from tidegate.model.document import Batch, Tally
from tidegate.model.report import Coverage
from tidegate.sources.files import TreeSource
from tidegate.sources.folders import Walk
from tidegate.sources.unpack import Limits


def seen(source: Texts, detector: Detector, jobs: int) -> tuple[list[str], Tally]:
    tally = Tally()
    found = [s for each in run_shards(source, detector, jobs, tally) for s in each]
    return sorted(s.secret.reveal() for s in found), tally


def signatures(*numbers: int) -> list[str]:
    return sorted(signature(n) for n in numbers)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_every_shard_is_read_once_whatever_the_number_of_workers(detector: Detector, jobs: int) -> None:
    found, tally = seen(Texts(25), detector, jobs)
    assert found == signatures(*range(25))
    assert (tally.coverage.documents, tally.gaps) == (25, [])


@pytest.mark.parametrize("trouble", [killed, left])
@pytest.mark.parametrize("count", [4, 40])
def test_a_worker_that_dies_costs_its_own_shard_alone(
    detector: Detector, trouble: object, count: int
) -> None:
    found, tally = seen(Texts(count, trouble), detector, 2)  # type: ignore[arg-type]
    assert found == signatures(*(n for n in range(count) if n != 3))
    assert [(g.subject, "died" in g.reason) for g in tally.gaps] == [("3", True)]
    assert tally.coverage.documents == count - 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_one_shard_is_a_gap_that_does_not_quote_what_was_read(
    detector: Detector, jobs: int
) -> None:
    found, tally = seen(Texts(8, failed), detector, jobs)
    assert found == signatures(*(n for n in range(8) if n != 3))
    (gap,) = tally.gaps
    assert "UnforeseenError" in gap.reason
    assert "lists.py" in gap.reason
    assert "sig=" not in gap.reason


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("after", [0, 1, 2, 5])
def test_what_was_cut_before_cutting_failed_is_read(detector: Detector, jobs: int, after: int) -> None:
    found, tally = seen(Texts(8, cut_after=after), detector, jobs)
    assert found == signatures(*range(after))
    (gap,) = tally.gaps
    assert gap.subject == "texts"
    assert "rest was not read" in gap.reason


def test_a_result_that_cannot_be_sent_is_a_gap(detector: Detector) -> None:
    found, tally = seen(Texts(8, unsendable=3), detector, 2)
    assert found == signatures(*(n for n in range(8) if n != 3))
    assert [g.subject for g in tally.gaps] == ["3"]


def test_whoever_stops_listening_does_not_wait_for_what_is_being_read(detector: Detector) -> None:
    begun = time.monotonic()
    results = run_shards(Texts(8, slow), detector, 2, Tally())
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 20
    assert multiprocessing.active_children() == []


def test_progress_is_told_in_growing_counts(detector: Detector) -> None:
    told: list[int] = []

    def progress(coverage: Coverage) -> None:
        told.append(coverage.documents)

    for _ in run_shards(Texts(9), detector, 2, Tally(), progress):
        pass
    assert told == sorted(told)
    assert told[-1] == 9


def test_an_error_of_the_listener_ends_the_workers(detector: Detector) -> None:
    def progress(coverage: Coverage) -> None:
        raise UnforeseenError

    with pytest.raises(UnforeseenError):
        list(run_shards(Texts(8, slow), detector, 2, Tally(), progress))
    assert multiprocessing.active_children() == []


_INTERRUPTED = """
import sys
sys.path.insert(0, {folder!r})
from lists import Texts, slow
from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules
from tidegate.engine.work import run_shards
from tidegate.model.document import Tally
import multiprocessing
try:
    for seen in run_shards(Texts(9, slow), Detector(load_rules()), 2, Tally()):
        print("seen", flush=True)
except KeyboardInterrupt:
    print("interrupted, left:", len(multiprocessing.active_children()))
"""


def test_control_c_ends_a_scan_at_once_and_says_nothing_twice() -> None:
    script = _INTERRUPTED.format(folder=str(Path(__file__).parent))
    # A session of its own, as a terminal gives it: the signal goes to the workers too.
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "seen\n"
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert out.splitlines()[-1] == "interrupted, left: 0"
    assert err == ""
    assert link(1) not in out


class _Dying(TreeSource):
    def batches(self, shard: object, tally: Tally) -> Iterator[Batch]:
        raise UnforeseenError


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_gap_names_files_as_a_person_does(detector: Detector, jobs: int, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for number in range(40):
        (tmp_path / f"docs/{number}.txt").write_text("x")
    walk = Walk(str(tmp_path), gitignore=False, exclude=(), skip_git=True, skip_git_texts=True)
    tally = Tally()
    list(run_shards(_Dying("x", walk, Limits(), 1 << 16, containers=True), detector, jobs, tally))
    assert tally.gaps
    for gap in tally.gaps:
        assert gap.subject.startswith("docs/")
        assert not set("[]()'") & set(gap.subject.partition(" (")[0])


class _Deadly(TreeSource):
    """Dies of files that are named so."""

    def batches(self, shard: Any, tally: Tally) -> Iterator[Batch]:
        if any("deadly" in name for _, names in shard for name in names):
            os._exit(9)
        yield from super().batches(shard, tally)


def test_of_the_files_that_a_worker_had_only_the_one_that_it_died_of_is_lost(
    detector: Detector, tmp_path: Path
) -> None:
    for number in range(300):
        folder = tmp_path / f"{number % 7}"
        folder.mkdir(exist_ok=True)
        name = "deadly" if number in (40, 250) else "text"
        (folder / f"{name}{number}").write_text(f"see {link(number)}\n")
    walk = Walk(str(tmp_path), gitignore=False, exclude=(), skip_git=True, skip_git_texts=True)
    tally = Tally()
    source = _Deadly("x", walk, Limits(), 1 << 16, containers=True)
    found = [s for each in run_shards(source, detector, 2, tally) for s in each]
    assert {s.secret.reveal() for s in found} == set(
        signatures(*(n for n in range(300) if n not in (40, 250)))
    )
    assert sorted(gap.subject for gap in tally.gaps) == ["5/deadly250", "5/deadly40"]


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=5).map(tuple), max_leaves=20))
def test_halves_together_are_what_was_cut_and_cutting_ends(task: object) -> None:
    def leaves(value: object) -> list[object]:
        if isinstance(value, tuple):
            return [leaf for each in value for leaf in leaves(each)]
        return [value]

    waiting, single = [task], []
    while waiting:
        each = waiting.pop(0)
        parts = halves(each)
        if parts is None:
            single.append(each)
        else:
            assert leaves(parts) == leaves(each)
            waiting[:0] = parts
    assert [leaf for each in single for leaf in leaves(each)] == leaves(task)
    assert all(len(leaves(each)) < 2 for each in single)
