# ruff: noqa: INP001
"""Fuzzes the pickle machine: any bytes must end in a judgement, whoever would load them.

python fuzz/pickle_machine.py                 random streams, 60 seconds, seed printed
python fuzz/pickle_machine.py --seed 7 --seconds 600
python fuzz/pickle_machine.py --atheris [libFuzzer options]   coverage-guided, where atheris is installed
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence

from tidegate.inspectors.models.pickle import PLUGIN
from tidegate.inspectors.pickles.judge import judge_pickles, judge_stream
from tidegate.inspectors.pickles.loader import Loader
from tidegate.inspectors.pickles.opcodes import ARGS, Arg
from tidegate.inspectors.readable import Memory
from tidegate.inspectors.verdict import verdict

_OPCODES = [code for code in range(256) if ARGS[code] != Arg.UNKNOWN]
_NAMES = (
    b"os\nsystem\n",
    b"collections\nOrderedDict\n",
    b"builtins\ngetattr\n",
    b"torch._utils\n_rebuild_tensor_v2\n",
)


def one(raw: bytes) -> None:
    """Judge the bytes in every way; whatever is raised is a fault."""
    PLUGIN.claims(raw[:4096], raw[-4096:], len(raw), "model.pkl")
    for loader in Loader:
        verdict(judge_pickles(Memory(raw), loader=loader))
    judge_stream(Memory(raw), min(3, len(raw)), len(raw), values=True)


def made(dice: random.Random) -> bytes:
    """Return a stream of random opcodes with operands that are mostly whole."""
    out = bytearray(dice.choice((b"", b"\x80\x02", b"\x80\x04", b"\x80\x05")))
    for _ in range(dice.randrange(40)):
        code = dice.choice(_OPCODES)
        out.append(code)
        arg = ARGS[code]
        if arg == Arg.LINES:
            out += dice.choice(_NAMES)
        elif arg == Arg.LINE:
            out += dice.choice((b"0", b"7", b"0x1f", b"1\0", b"'os'", b"-1", b"1.5")) + b"\n"
        elif arg > 0:
            out += dice.choice((dice.randbytes(arg), bytes(arg), b"\x01" + bytes(arg - 1)))
        elif arg < 0:
            raw = dice.choice((dice.randbytes(dice.randrange(8)), b"os", b"system", b"__dict__"))
            out += len(raw).to_bytes(-arg - 10, "little") + raw
    if dice.random() < 0.8:
        out += b"."
    for _ in range(dice.randrange(3) if out else 0):
        out[dice.randrange(len(out)) : dice.randrange(len(out) + 1)] = dice.randbytes(dice.randrange(4))
        out += b"."
    return bytes(out)


def by_chance(seed: int, seconds: float) -> None:
    """Judge random streams for a while; the stream that fails is printed in hex."""
    dice = random.Random(seed)  # noqa: S311
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        raw = made(dice)
        try:
            one(raw)
        except BaseException:
            sys.stderr.write(f"seed {seed}, stream {count}: {raw.hex()}\n")
            raise
        count += 1
    sys.stdout.write(f"seed {seed}: {count:,} streams, none failed\n")


def main(argv: Sequence[str]) -> None:
    """Choose between chance and atheris."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--atheris", action="store_true")
    options, rest = parser.parse_known_args(argv)
    if not options.atheris:
        by_chance(options.seed, options.seconds)
        return
    import atheris  # noqa: PLC0415  it is no dependency

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *rest], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
