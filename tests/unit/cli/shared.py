"""What the tests of the command line share."""

from __future__ import annotations

import os
import subprocess
import sys

from report import samples

LINK = (
    "https://contosomodels.blob.core.windows.net/models?sv=2019-12-12&ss=bfqt&srt=sco&sp=rwdlacup"
    f"&se=2051-10-06T07:00:00Z&st=2020-07-20T00:00:00Z&spr=https&sig={samples.PLANTED.replace('=', '%3D')}"
)


def tidegate(*args: str, stdin: bytes | None = None, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the real program, without a terminal."""
    clean = {
        key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}
    }
    command = [sys.executable, "-m", "tidegate", *args]
    return subprocess.run(command, input=stdin, capture_output=True, env=clean | env, check=False, timeout=60)
