"""Which names a pickle may use: the allow list, the words for known dangers, and what is neither.

The files `names_*.toml` decide: exact module and qualified name, with the shape of the arguments.
`sinks.toml` only gives better words. What stands in neither is unknown, whatever is installed here.
"""

from __future__ import annotations

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from tidegate.records import dataclass

_ENTRY: Final = re.compile(r'^(\w+) = (?:"""(.*?)"""|"([^"\\\n]*)"|(true|false))$', re.MULTILINE | re.DOTALL)
Use: TypeAlias = Literal["name", "class", "call", "make"]
"""What a stream may do with it. `name`: hand it on. `class`: the same, for a class that arrays are made of.
`call`: call it. `make`: a class; call it, make an instance by `__new__`, set its state, hand it on."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A name on the allow list."""

    use: Use
    shape: str = "plain*"
    """Kinds of the arguments, see `shapes.py`."""
    fill: bool = False
    """Its instances may be filled by APPEND, SETITEM or ADDITEMS: its methods for that are known."""
    torch: bool = False
    """It stands on the list of `torch.load(weights_only=True)`."""
    tensor: bool = False
    """It puts a tensor on a storage: (storage, offset, sizes, strides, …)."""
    loads: bool = False
    """Its bytes are loaded in their turn, and are judged with it."""
    calls: str = ""
    """For a function that calls another: position of that one, of its tuple of arguments, and of a state
    that the result is given, `0 2 3`."""
    state: str = ""
    """The rule that a state given by BUILD must keep, see `states.py`."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A name that is known to do more than make a value."""

    category: str
    does: str
    """The words for it: `starts a process`."""
    name: str
    """The name in `sinks.toml`, where it is reached through another: `os.system`."""


@dataclass(frozen=True, slots=True)
class _Sinks:
    names: dict[str, Sink]
    modules: dict[str, Sink]


@cache
def listed() -> dict[str, Listed]:
    """Return the allow list: `module.name` with a colon between, `collections:OrderedDict`."""
    found: dict[str, Listed] = {}
    for group in (cast("dict[str, Any]", each) for file in LISTS for each in table(file)):
        entry = Listed(
            use=group["use"],
            shape=group.get("shape", "plain*"),
            fill=group.get("fill", False),
            torch=group.get("torch", False),
            tensor=group.get("tensor", False),
            loads=group.get("loads", False),
            calls=group.get("calls", ""),
            state=group.get("state", ""),
        )
        for name in group["names"].split():
            for module in group["module"].split():
                found[f"{module}:{name}"] = entry
    return found


@cache
def sinks() -> _Sinks:
    """Return the known dangers, by full name and by module."""
    names: dict[str, Sink] = {}
    modules: dict[str, Sink] = {}
    for group in (cast("dict[str, Any]", each) for each in table(SINKS)):
        category, does = group["category"], group["does"]
        for name in group.get("names", "").split():
            names[name] = Sink(category, does, name)
        for module in group.get("modules", "").split():
            modules[module] = Sink(category, does, module)
    return _Sinks(names, modules)


def danger(module: str, name: str) -> Sink | None:
    """Return what a name does that is listed only to be handed on, if calling it is a known danger."""
    full = f"{module}.{name}"
    return sinks().names.get(full) or sinks().names.get(f"{full}.__new__")


def table(file: str) -> list[dict[str, str | bool]]:
    """Return the groups of one list. Of TOML it takes what the lists use: a whole reader takes 15 ms."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    return [
        {key: word == "true" if word else several or one for key, several, one, word in _ENTRY.findall(group)}
        for group in text.split("\n[[group]]\n")[1:]
    ]


@lru_cache(maxsize=4096)
def standing(module: str, name: str, policy: frozenset[str] = frozenset()) -> Listed | Sink | None:
    """Return what is known of a name; `None`: it is on no list.

    A name is tried as it stands and as Python 3 knows it: `__builtin__.eval` runs text in either.
    """
    found = _standing(module, name, policy)
    if found is None:
        newer = _newer(module, name)
        if newer is not None:
            return _standing(*newer, policy)
    return found


def _standing(module: str, name: str, policy: frozenset[str]) -> Listed | Sink | None:
    entry = listed().get(f"{module}:{name}")
    if entry is not None:
        return entry
    danger = _sink(module, name)
    if danger is not None:
        return danger
    if policy and f"{module}.{name}" in policy:
        return Listed("make", fill=True)
    return None


def _newer(module: str, name: str) -> tuple[str, str] | None:
    """Return what Python 3 makes of a name of Python 2, if another."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    if module in IMPORT_MAPPING:
        return IMPORT_MAPPING[module], name
    return None


def _sink(module: str, name: str) -> Sink | None:
    """Look for the name, for its module, and for either at the end of a dotted way to it."""
    known = sinks()
    full = f"{module}.{name}"
    found = known.names.get(full) or known.modules.get(module)
    if found is not None:
        return found
    parts = full.split(".")
    if len(parts) > _MOST_PARTS:
        parts = parts[-_MOST_PARTS:]
    for part in parts[1:]:
        if part in _INNER:
            return Sink("attribute", "reaches into the interpreter", part)
    first = max(1, len(module.split(".")) if "." in name else len(parts))
    for begin in range(1, len(parts) - 1):
        way = ".".join([parts[begin].lstrip("_") or parts[begin], *parts[begin + 1 :]])
        found = known.names.get(way)
        if found is None and begin >= first:
            found = next((known.modules[up] for up in _prefixes(parts[begin:]) if up in known.modules), None)
        if found is not None:
            return Sink(found.category, found.does, way)
    return None


def _prefixes(parts: list[str]) -> list[str]:
    """Return the modules that a dotted way may start in, longest first."""
    plain = [parts[0].lstrip("_") or parts[0], *parts[1:]]
    return [".".join(plain[:end]) for end in range(len(plain) - 1, 0, -1)]


SINKS: Final = "sinks.toml"
LISTS: Final = (
    "names_stdlib.toml",
    "names_numpy.toml",
    "names_torch.toml",
    "names_sklearn.toml",
    "names_pandas.toml",
    "names_frameworks.toml",
)
_MOST_PARTS = 32
_INNER = frozenset({
    "__dict__", "__globals__", "__builtins__", "__subclasses__", "__bases__", "__mro__", "__code__",
    "__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__import__", "__loader__", "__spec__",
    "__reduce__", "__reduce_ex__", "__setstate__", "__init_subclass__", "__class__", "__self__", "__call__",
    "__init__", "__func__", "__wrapped__", "__closure__", "__base__", "__getitem__", "__defaults__",
})  # fmt: skip
"""Attributes from which everything else can be reached."""
