"""What all cases of S3 share: the owner's library, and how a probe is sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from tidegate.errors import OutOfScopeError, RequestError
from tidegate.model.closing import Case, Step, Study
from tidegate.model.grant import Grant
from tidegate.model.share import Tried
from tidegate.net.message import Request, Sends, Writes
from tidegate.providers.s3.access import Access, access_of
from tidegate.providers.s3.ask import Heard, What, hear, hear_by
from tidegate.providers.s3.closing.sdk import Sdk
from tidegate.providers.s3.codes import Means

PROVE = "prove whether a leaked credential is dead"


class S3Closer(ABC):
    """What both kinds of case share; see `tidegate.plugins.Closer`."""

    def __init__(self, case: Case, net: Sends, writer: Writes) -> None:
        self.case = case
        self.grant = case.credential.grant
        self._net, self._writer = net, writer
        self._access = access_of(case.credential)
        self._sdk: Sdk | None = None

    @abstractmethod
    def study(self) -> Study: ...

    @abstractmethod
    def state(self, step: Step) -> str: ...

    @abstractmethod
    def do(self, step: Step) -> None: ...

    @abstractmethod
    def probes(self) -> tuple[Tried, Tried, Tried]: ...

    def sdk(self) -> Sdk:
        """Return Amazon's library with the owner's credentials. Raises `UsageError`."""
        if self._sdk is None:
            self._sdk = Sdk(self._net, self._writer)
        return self._sdk

    def owner(self) -> Access:
        """Return how the owner asks for the same thing."""
        return replace(self._access, key=self.sdk().owner)

    def tried(self, request: Callable[[], Request], what: What) -> Tried:
        """Send one probe that is signed already."""
        try:
            return _tried(hear(self._net, request(), what, control=True), (Means.DEAD,))
        except OutOfScopeError:
            raise
        except RequestError:
            return Tried(status=None, code="")

    def tried_by(self, access: Access, make: Callable[[Access], Request], what: What) -> Tried:
        """Send one probe with a key, or as anyone: then `AccessDenied` says that nobody is let in."""
        means = (Means.DEAD,) if access.key is not None else (Means.DEAD, Means.DENIED)
        try:
            return _tried(hear_by(self._net, access, what, make, control=True)[-1], means)
        except OutOfScopeError:
            raise
        except RequestError:
            return Tried(status=None, code="")


def _tried(heard: Heard, means: tuple[Means, ...]) -> Tried:
    refused = heard.answer.status in (401, 403) and heard.means in means
    return Tried(status=heard.answer.status, code=heard.answer.code, authentication=refused)


def service_words(grant: Grant) -> str:
    """Name the service that a credential is of."""
    return grant.facts.get("service") or "an unknown service"
