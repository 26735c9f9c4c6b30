"""What the makers of the labelled corpus share: one file made, its label, and how programs are run.

Nothing here, nor in any maker, imports Tidegate: a file is what its program or its format's description says.
"""

# ruff: noqa: E501, A002 - texts and headers read best in one line

from __future__ import annotations

import os
import shutil
import string
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

PLENTY = 12
"""Positive variants a kind, at the least."""


@dataclass(frozen=True, slots=True)
class Made:
    """One file of the corpus."""

    kind: str
    """A row of `kinds.toml`, or "nothing"."""
    name: str
    """As it would lie in storage."""
    data: bytes | Path
    how: str
    """`tool`: by the real program or library; `form`: written by us after the format's description;
    `header`: its first or last bytes alone are real, the rest is noise."""
    also: frozenset[str] = frozenset()
    """Kinds that are no false alarm for it."""


@dataclass(slots=True)
class Workshop:
    """Where a maker works."""

    folder: Path
    rng: Random
    missing: set[str] = field(default_factory=set)
    """Programs that are not here: what they make is left out, and said to be."""

    def run(self, *command: object, input: bytes | None = None, env: dict[str, str] | None = None) -> bytes:
        """Run a program in the folder and return what it printed."""
        ran = subprocess.run(
            [str(each) for each in command], cwd=self.folder, input=input, capture_output=True, timeout=120,
            check=False, env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C", **(env or {})},
        )  # fmt: skip
        if ran.returncode:
            raise RuntimeError(f"{command[0]}: {ran.stderr.decode(errors='replace')[-400:]}")
        return ran.stdout

    def have(self, *programs: str) -> bool:
        gone = {each for each in programs if shutil.which(each) is None}
        self.missing |= gone
        return not gone

    def file(self, name: str, data: bytes = b"") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def read(self, name: str) -> bytes:
        data = (self.folder / name).read_bytes()
        (self.folder / name).unlink()
        return data


Maker = Callable[[Workshop], Iterable[Made]]
FIRST = "Anna Boris Chiara David Elif Fatima Goran Hanna Igor Jana Karim Lena Marek Nadia Omar Petra".split()
LAST = "Albrecht Bianchi Costa Dubois Eriksen Fischer Garcia Horvat Ivanova Jansen Kowalski Lopez".split()
WORDS = (
    "system request value update handler cache between after region storage report monthly total budget meeting"
    " draft review plan client project delivery invoice order supplier question answer morning evening window"
    " table coffee release branch test fix build server network cable desk chair".split()
)
MIXED = string.ascii_letters + string.digits


def text_of(rng: Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def sentence(rng: Random, words: int = 9) -> str:
    return " ".join(rng.choices(WORDS, k=words)).capitalize() + "."


def prose(rng: Random, lines: int = 12) -> str:
    return "\n".join(sentence(rng, rng.randrange(5, 14)) for _ in range(lines)) + "\n"


def person(rng: Random) -> tuple[str, str]:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return f"{first} {last}", f"{first}.{last}{rng.randrange(99)}@mail.contoso.eu".lower()


def neutral(rng: Random) -> str:
    """A name that says nothing."""
    return f"upload/{rng.choice(['obj', 'blob', 'file', 'item'])}-{rng.randrange(10**6):06d}"


def named(rng: Random, n: int, names: Sequence[str]) -> str:
    """Two names in three as people would call it, one that says nothing."""
    return neutral(rng) if n % 3 == 2 else names[n % len(names)]


def made(
    kind: str, rng: Random, names: Sequence[str], datas: Iterable[bytes | Path], how: str, also: str = ""
) -> Iterator[Made]:
    for n, data in enumerate(datas):
        yield Made(kind, named(rng, n, names), data, how, frozenset(also.split()))
