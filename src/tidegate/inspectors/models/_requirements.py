"""Lists of packages that a model's environment installs: lines that take them from elsewhere."""

from __future__ import annotations

import re

from tidegate.inspectors.models._notes import Notes, quoted

_OPTION = re.compile(
    r"^\s*-?\s*['\"]?(--(?:extra-)?index-url|--find-links|--trusted-host|-i|-f|--no-index|-e|--editable)(?:[\s=]|$)"
)
_ADDRESS = re.compile(
    r"(?:^|[\s@'\"-])((?:git|hg|svn|bzr)\+\w+:|https?:|ftp:|file:|\\\\)[^\s'\"]*", re.IGNORECASE
)
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
LOADER = "mlflow models serve, and others that install its environment"


def judge_requirements(text: str, name: str, notes: Notes) -> None:
    """Note lines that install from other places than the usual index. name: of the file, for the sentence."""
    for line in text.splitlines():
        plain = line.partition(" #")[0]
        if plain.lstrip().startswith("#"):
            continue
        option, address = _OPTION.match(plain), _ADDRESS.search(plain)
        if option or address:
            what = _CREDENTIALS.sub("//…@", plain.strip())
            summary = f"{name} installs from elsewhere: {quoted(what)}"
            notes.unlisted("package_source", summary, loader=LOADER)
