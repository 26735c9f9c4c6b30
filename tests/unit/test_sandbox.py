import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tidegate.inspectors import sandbox
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Counted, Memory, OverBudgetError

TASKS = "tests.unit.sandbox_tasks"
DATA = Memory(b"abc" + bytes(100_000) + b"xyz")


@pytest.fixture(autouse=True)
def tasks_are_found(monkeypatch):
    """The worker finds what stands beside the package; here the tests do."""
    monkeypatch.setattr(sandbox, "_ROOTS", [*sandbox._ROOTS, str(Path(__file__).parents[2])])
    yield
    sandbox.close()


def ask(task, data=DATA, seconds=5.0, memory_bytes=1 << 30, read_bytes=1 << 20, **arguments):
    return sandbox.call(
        f"{TASKS}:{task}", data, arguments,
        meter=Meter(), seconds=seconds, memory_bytes=memory_bytes, read_bytes=read_bytes,
    )  # fmt: skip


def test_a_parser_gets_ranges_and_gives_json():
    assert ask("first_and_last", count=3) == ["abc", "xyz", 100_006]


def test_a_warm_worker_is_used_again_and_one_that_failed_is_not():
    first = ask("whoami")
    assert ask("whoami") == first
    with pytest.raises(sandbox.SandboxError):
        ask("dies")
    assert ask("whoami") != first


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("dies", "died: exit 7"),
        ("spins", "took too long"),
        ("sleeps", "took too long"),
        ("hoards", "more memory"),
        ("unspeakable", "TypeError"),
    ],
)
def test_what_a_parser_does_wrong_is_said_of_the_item(task, reason):
    with pytest.raises(sandbox.SandboxError, match=reason):
        ask(task, seconds=0.2)
    assert ask("first_and_last", count=3)[0] == "abc"


def test_what_a_parser_raises_is_told_by_its_type_alone():
    with pytest.raises(sandbox.SandboxError) as caught:
        ask("raises", secret="hunter2")
    assert "ValueError" in caught.value.reason
    assert "hunter2" not in str(caught.value)


def test_no_more_is_read_than_was_allowed():
    with pytest.raises(sandbox.SandboxError, match="more than 1,000 bytes"):
        ask("reads_it_all", read_bytes=1000)
    with pytest.raises(OverBudgetError):
        ask("reads_it_all", data=Counted(DATA, most_bytes=1000))


@pytest.mark.skipif(sys.platform != "linux", reason="what is held to elsewhere is said in the module")
def test_no_file_no_connection_and_no_program_can_be_had_in_the_worker():
    assert set(ask("tries_the_doors").values()) == {True}


def test_a_parser_that_is_not_installed_is_a_reason():
    with pytest.raises(sandbox.SandboxError, match="could not be loaded"):
        sandbox.call("no_such_module:task", DATA, {}, meter=Meter())


def test_threads_have_a_worker_each():
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: ask("first_and_last", count=3), range(8)))
    assert answers == [["abc", "xyz", 100_006]] * 8


def test_it_works_in_a_forked_worker_process_after_use_in_the_parent():
    mine = ask("whoami")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        theirs = pool.apply(ask, ("whoami",))
    assert theirs != mine
    assert ask("whoami") == mine
