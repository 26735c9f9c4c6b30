"""The way out for writes, narrowed to one plan: whatever a provider's part does, nothing else is sent."""

from __future__ import annotations

from tidegate.close.plan import Plan
from tidegate.errors import OutOfScopeError
from tidegate.net.message import Response, Write, Writes


class Only:
    """See `Writes`. Until a plan is agreed to, what is asked to learn goes through, as Azure's listKeys."""

    def __init__(self, writer: Writes) -> None:
        self._writer = writer
        self._plan: Plan | None = None

    def hold_to(self, plan: Plan) -> None:
        """Let through from now on what this plan names, and nothing else."""
        self._plan = plan

    def announce(self, method: str, url: str) -> None:
        if self._plan is not None and not self._plan.names(method, url):
            raise OutOfScopeError(f"a {method} that the plan does not name is not sent")
        self._writer.announce(method, url)

    def send(self, write: Write) -> Response:
        return self._writer.send(write)
