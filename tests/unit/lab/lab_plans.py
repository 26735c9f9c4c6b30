"""Plans for small accounts: folders of a few blobs, single files, names that XML must escape, names in UTF-8."""

from __future__ import annotations

from datetime import date

from tidegate.lab.account import Account, make
from tidegate.lab.container import Container
from tidegate.lab.names import Number, Words, days
from tidegate.lab.plan import Many, One, Plan
from tidegate.lab.stretch import Kind

MIXED = Plan(
    name="mixed",
    parts=(
        One(text="R&D <draft>.txt", bytes=0.1),
        One(text="a/one", bytes=0.1),
        One(text="zz/Übergabe/größe.bin", bytes=5),
        Many(text="b/<outer>/<inner>.jpg", outer=Number(width=3, gap=3), inner=Number(width=2, gap=2), per=7, items=8, bytes=1),
        Many(text="c/<outer>/d/<inner>", outer=Words(("x-y", "x", "xyz")), inner=Number(width=4, base=16, gap=0, tail=20), items=5, bytes=1, sigma=2.0),
        Many(text="c/zz-<outer>/<inner>/leaf", outer=days(date(2020, 2, 27), 30), inner=Number(width=1), per=2, items=3, bytes=1),
    ),
)  # fmt: skip
FLAT = Plan(
    name="flat", parts=(Many(text="<inner>", inner=Number(width=8, base=16, gap=0), items=4, bytes=1),)
)
OPEN = Plan(
    name="open",
    public="container",
    parts=(One(text="index.html", bytes=0.1, kind=Kind(content_type="text/html")),),
)
SHOWN = Plan(
    name="shown",
    public="blob",
    parts=(One(text="disk.vhd", bytes=1, kind=Kind(blob_type="PageBlob", md5=False)),),
)
COLD = Plan(name="cold", parts=(One(text="old.tar", bytes=1, kind=Kind(tiers=("Archive",))),))
PLANS = (MIXED, FLAT, OPEN, SHOWN, COLD)

TRUE = {"mixed/b/zzz.pickle": b"true contents", "mixed/a/empty": b"", "mixed/b/001/also.txt": b"x" * 3000}


def small(seed: int = 5, items: int = 260, size_bytes: int = 40_000_000) -> Account:
    return make(seed, items=items, size_bytes=size_bytes, name="smallaccount", plans=PLANS, contents=TRUE)


def container(account: Account, name: str = "mixed") -> Container:
    found = account.container(name)
    assert found is not None
    return found


def brute(names: list[bytes], prefix: bytes, delimiter: bytes) -> list[bytes]:
    """What a listing must say, by the definition: names, and common prefixes once, in order."""
    told: list[bytes] = []
    for name in sorted(names):
        if not name.startswith(prefix):
            continue
        at = name.find(delimiter, len(prefix)) if delimiter else -1
        entry = name if at < 0 else name[: at + len(delimiter)]
        if entry not in told:
            told.append(entry)
    return told
