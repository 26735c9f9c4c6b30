"""Read and match a whole history, and stop there: no commit, no path, no report.

    python scan_only.py REPOSITORY JOBS

What Kingfisher's turbo mode does, so that the two can be compared. The work is the library's own; only the
last step, `Source.places`, is left out. Prints how much was read and seen.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path

from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules
from tidegate.engine.work import run_shards
from tidegate.model.document import Tally
from tidegate.sources.git.source import open_git


def main() -> None:
    repository, jobs = sys.argv[1], int(sys.argv[2])
    cache = Path(os.environ["XDG_CACHE_HOME"], "tidegate")
    tally = Tally()
    detector = Detector(load_rules(), cache)
    with closing(open_git(repository)) as source:
        seen = sum(len(sightings) for sightings in run_shards(source, detector, jobs, tally))
    coverage = tally.coverage
    print(json.dumps({"documents": coverage.documents, "bytes": coverage.bytes, "sightings": seen}))


if __name__ == "__main__":
    main()
