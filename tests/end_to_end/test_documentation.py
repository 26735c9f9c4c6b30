"""The documentation: its site builds, its commands do what the pages say, what they print fits its schemas."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate.cli import entry

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
import examples  # noqa: E402 - it stands beside the pages

PAGES = {str(p.path.relative_to(ROOT)): p for path in examples.PAGES if (p := examples.read(path)).commands}


@pytest.fixture(scope="module")
def accounts() -> Iterator[examples.Accounts]:
    with examples.Accounts() as made:
        yield made


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_do_what_it_says(
    name: str,
    accounts: examples.Accounts,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    page, home = PAGES[name], tmp_path_factory.getbasetemp() / "home-of-the-pages"
    home.mkdir(exist_ok=True)
    examples.prepare(page, tmp_path, accounts)
    printed = examples.run(page, tmp_path, examples.environment(home))
    wrong = [
        f"{name}:{command.line}: {what}: $ {command.text}\n" + "\n".join(left.lines)
        for command, left in zip(page.commands, printed, strict=True)
        if (what := examples.differs(command, left))
    ]
    assert wrong == [], "to put into the page what is printed: python docs/examples.py --write " + name


def test_a_page_that_says_something_else_is_caught(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ tidegate --version\ntidegate 9.9.9\n$ tidegate scan --nonsense .\n$ echo a b\na …\n```\n"
    )
    read = examples.read(page)
    first, second, third = examples.run(read, tmp_path, examples.environment(tmp_path))
    assert examples.differs(read.commands[0], first) == "", "a version is another one tomorrow"
    assert examples.differs(read.commands[1], second) == "exit code 2, not 0"
    assert examples.differs(read.commands[2], third) == ""
    read.commands[2].shown = ["a", "…"]
    assert examples.differs(read.commands[2], third) == "it prints something else"


def test_every_command_of_a_page_is_run_or_says_why_not() -> None:
    for path in examples.PAGES:
        shown = [line for line in path.read_text("utf-8").splitlines() if line.startswith("$ tidegate")]
        told = path.read_text("utf-8").count("<!-- not run: ")
        assert told or len(shown) <= len(examples.read(path).commands), path


def options(parser: argparse.ArgumentParser) -> dict[str, set[str]]:
    """Return words of a command -> its options, with those of all that stand below it."""
    found = {"": {name for action in parser._actions for name in action.option_strings}}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                below = options(child)
                found[name] = set().union(*below.values())
                found |= {f"{name} {words}": names for words, names in below.items() if words}
    return found


@pytest.mark.parametrize("path", examples.PAGES, ids=lambda path: path.name)
def test_commands_and_options_that_a_page_names_are_there(path: Path) -> None:
    known = options(entry.parser())
    for words, rest in re.findall(r"tidegate ([a-z]+(?: [a-z]+)?)([^`\n|;&]*)", path.read_text("utf-8")):
        command = words if words in known else words.split()[0]
        named = re.findall(r"(?<!\S)--[a-z][a-z-]*", rest)
        assert command in known, f"tidegate {words}"
        assert set(named) <= known[command], f"tidegate {words}{rest}"


def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [Path(sys.executable).parent / "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.html")}
    assert {"index.html", "start.html", "howto/incident-responder.html", "commands.html", "api.html"} <= pages
    assert (tmp_path / "schema/report.json").is_file()
    for page in pages:
        loaded = re.findall(
            r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//[^\"'> ]+",
            (tmp_path / page).read_text(),
        )
        assert loaded == [], page
