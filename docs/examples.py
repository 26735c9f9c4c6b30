"""Run the commands that the pages show, and compare what they print with what the page says.

    python docs/examples.py [--write] [PAGE …]

A block that begins with ```console holds commands after `$ ` and, below each, what it prints. All blocks of a page
run in one shell, in a folder of its own; blocks of ```python are run by Python there,
each after those before it. In what a page shows, `…` stands for anything, and alone on a line for any
number of lines; where nothing is shown, only the exit code is compared. `--write` puts what was printed into the
page where the two differ.

Comments in a page, which nobody sees in the site:
    <!-- begins with: account -->       what the folder holds: see `prepare`
    <!-- exit: 1 0 -->                  exit codes of the next block's commands, where one is not 0
    <!-- not run: WHY -->               of the next block
    <!-- file: NAME -->                 the next block is what that file holds
    <!-- printed by: COMMAND -->        of the next block, which another test compares
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import re
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
WIDTH = 80
_AT_MOST_S = 300
"""A page takes ten seconds of processor; a machine may be busy."""
_SCRIPTS = {"research_repo": "robust-models", "model_files": "models", "storage_log": "logs"}

_COMMENT = re.compile(r"^<!-- (not run|exit|begins with|file): (.*) -->$")
_PRINTED = "<!-- printed by: {} -->"
_FENCE = re.compile(r"^(```+)(\w*)")
_CHANGES = [
    (re.compile(r"\b[\d.,]+ (?:ms|s)\b"), "SOME TIME"),
    (re.compile(r"\b\d+ (year|month|week|day|hour|minute)s?\b"), r"SOME \1s"),
    (re.compile(r"\(\d{4}-\d\d-\d\d \d\d:\d\d UTC\)"), "(NOW)"),
    (re.compile(r"(shown on|tidegate) \d[\d.-]+"), r"\1 N"),
    (re.compile(r"\([\d.]+ (?:bytes|[KMG]iB), [\d.]+ % of the bytes\)"), "(SOME BYTES)"),
    (re.compile(r"127\.0\.0\.1:\d+"), "LOOPBACK"),
    (re.compile(r"\s+"), " "),
]
"""What differs from day to day and from machine to machine."""


@dataclass(slots=True)
class Command:
    """One command of a page."""

    line: int
    """From 1, in the page."""
    text: str
    shown: list[str] = field(default_factory=list)
    code: int = 0
    """The exit code that the page promises."""


@dataclass(slots=True)
class Page:
    """The commands of one page that are run."""

    path: Path
    begins_with: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Name -> text, of those that the page shows."""
    commands: list[Command] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command left."""

    code: int
    lines: list[str]


def read(path: Path) -> Page:
    """Return the page's commands. Raises `ValueError` for a block that does not begin with one."""
    page, said, program = Page(path), {}, ""
    lines = iter(enumerate(path.read_text("utf-8").splitlines(), 1))
    for _, line in lines:
        if found := _COMMENT.match(line):
            said[found[1]] = found[2]
            page.begins_with += found[2].split(", ") if found[1] == "begins with" else []
        elif fence := _FENCE.match(line):
            block = list(itertools.takewhile(lambda each: each[1] != fence[1], lines))
            if "file" in said:
                page.files[said["file"]] = "".join(f"{text}\n" for _, text in block)
            elif fence[2] == "console" and "not run" not in said:
                page.commands += _commands(block, said.get("exit", "").split())
            elif fence[2] == "python" and "not run" not in said:
                program += "".join(f"{text}\n" for _, text in block)
                page.commands.append(Command(block[0][0], f"python3 - <<'END'\n{program}END"))
            said = {}
        elif line:
            said = {}
    return page


def _commands(block: list[tuple[int, str]], codes: list[str]) -> Iterator[Command]:
    command, wanted = None, iter(codes)
    for number, line in block:
        if line.startswith("$ "):
            if command is not None:
                yield command
            command = Command(number, line[2:], code=int(next(wanted, "0")))
        elif command is None:
            raise ValueError(f"line {number}: a block of commands begins with one")
        else:
            command.shown.append(line)
    if command is not None:
        yield command


def printed_by(path: Path, command: str) -> list[str]:
    """Return the block that the page says is printed by this command. Raises `ValueError` where there is none."""
    lines = path.read_text("utf-8").splitlines()
    begins = lines.index(_PRINTED.format(command)) + 2
    return lines[begins : lines.index("```", begins)]


def rewrite_lab(path: Path, home: Path) -> None:
    """Run `tidegate lab`, which takes half a minute, and put what it prints into the page that shows it."""
    command = ["tidegate", "lab", "--folder", str(home / "lab")]
    done = subprocess.run(command, env=environment(home), stdout=subprocess.PIPE, text=True, check=True)
    lines = path.read_text("utf-8").splitlines()
    begins = lines.index(_PRINTED.format("tidegate lab")) + 2
    lines[begins : lines.index("```", begins)] = done.stdout.replace(str(home / "lab"), "…").splitlines()
    path.write_text("\n".join(lines) + "\n", "utf-8")


def run(page: Page, folder: Path, environment: dict[str, str]) -> list[Printed]:
    """Run the commands in one shell, in `folder`, and return what each left."""
    mark = "\x1e"
    script = "".join(
        f"{{ {each.text}\n}} </dev/null 2>&1; printf '{mark}%d{mark}' $?\n" for each in page.commands
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        check=False,
        timeout=_AT_MOST_S,
    )
    parts = done.stdout.decode("utf-8", "replace").split(mark)
    pairs = zip(parts[0:-1:2], parts[1::2], strict=True)
    return [Printed(int(code), [line.rstrip() for line in text.splitlines()]) for text, code in pairs]


def differs(command: Command, printed: Printed) -> str:
    """Return what is wrong, in words; nothing when the page says the truth."""
    if printed.code != command.code:
        return f"exit code {printed.code}, not {command.code}"
    if command.shown and not like(command.shown, printed.lines):
        return "it prints something else"
    return ""


def like(shown: list[str], printed: list[str]) -> bool:
    """Whether these lines of a page say what was printed."""
    parts = ["(?:.*\n)*" if line.strip() == "…" else _pattern(line) + "\n" for line in shown]
    text = "".join(f"{_plain(line)}\n" for line in printed)
    return re.fullmatch("".join(parts), text) is not None


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in _plain(line).split("…"))


def _plain(line: str) -> str:
    for pattern, word in _CHANGES:
        line = pattern.sub(word, line)
    return line.strip()


def rewrite(page: Page, printed: list[Printed]) -> None:
    """Put into the page what was printed, where it differs."""
    lines = page.path.read_text("utf-8").splitlines()
    for command, left in reversed(list(zip(page.commands, printed, strict=True))):
        if command.shown and differs(command, Printed(command.code, left.lines)):
            lines[command.line : command.line + len(command.shown)] = left.lines
    page.path.write_text("\n".join(lines) + "\n", "utf-8")


@dataclass(frozen=True, slots=True)
class Served:
    """An account that is served on loopback, and where."""

    account: Any
    endpoint: str
    plane: Any
    """From which the account can be changed; `None` where it cannot."""


class Accounts(contextlib.ExitStack):
    """Serves, on loopback and until it is closed, what pages begin with: each when it is first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._served: dict[str, Served] = {}

    def serve(self, name: str) -> Served:
        """Serve an account: that of `tidegate lab`, or a `small` one, with one model.

        `closing account` is a small one with a control plane, and each time another: what is ended stays so.
        """
        from tidegate.lab import replay, spill
        from tidegate.lab.control_plane import ControlPlane

        if name not in self._served or name == "closing account":
            small = {spill.MODEL: runpy.run_path(str(ROOT / "examples/model_files.py"))["harmless"]()}
            files = spill.files() if name == "account" else small
            plane = self.enter_context(ControlPlane({})) if name == "closing account" else None
            served = self.enter_context(replay.simulated(replay.of_files(files), plane))
            self._served[name] = Served(*served, plane)
        return self._served[name]


def prepare(page: Page, folder: Path, accounts: Accounts) -> None:
    """Put into the folder what the page begins with.

    `account` and the like, as `Accounts.serve` has them: a repository with a link to it, and a scope file.
    `research_repo`, `model_files`, `storage_log`: what the script of that name in `examples/` writes.
    `names`: those that the README uses.
    """
    (folder / "examples").symlink_to(ROOT / "examples")
    for name in page.begins_with:
        if name.endswith("account"):
            from tidegate.cli import _lab_ending
            from tidegate.lab import replay, repository

            here = accounts.serve(name)
            repository.build(folder / "robust-models", here.account)
            management = here.plane.url if here.plane else ""
            (folder / "tidegate.toml").write_text(replay.scope_file(here.account, here.endpoint, management))
            if here.plane:
                _lab_ending.sign_in(folder, here.plane)
        elif name in _SCRIPTS:
            read = [str(folder / "robust-models/README.md")] if name == "storage_log" else []
            command = [
                sys.executable,
                str(ROOT / "examples" / f"{name}.py"),
                str(folder / _SCRIPTS[name]),
                *read,
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        elif name == "names":
            (folder / "path/to").mkdir(parents=True)
            (folder / "robust-models").rename(folder / "path/to/repository")
            text = (folder / "path/to/repository/README.md").read_text()
            (folder / "link.txt").write_text(text.partition("'")[2].partition("'")[0] + "\n")
        else:
            raise ValueError(f"{page.path}: no page can begin with {name}")
    for name, text in page.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def environment(home: Path) -> dict[str, str]:
    """Return what the commands see: nothing of the user's, and a terminal of fixed width."""
    tools = Path(sys.executable).parent
    return {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "COLUMNS": str(WIDTH),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONWARNINGS": "error",
    }


def main() -> int:
    """Run pages, and say what differs."""
    parser = argparse.ArgumentParser(description="run the commands that the pages show")
    parser.add_argument("--write", action="store_true", help="put what was printed into the pages")
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE")
    args = parser.parse_args()
    pages = [page for path in (args.pages or PAGES) if (page := read(path)).commands]
    wrong = 0
    if args.write and (shown := [path for path in args.pages if "printed by: " in path.read_text("utf-8")]):
        with tempfile.TemporaryDirectory() as home:
            rewrite_lab(shown[0], Path(home))
    with tempfile.TemporaryDirectory() as home, Accounts() as accounts:
        for page in pages:
            folder = Path(tempfile.mkdtemp(dir=home))
            prepare(page, folder, accounts)
            printed = run(page, folder, environment(Path(home)))
            for command, left in zip(page.commands, printed, strict=True):
                if what := differs(command, left):
                    wrong += 1
                    print(f"{page.path}:{command.line}: {what}: {command.text}", *left.lines, sep="\n  ")
            if args.write:
                rewrite(page, printed)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
