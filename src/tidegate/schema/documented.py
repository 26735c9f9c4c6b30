"""The texts below fields: Python keeps the docstring of a class, and forgets those of its fields."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache


@cache
def fields_of(kind: type) -> dict[str, str]:
    """Return name -> the text below that field or member; those without one are left out.

    Empty where the source is not at hand.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return {}
    (made,) = tree.body
    return dict(_texts(made)) if isinstance(made, ast.ClassDef) else {}


def _texts(made: ast.ClassDef) -> Iterator[tuple[str, str]]:
    name = None
    for each in made.body:
        if name is not None and isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
            yield name, " ".join(str(each.value.value).split())
        target = getattr(each, "target", None) or next(iter(getattr(each, "targets", [])), None)
        name = target.id if isinstance(target, ast.Name) else None
