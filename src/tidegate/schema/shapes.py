"""The shape of a type in JSON Schema (draft 2020-12): dataclasses, enums, tuples, mappings, instants."""

from __future__ import annotations

import inspect
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from tidegate.schema.documented import fields_of

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
COUNT: Json = {"type": "integer", "minimum": 0}
YES_NO: Json = {"type": "boolean"}
INSTANT: Json = {"type": "string", "format": "date-time", "pattern": "Z$"}
"""In UTC, as `2026-11-24T18:00:00Z`."""


class Shapes:
    """Makes schemas, and keeps those of the types they refer to."""

    def __init__(self) -> None:
        self.own: dict[type, Callable[[], Json]] = {}
        """Makes the schema of types that are written otherwise than their fields say."""
        self.names: dict[type, str] = {}
        """Of types, where it is not their own: two types of one name may stand in one schema."""
        self.defs: Json = {}
        """Name -> schema of every type that was referred to."""

    def of(self, kind: Any) -> Json:
        """Return the schema of a type. Raises `TypeError` for one that no output has."""
        simple = {str: TEXT, int: COUNT, bool: YES_NO, float: {"type": "number"}, datetime: INSTANT}
        if kind in simple:
            return dict(simple[kind])
        origin, inner = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            some = [self.of(each) for each in inner if each is not types.NoneType]
            return {"anyOf": [*some, {"type": "null"}] if types.NoneType in inner else some}
        if origin is Counter:
            return {"type": "object", "additionalProperties": dict(COUNT)}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return many(self.of(inner[0]))
        if isinstance(kind, type) and (issubclass(kind, StrEnum) or is_dataclass(kind)):
            name = self.names.setdefault(kind, kind.__name__)
            if any(other is not kind and taken == name for other, taken in self.names.items()):
                raise TypeError(f"two types are called {name}")
            if name not in self.defs:
                self.defs[name] = {}  # stands while its own fields are made
                self.defs[name] = self.own[kind]() if kind in self.own else self._named(kind)
            return {"$ref": f"#/$defs/{name}"}
        raise TypeError(f"no output has a {kind}")

    def _named(self, kind: type) -> Json:
        if issubclass(kind, StrEnum):
            told = [f"`{each.value}`: {text}" for each in kind if (text := fields_of(kind).get(each.name))]
            words = "\n".join([inspect.getdoc(kind) or "", *told])
            return {"description": words, "type": "string", "enum": [each.value for each in kind]}
        return self.fields(kind)

    def fields(
        self, kind: type, *, without: Sequence[str] = (), more: Mapping[str, Json] | None = None
    ) -> Json:
        """Return the object of a dataclass: every field but those `without`, and what is written `more`."""
        hints = get_type_hints(kind)
        told = {name: text.replace("`None`", "`null`") for name, text in fields_of(kind).items()}
        made = {
            each.name: self.of(hints[each.name])
            | ({"description": told[each.name]} if each.name in told else {})
            for each in fields(kind)
            if each.name not in without
        }
        return thing({**made, **(more or {})}, inspect.getdoc(kind) or "")


def thing(properties: Mapping[str, Json], description: str = "", *, at_times: Sequence[str] = ()) -> Json:
    """Return an object that has all of these keys, but those of `at_times` not always.

    Other keys are allowed: later versions add some, and readers are to ignore what they do not know.
    """
    required = [name for name in properties if name not in at_times]
    made: Json = {"description": description} if description else {}
    return {**made, "type": "object", "required": required, "properties": dict(properties)}


def many(each: Json) -> Json:
    """Return a list of these."""
    return {"type": "array", "items": each}


def said(shape: Json, description: str) -> Json:
    """Return the shape with a description."""
    return {**shape, "description": description}


def maybe(shape: Json) -> Json:
    """Return the shape, or null."""
    return {"anyOf": [shape, {"type": "null"}]}
