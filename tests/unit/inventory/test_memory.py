"""Memory does not grow with the count. Measured in a process of its own, by what the system says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")


def test_two_million_items_are_listed_and_summed_up_in_less_than_300_mb(
    tmp_path: Path, names_made: Path
) -> None:
    assert names_made.exists()  # the loop over names is compiled by now: the first time takes 40 MB more
    run = subprocess.run(
        [sys.executable, str(CHILD), "many", str(tmp_path / "inventory.parquet")],
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    told = json.loads(run.stdout)
    assert (told["items"], told["summed"]) == (2_000_000, 2_000_000)
    assert told["peak_kb"] < 300_000
