"""The stages that go out: reach, then inventory. One credential, or open address, at a time; many at once.

What a service does wrong is an answer, what the scope does not name is a gap: neither ends the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tidegate import plugins
from tidegate.engine.why import error_words
from tidegate.errors import BudgetError, ConfigError, OutOfScopeError, RequestError, UsageError
from tidegate.model.contents import Contents
from tidegate.model.credential import Credential
from tidegate.model.grant import Grant
from tidegate.model.reach import Reach, State
from tidegate.model.report import Coverage, Gap
from tidegate.model.sighting import Sighting
from tidegate.net.message import Sends
from tidegate.records import dataclass, field

if TYPE_CHECKING:
    from tidegate.engine.contents import (
        Lister,
    )  # inspectors behind it: 30 ms that an offline scan does without

AT_ONCE: Final = 8
"""Credentials asked about at the same time; the scope file's requests per second bound them all."""


@dataclass(slots=True)
class Asked:
    """What was shown of one credential."""

    reach: Reach | None = None
    contents: Contents | None = None
    gaps: list[Gap] = field(default_factory=list)
    refused: OutOfScopeError | None = None
    """The scope does not name it: nothing was sent."""


class Online:
    """What the outside is asked with; without one of these a run sends nothing."""

    def __init__(
        self, net: Sends, now: datetime, *, lists: Lister | None = None, must_list: bool = False
    ) -> None:
        """Take the way out. `lists` says how contents are counted; without it they are not.

        must_list: the contents are what was asked for: what may be open and was not listed is a gap.
        """
        self._net = net
        self._now = now
        self._lists = lists
        self._must_list = must_list

    def ask_all(
        self,
        credentials: Mapping[str, Credential],
        coverage: Coverage,
        progress: Callable[[Coverage], None] | None = None,
    ) -> dict[str, Asked]:
        """Ask about all of them; the result has the keys of `credentials`."""
        found: dict[str, Asked] = {}
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 8 % of the start of an offline scan

        pool = ThreadPoolExecutor(min(AT_ONCE, max(1, len(credentials))))
        try:
            for name, asked in zip(credentials, pool.map(self.ask, credentials.values()), strict=True):
                found[name] = asked
                coverage.requests = self._net.requests
                if progress is not None:
                    progress(coverage)
        finally:
            # Interrupted, nobody waits for what is under way: whoever closes the network breaks it off.
            pool.shutdown(wait=False, cancel_futures=True)
        coverage.requests = self._net.requests
        for each in self._lists.counted if self._lists else ():
            coverage.items_listed += each.contents.items
            coverage.items_read += each.contents.items_read
            coverage.bytes_read += each.contents.bytes_read
        return found

    def ask(self, credential: Credential) -> Asked:
        """Probe one credential, and list what is behind it if it is open."""
        asked = Asked()
        grant = credential.grant
        subject = named_grant(grant)
        storage = plugins.storage(credential.provider)
        if storage is None:
            reason = f"a {grant.kind.replace('_', ' ')} cannot be probed: Tidegate knows no request for it"
            asked.gaps.append(Gap(stage="reach", subject=subject, reason=reason))
            return asked
        try:
            asked.reach = storage.probe(credential, self._net, self._now)
            if asked.reach.state is State.UNKNOWN and (_silent(asked.reach) or self._must_list):
                reason = asked.reach.reason.removesuffix(".")
                asked.gaps.append(Gap(stage="reach", subject=subject, reason=reason))
            if asked.reach.state is State.CLOSED and self._must_list:
                asked.gaps.append(
                    Gap(stage="list", subject=subject, reason="closed, so that nothing was listed")
                )
            if asked.reach.state is State.OPEN and self._lists is not None:
                counted = self._lists(storage, credential, asked.reach)
                asked.contents = counted.contents
                asked.gaps += counted.gaps
        except (UsageError, ConfigError):
            raise  # the inventory's file, or the audit log, cannot be written: nobody wants the rest
        except OutOfScopeError as why:
            asked.refused = why
        except BudgetError as why:
            asked.gaps.append(Gap(stage="reach", subject=subject, reason=str(why)))
        except RequestError as why:
            asked.gaps.append(Gap(stage="inventory", subject=subject, reason=str(why)))
        except Exception as why:  # noqa: BLE001 - one credential must not end the run
            asked.gaps.append(Gap(stage="reach", subject=subject, reason=error_words(why)))
        return asked


def _silent(reach: Reach) -> bool:
    """Tell whether nothing came back but trouble of the service's own: then nobody has looked."""
    statuses = [answer.status for answer in reach.answers]
    return all(
        status is None or 300 <= status < 400 or status in (429, *range(500, 600)) for status in statuses
    )


def credential_of(sighting: Sighting, grant: Grant) -> Credential:
    """Return what to ask with; of an open address nothing is secret."""
    return Credential(
        grant=grant,
        text=sighting.text,
        secret=None if grant.kind == "anonymous" else sighting.secret,
        context=sighting.context,
        provider=sighting.provider,
        kind=sighting.kind,
    )


def named_grant(grant: Grant) -> str:
    """Name what a grant opens, for a gap."""
    names = (
        (grant.account, grant.container, grant.key)
        if grant.provider == "azure"
        else (grant.container, grant.key)
    )
    return "/".join(name for name in names if name) or grant.account or grant.endpoint or grant.kind
