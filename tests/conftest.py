"""How the tests are shared out: those of one storage service, or of the browser, to one worker: it is started once."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling


class ByService(LoadScopeScheduling):
    """A scope is `tests/browser` or a folder of `tests/integration`; elsewhere each test is one of its own."""

    def _split_scope(self, nodeid: str) -> str:
        folders = nodeid.split("::", maxsplit=1)[0].split("/")
        if folders[:2] == ["tests", "browser"]:
            return "/".join(folders[:2])
        return "/".join(folders[:3]) if folders[:2] == ["tests", "integration"] else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByService:
    return ByService(config, log)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name no test by long bytes: packed ones hold the time, and two workers collected two different tests."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None
