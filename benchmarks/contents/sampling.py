"""Does the interval hold, and what does it cost? The table behind `tidegate.inventory.sampling`.

    python benchmarks/contents/sampling.py [--runs 500] [--write]

Each population has bands of risk. A run reads a pilot, allocates, reads on, and states one interval; what is
counted is how often the truth lies in it. Items are drawn one by one: that some are copies of others changes
nothing. `--write` puts the table into RESULTS.md. Nothing is sent.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tidegate.inventory.sampling.allocation import HALF_WIDTH, allocate, pilot
from tidegate.inventory.sampling.intervals import Stratum, share

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
LARGE = (10_000, 100_000, 100_000, 1_000_000, 9_000_000)
BANDS = (20_000, 80_000, 300_000, 700_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Population:
    """Items in bands, and the share of hits in each."""

    name: str
    shares: tuple[float, ...]
    bands: tuple[int, ...] = BANDS
    half_width: float = HALF_WIDTH


def scaled(shares: Sequence[float], factor: float) -> tuple[float, ...]:
    """Return the shares times a factor, 1 at most."""
    return tuple(min(1.0, each * factor) for each in shares)


INFORM = (0.25, 0.08, 0.01, 0.004, 0.001)
POPULATIONS = (
    Population("names inform", INFORM),
    Population("names inform, ±0.15 points", INFORM, half_width=0.0015),
    Population("names tell nothing", (0.00855,) * 5),
    Population("names mislead", (0.0, 0.001, 0.002, 0.004, 0.014)),
    Population("a tenth", scaled(INFORM, 0.1)),
    Population("a hundredth", scaled(INFORM, 0.01)),
    Population("a thousandth", scaled(INFORM, 0.001)),
    Population("none", (0.0,) * 5),
    Population("eight times as many", scaled(INFORM, 8)),
    Population("nearly all", (1.0, 0.99, 0.97, 0.96, 0.95)),
    Population("10 million items, all in the dullest band", (0, 0, 0, 0, 0.004), LARGE),
    Population("a small account", (0.4, 0.1, 0.02, 0.004), (150, 400, 900, 5_000)),
    Population("a tiny account", (0.3, 0.1, 0.01), (20, 60, 1_500)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of all runs of one population."""

    truth: float
    coverage: float
    half_width: float
    reads: float
    reads_95: float


def simulate(population: Population, runs: int, seed: int) -> Outcome:
    """Run it: items are drawn without replacement, as the smallest digests are."""
    generator = np.random.default_rng(seed)
    items = list(population.bands)
    hits = [round(count * part) for count, part in zip(items, population.shares, strict=True)]
    truth = sum(hits) / sum(items)
    held, widths, reads = 0, [], []
    for _ in range(runs):
        strata = survey(generator, items, hits, population.half_width)
        found = share(strata)
        held += found.least <= truth <= found.most
        widths.append((found.most - found.least) / 2)
        reads.append(sum(each.read for each in strata))
    return Outcome(
        truth, held / runs, float(np.mean(widths)), float(np.mean(reads)), float(np.quantile(reads, 0.95))
    )


def survey(
    generator: np.random.Generator, items: list[int], hits: list[int], half_width: float
) -> list[Stratum]:
    """Read a pilot, allocate, and read on."""
    first = pilot(items)
    seen = [
        int(generator.hypergeometric(own, all_ - own, count)) if count else 0
        for all_, own, count in zip(items, hits, first, strict=True)
    ]
    before = [Stratum(*each) for each in zip(items, first, seen, strict=True)]
    counts = allocate(before, half_width=half_width)
    for number, count in enumerate(counts):
        more, left = count - first[number], hits[number] - seen[number]
        if more:
            rest = items[number] - first[number] - left
            seen[number] += int(generator.hypergeometric(left, rest, more))
    return [Stratum(*each) for each in zip(items, counts, seen, strict=True)]


def table(runs: int) -> str:
    """Return the table in Markdown."""
    error = (0.95 * 0.05 / runs) ** 0.5
    columns = ("population", "items", "true share", "the interval holds it", "half-width, points")
    columns += ("items read, mean (95 %)", "simple random reads for as wide a one")
    lines = [
        f"Simulated {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {runs} runs a row: the standard error of a"
        f" coverage of 0.95 is {error:.3f}. `python benchmarks/contents/sampling.py --runs {runs} --write`",
        "",
        f"| {' | '.join(columns)} |",
        "|---" + "|--:" * (len(columns) - 1) + "|",
    ]
    worst = 1.0
    for number, population in enumerate(POPULATIONS):
        got = simulate(population, runs, 20_261_126 + number)
        worst = min(worst, got.coverage)
        simple = 3.84 * got.truth * (1 - got.truth) / population.half_width**2
        lines.append(
            f"| {population.name} | {sum(population.bands):,} | {got.truth:.4%} | **{got.coverage:.3f}**"
            f" | {got.half_width * 100:.3f} | {got.reads:,.0f} ({got.reads_95:,.0f})"
            f" | {min(simple, sum(population.bands)):,.0f} |"
        )
    met = "met" if worst >= 0.95 else "**not met**"
    lines += ["", "| asked | measured | |", "|---|--:|---|"]
    lines.append(f"| coverage of every population ≥ 0.95 | {worst:.3f} | {met} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table; with `--write` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    made = table(given.runs)
    print(made)
    if given.write:
        text = RESULTS.read_text("utf-8")
        begin, end = "<!-- sampling: begin -->", "<!-- sampling: end -->"
        if begin not in text:
            text += f"\n## Shares of all items, from few\n\n{begin}\n{end}\n"
        text = re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{made}\n{end}", text, flags=re.DOTALL)
        RESULTS.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
