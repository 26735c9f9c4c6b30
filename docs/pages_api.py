"""The page of the Python API, from its signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from typing import Any

import tidegate
from tidegate import errors
from tidegate.schema.documented import fields_of


def api_page() -> str:
    """Return functions, types and errors, all that is public."""
    public = {name: getattr(tidegate, name) for name in tidegate.__all__ if name != "__version__"}
    functions = {name: each for name, each in public.items() if inspect.isfunction(each)}
    kinds = {name: each for name, each in public.items() if inspect.isclass(each)}
    parts = ["# Python API", "", "What `tidegate.__all__` lists; [Library](library.md) shows it in use.", ""]
    parts += ["## Functions", ""]
    for name, each in functions.items():
        parts += [f"### {name}", "", "```text", _signature(name, each), "```", "", *_prose(each)]
    parts += [
        "## Types",
        "",
        "Plain data: nothing in them can be changed, and none holds the value of a secret.",
        "",
    ]
    for name, each in kinds.items():
        parts += [f"### {name}", "", *_prose(each), *_members(each)]
    parts += ["## Errors", "", *_errors()]
    return "\n".join(parts)


def _signature(name: str, function: Any) -> str:
    taken = list(inspect.signature(function).parameters.values())
    returned = inspect.signature(function).return_annotation
    lines, keyword = [f"{name}("], False
    for each in taken:
        if each.kind is each.KEYWORD_ONLY and not keyword:
            lines.append("    *,")
            keyword = True
        default = "" if each.default is each.empty else f" = {each.default!r}"
        lines.append(f"    {each.name}: {each.annotation}{default},")
    return "\n".join([*lines, f") -> {returned}"])


def _prose(each: Any) -> Iterator[str]:
    """Yield the docstring as Markdown: lines that explain an argument become a list."""
    text = inspect.getdoc(each) or ""
    for block in text.split("\n\n"):
        parts = re.split(r"(?m)^([a-z_]+): ", block)
        if parts[0].strip():
            yield from (_flat(parts[0]), "")
        names, said = parts[1::2], parts[2::2]
        yield from (f"- `{name}`: {_flat(words)}" for name, words in zip(names, said, strict=True))
        if names:
            yield ""


def _flat(text: str) -> str:
    # A word in backticks stays as it is; elsewhere a star or an angle bracket is only that.
    parts = " ".join(text.split()).split("`")
    return "`".join(p if n % 2 else re.sub(r"([*<>\[\]])", r"\\\1", p) for n, p in enumerate(parts))


def _members(kind: type) -> Iterator[str]:
    said = fields_of(kind)
    if issubclass(kind, StrEnum):
        yield from ("| value | means |", "|---|---|")
        yield from (f"| `{each.value}` | {_cell(said.get(each.name, ''))} |" for each in kind)
        yield ""
    elif is_dataclass(kind):
        yield from ("| field | type | |", "|---|---|---|")
        for each in fields(kind):
            maybe = "" if each.default is MISSING and each.default_factory is MISSING else "="
            yield f"| `{each.name}`{maybe and ' (optional)'} | `{_cell(str(each.type))}` | {_cell(said.get(each.name, ''))} |"
        yield ""
    properties = [(name, each) for name, each in vars(kind).items() if isinstance(each, property)]
    yield from (f"- `{name}`: {_flat(inspect.getdoc(each) or '')}" for name, each in properties)
    yield from [""] * bool(properties)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _errors() -> Iterator[str]:
    yield from ("In `tidegate.errors`; each has a `hint`: one sentence that says what to do next.", "")
    yield from ("| error | is a | means |", "|---|---|---|")
    for name in errors.__all__:
        kind = getattr(errors, name)
        yield f"| `{name}` | `{kind.__base__.__name__}` | {_cell(_flat(inspect.getdoc(kind) or ''))} |"
    yield ""
