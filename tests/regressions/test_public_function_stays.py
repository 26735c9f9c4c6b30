"""`tidegate.inventory` was a function until something imported the package of that name; then it was that."""

from __future__ import annotations

import importlib
import inspect

import tidegate


def test_what_is_public_stays_so_whatever_is_imported() -> None:
    importlib.import_module("tidegate.inventory.lister")
    assert inspect.isfunction(tidegate.inventory)
    assert inspect.ismodule(tidegate.model)
    for name in tidegate.__all__:
        assert not inspect.ismodule(getattr(tidegate, name)), name
