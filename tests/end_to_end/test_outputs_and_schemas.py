"""What each command prints as JSON is what its published schema says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corpus.schemas import hold
from tidegate.cli import main

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
import examples

Prints = Callable[..., str]
LINK = "link.txt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder as a page has it: a repository with a link, models, logs, a scope, an account that answers."""
    made = tmp_path_factory.mktemp("outputs")
    page = examples.Page(made, begins_with=["small account", "model_files", "storage_log", "names"])
    with examples.Accounts() as accounts:
        examples.prepare(page, made, accounts)
        yield made


@pytest.fixture
def prints(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Prints:
    monkeypatch.chdir(folder)
    for name, where in {"XDG_STATE_HOME": tmp_path, "XDG_CACHE_HOME": tmp_path.parent}.items():
        monkeypatch.setenv(name, str(where))

    def run(*args: str, code: int = 0) -> str:
        with (folder / LINK).open() as link:
            monkeypatch.setattr(sys, "stdin", link)
            assert main([*args]) == code
        return capfd.readouterr().out

    return run


def test_a_scan(prints: Prints) -> None:
    found = hold("report", prints("scan", "path/to/repository", "--format", "json", code=1))
    assert len(found["findings"]) == 2
    lines = hold("report-line", prints("scan", "path/to/repository", "--format", "jsonl", code=1))
    assert [each["type"] for each in lines] == ["finding", "finding", "end"]


def test_what_is_asked_listed_and_looked_into(prints: Prints) -> None:
    found = hold(
        "report",
        prints("scan", "path/to/repository", "--probe", "--format", "json", "-o", "a.json", code=1)
        or Path("a.json").read_text(),
    )
    assert found["findings"][0]["contents"]["items"] == 1
    assert (
        hold("report", prints("probe", "-", "--format", "json", code=1))["findings"][0]["reach"]["state"]
        == "open"
    )
    assert hold("report", prints("list", "-", "--format", "json"))["findings"][0]["contents"]["items"] == 1
    assert hold("report", prints("report", "a.json", "--format", "json")) == found


def test_a_grant(prints: Prints) -> None:
    assert hold("grant", prints("decode", "-", "--format", "json"))["account"] == "northlakeresearch"


def test_inspected_items(prints: Prints) -> None:
    found = hold("inspect", prints("inspect", "models", "--format", "json", code=1))
    assert sorted(each["verdict"] for each in found["items"]) == ["clean", "dangerous", "inert", "unknown"]
    lines = hold("inspect-line", prints("inspect", "models", "--format", "jsonl", code=1))
    assert [each["type"] for each in lines] == ["item"] * 4 + ["end"]


def test_uses_of_a_leaked_link(prints: Prints) -> None:
    key = "AKIATIDEGATEFAKE0000"
    assert hold("trace", prints("trace", "--log", "logs", "--key-id", key, "--format", "json"))["uses"] == 0
    prints("scan", "examples", "--format", "json", "-o", "b.json", code=0)
    Path("c.json").write_text(prints("scan", "models", "--format", "json"))
    assert (
        hold("changes", prints("report", "--compare", "b.json", "c.json", "--format", "json"))["events"] == []
    )


def test_what_was_shared(prints: Prints) -> None:
    assert hold("share", prints("share", "list", "--format", "json"))["shares"] == []
    assert hold("share", prints("share", "check", "models", "--format", "json"))["leaked"] == []


def test_the_command_prints_the_schemas_that_stand_in_the_documentation(prints: Prints) -> None:
    named = [line.split()[0] for line in prints("schema").splitlines()]
    files = {each.stem: each.read_text("utf-8") for each in (examples.DOCS / "schema").glob("*.json")}
    assert sorted(named) == sorted(files)
    for name in named:
        assert prints("schema", name) == files[name]
    prints("schema", "nonsense", code=2)
