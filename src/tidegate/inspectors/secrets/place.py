"""What a path says of a secret: that it is public material, of a test suite or of a published package."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

_TEST_FOLDER: Final = re.compile(
    r"(?:unit|integration|e2e|func(?:tional)?|self|smoke|regress(?:ion)?)?[_-]?tests?(?:[_-](?:async|unit|asyncio|suite|"
    r"data|files?|certs?|keys?|vectors?|fixtures?|support|utils?|py\d?))?|testing|testdata|testsuite|"
    r"__tests__|fixtures?|__fixtures__|mocks?|__mocks__|specs?|dummy[a-z]*|test[_-]resources|t",
    re.IGNORECASE,
)
"""Whole names of folders: a folder `test-server` in a backup is a server all the same."""
_TEST_FILE: Final = re.compile(
    r"(?:tests?[_-].*|conftest|.*[_.-](?:tests?|spec))\.(?:py|pyi|js|mjs|cjs|ts|tsx|jsx|go|rb|php|java|rs|c|cc|cpp|h|cs|"
    r"kt|swift|scala|ex|exs|pl|t|sh)|.*tests?\.(?:java|cs|kt|php|swift|scala)|test[_-]?(?:key|cert|ca|server|client)[^/]*\."
    r"(?:pem|key|crt|p12|pfx|jks)",
    re.IGNORECASE,
)
_PACKAGE: Final = frozenset(
    {"site-packages", "dist-packages", "node_modules", "bower_components", "vendor", "_vendor", "third_party"}
)
_PACKAGE_PAIRS: Final = frozenset(
    {("pkg", "mod"), (".cargo", "registry"), (".m2", "repository"), ("ruby", "gems"), (".nuget", "packages")}
)
_DOCUMENTS: Final = frozenset(
    {
        "doc",
        "docs",
        "documentation",
        "example",
        "examples",
        "sample",
        "samples",
        "demo",
        "demos",
        "tutorial",
        "tutorials",
    }
)
_MANUAL: Final = re.compile(
    r"readme|changelog|changes|history|news|.*\.(?:rst|md|adoc|1|3|7|8)(?:\.gz)?$", re.IGNORECASE
)

_EXAMPLES: Final = frozenset({"example", "examples", "sample", "samples", "demo", "demos", "snakeoil"})
EXAMPLE: Final = "its path says example"
TEST: Final = "its path says test suite"
PACKAGE: Final = "it stands in a published package"
DOCUMENT: Final = "its path says documentation"


@lru_cache(maxsize=4096)
def public_by_path(name: str) -> str | None:
    r"""Return why what stands in a file of this path is public material, or `None`.

    name: path with `/` or `\`; parts of an archive are told apart by `!/`.
    """
    parts = [part for part in re.split(r"[/\\]", name) if part]
    folders, file = parts[:-1], parts[-1] if parts else ""
    if any(_TEST_FOLDER.fullmatch(part.rstrip("!")) for part in folders) or _TEST_FILE.fullmatch(file):
        return TEST
    lowered = [part.lower() for part in folders]
    if _PACKAGE.intersection(lowered) or any(pair in _PACKAGE_PAIRS for pair in pairwise(lowered)):
        return PACKAGE
    return None


_AUTHORS: Final = re.compile(
    r"pom\.xml|package(?:-lock)?\.json|composer\.json|[^/]*\.(?:pom|gemspec|podspec|nuspec|cabal|opam|spec)|metadata|pkg-info"
    r"|(?:authors?|contributors?|credits|maintainers|thanks|committers|owners|codeowners|copyright|copying|license|acks"
    r"|acknowledge?ments|change_?logs?|changes|news|history|release[_-]?notes?)(?:[._-][^/]*)?|\.mailmap|public_suffix_list\.dat"
    r"|public-suffix-list\.txt",
    re.IGNORECASE,
)
AUTHORS: Final = "it names the authors of published software"


def authors_by_path(name: str) -> str | None:
    """Return why the people in a file of this path are named openly, or `None`: authors of software."""
    file = re.split(r"[/\\]", name)[-1]
    return AUTHORS if _AUTHORS.fullmatch(file) else None


def example_by_path(name: str) -> str | None:
    """Return why a key in a file of this path is there to be shown, or `None`."""
    folders = re.split(r"[/\\]", name.lower())[:-1]
    return EXAMPLE if _EXAMPLES.intersection(folders) else None


def document_by_path(name: str) -> str | None:
    """Return why a file of this path explains rather than configures, or `None`: a weaker reason."""
    parts = [part.lower() for part in re.split(r"[/\\]", name) if part]
    if _DOCUMENTS.intersection(parts[:-1]) or (parts and _MANUAL.match(parts[-1])):
        return DOCUMENT
    return None
