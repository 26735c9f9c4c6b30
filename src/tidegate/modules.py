"""The modules of a package, by their files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def modules(folders: Iterable[str]) -> list[str]:
    """Return the names of the modules and packages in the folders, sorted; none that begins with `_`.

    `pkgutil.iter_modules` tells the same, and takes 12 ms for what it imports.
    """
    found = set()
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                name, dot, ending = entry.name.partition(".")
                if (dot + ending == ".py" and entry.is_file()) or Path(entry.path, "__init__.py").is_file():
                    found.add(name)
    return sorted(name for name in found if not name.startswith("_"))
