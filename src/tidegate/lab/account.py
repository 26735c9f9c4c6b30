"""A storage account of any size that stores nothing: 10 million blobs and 38 TB from a seed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby

from tidegate.lab import noise
from tidegate.lab.container import Container, Piece, in_order
from tidegate.lab.plan import Many, One, Plan
from tidegate.lab.research import PLANS
from tidegate.lab.stretch import Kind, Stretch, stored

ITEMS = 10_000_000
SIZE_BYTES = 38 * 10**12
"""What was exposed in 2023.
Source: MSRC, "Microsoft mitigated exposure of internal information", 18 September 2023."""

NAME = "northlakeresearch"
"""Nobody's account: the name is made up."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Everything that the server tells; equal seeds and numbers give equal accounts on every machine."""

    name: str
    seed: int
    containers: tuple[Container, ...]
    public_allowed: bool = True
    """Whether containers may be open to anyone at all."""

    @property
    def items(self) -> int:
        """Number of blobs."""
        return sum(each.items for each in self.containers)

    @property
    def size_bytes(self) -> int:
        """Exact sum of all sizes."""
        return sum(each.size_bytes for each in self.containers)

    @cached_property
    def keys(self) -> tuple[str, str]:
        """The two keys in base64, 64 bytes each: made from the seed, so never a secret."""
        first, second = (
            hashlib.shake_256(f"tidegate lab key {number} of {self.name} {self.seed}".encode()).digest(64)
            for number in (1, 2)
        )
        return base64.b64encode(first).decode("ascii"), base64.b64encode(second).decode("ascii")

    def change_keys(self, first: str, second: str) -> None:
        """Replace the keys, as an owner may: what the old ones signed ends wherever it is served."""
        self.__dict__["keys"] = (first, second)

    def container(self, name: str) -> Container | None:
        """Return the container of this name."""
        return next((each for each in self.containers if each.name == name), None)


def make(
    seed: int = 1,
    *,
    items: int = ITEMS,
    size_bytes: int = SIZE_BYTES,
    name: str = NAME,
    plans: Sequence[Plan] = PLANS,
    contents: Mapping[str, bytes] | None = None,
    public_allowed: bool = True,
) -> Account:
    """Return an account of exactly so many blobs and bytes.

    contents: `container/name` -> a true file, which counts among the blobs and bytes. Raises `ValueError`
    when there are fewer blobs than the plans name one by one, when the bytes do not suffice for them, or when
    a true file has the name of a made-up blob.
    """
    true_files: dict[str, dict[str, bytes]] = {}
    for path, data in (contents or {}).items():
        container, _, key = path.partition("/")
        true_files.setdefault(container, {})[key] = data
    stretches = _stretches(
        f"{seed}",
        plans,
        items - sum(map(len, true_files.values())),
        size_bytes - sum(len(data) for files in true_files.values() for data in files.values()),
    )
    for missing in set(true_files) - {plan.name for plan in plans}:
        stretches[missing] = []
    public = {plan.name: plan.public for plan in plans}
    containers = (
        _container(str(seed), each, made, true_files.get(each, {}), public.get(each, ""))
        for each, made in sorted(stretches.items())
    )
    return Account(
        name=name,
        seed=seed,
        containers=tuple(each for each in containers if each.pieces),
        public_allowed=public_allowed,
    )


def of_files(files: Mapping[str, bytes], *, seed: int = 1, name: str = NAME) -> Account:
    """Return an account of true files alone: `container/name` -> bytes."""
    held: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        container, _, key = path.partition("/")
        held.setdefault(container, {})[key] = data
    containers = tuple(_container(str(seed), each, [], found, "") for each, found in sorted(held.items()))
    return Account(name=name, seed=seed, containers=containers)


def _stretches(seed: str, plans: Sequence[Plan], items: int, size_bytes: int) -> dict[str, list[Stretch]]:
    """Deal out blobs and bytes by their shares; the blob with the most bytes takes what rounding leaves."""
    ones = [(plan.name, part) for plan in plans for part in plan.parts if isinstance(part, One)]
    many = [(plan.name, part) for plan in plans for part in plan.parts if isinstance(part, Many)]
    if not ones:
        raise ValueError("the plans name no single blob, which could take what rounding leaves")
    if items < len(ones):
        raise ValueError(f"{items} made-up blobs are too few: the plans name {len(ones)} one by one")
    counts = _deal(items - len(ones), [part.items for _, part in many])
    used = [(where, part, count) for (where, part), count in zip(many, counts, strict=True) if count]
    shares = sum(part.bytes for _, part in ones) + sum(part.bytes for _, part, _ in used)
    spread = size_bytes - sum(one.size_bytes for _, one in ones)
    made: dict[str, list[Stretch]] = {plan.name: [] for plan in plans}
    for where, part, count in used:
        made[where].append(part.stretch(f"{seed}/{where}", count, spread * part.bytes / shares))
    rest = size_bytes - sum(each.sizes.total for stretches in made.values() for each in stretches)
    ones.sort(key=lambda each: each[1].bytes)
    for number, (where, one) in enumerate(ones):
        size = one.size_bytes or int(spread * one.bytes / shares)
        size = size if number < len(ones) - 1 else rest
        if size < 1:
            raise ValueError(f"{size_bytes} bytes are too few for {items} blobs")
        rest -= size
        made[where].append(one.stretch(f"{seed}/{where}", size))
    return made


def _deal(total: int, shares: Sequence[float]) -> list[int]:
    """Return whole numbers in proportion to the shares, with this sum."""
    whole, ends, done = sum(shares), 0.0, 0
    dealt = []
    for share in shares:
        ends += share
        upto = round(total * ends / whole)
        dealt.append(upto - done)
        done = upto
    return dealt


def _container(
    seed: str, name: str, made: Sequence[Stretch], true_files: Mapping[str, bytes], public: str
) -> Container:
    begun = int(datetime(2016, 1, 4, 9, 0, tzinfo=UTC).timestamp())
    container = Container(
        name=name,
        pieces=in_order(Piece(each, 0, each.count) for each in made),
        public=public,
        modified=begun + noise.key(seed, name) % (7 * 365 * 86_400),
    )
    pieces: list[Piece] = []
    done = 0
    for at, group in groupby(sorted(true_files), lambda key: container.find(key.encode())):
        names = tuple(group)
        if taken := [key for key in names if container.number(key.encode()) is not None]:
            raise ValueError(f"{name}/{taken[0]} is the name of a made-up blob")
        pieces += [Piece(*cut) for cut in container.cut(done, at)]
        files = stored(names, [true_files[key] for key in names], Kind(), noise.key(seed, name, names[0]))
        pieces.append(Piece(files, 0, files.count))
        done = at
    pieces += [Piece(*cut) for cut in container.cut(done, container.items)]
    return replace(container, pieces=tuple(pieces))
