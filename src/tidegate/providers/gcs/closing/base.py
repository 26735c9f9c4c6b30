"""What all cases of Google share: the owner's library, and the three probes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime

from tidegate.errors import NoAnswerError, UsageError
from tidegate.model.closing import Case, Step, Study
from tidegate.model.share import Tried
from tidegate.net.message import Request, Response, Sends, Writes
from tidegate.providers.gcs.access import Api, api_of
from tidegate.providers.gcs.answers import is_byte
from tidegate.providers.gcs.closing.sdk import Sdk
from tidegate.providers.gcs.codes import Sense
from tidegate.providers.gcs.json_api import JsonApi
from tidegate.providers.gcs.link_api import LinkApi, link_api
from tidegate.providers.gcs.owner import is_bucket
from tidegate.providers.gcs.trial import Trial
from tidegate.providers.gcs.xml_api import is_list

_PROVE = "prove whether a leaked credential is dead"


class GcsCloser(ABC):
    """What all kinds of case share; see `tidegate.plugins.Closer`."""

    def __init__(self, case: Case, net: Sends, writer: Writes) -> None:
        self.case = case
        self.grant = case.credential.grant
        self._net, self._writer = net, writer
        self._sdk: Sdk | None = None

    @abstractmethod
    def study(self) -> Study: ...

    @abstractmethod
    def state(self, step: Step) -> str: ...

    @abstractmethod
    def do(self, step: Step) -> None: ...

    def sdk(self) -> Sdk:
        """Return Google's library with the owner's credentials. Raises `UsageError`."""
        if self._sdk is None:
            self._sdk = Sdk(self._net, self._writer)
        return self._sdk

    def probes(self) -> tuple[Tried, Tried, Tried]:
        """Ask three times; see `Closer.probes`."""
        mine = JsonApi(net=self._net, token=self.sdk().token(), project=self.sdk().project)
        if self.grant.kind == "signed_url":
            link = link_api(self.case.credential, self._net)
            if link is None:
                raise UsageError("the link names no bucket that could be asked")
            return self._by_link(link, mine)
        try:
            api = api_of(self.case.credential, self._net, datetime.now(UTC))
        except NoAnswerError as why:
            raise UsageError(
                f"its end cannot be proved: {why}", hint="Give it with --credential-from."
            ) from None
        return self._by_key(api, mine)

    def _by_link(self, link: LinkApi, mine: JsonApi) -> tuple[Tried, Tried, Tried]:
        wanted = is_list if link.lists else is_byte
        control = (
            self.tried(mine.ask_list(link.bucket), mine.is_list)
            if link.lists
            else self.tried(mine.ask_read(link.bucket, self.grant.key or ""), is_byte)
        )
        return self.tried(link.ask(), wanted), self.tried(link.flipped().ask(), wanted), control

    def _by_key(self, api: Api, mine: JsonApi) -> tuple[Tried, Tried, Tried]:
        named = (self.grant.container, self.case.credential.context.get("bucket"), *self._net.named("gcs"))
        bucket = next((name for name in named if name and is_bucket(name) and name != api.account), "")
        if bucket:
            asks: tuple[Request | None, ...] = (
                api.ask_list(bucket),
                api.flipped().ask_list(bucket),
                mine.ask_list(bucket),
            )
            return (
                self.tried(asks[0], api.is_list),
                self.tried(asks[1], api.is_list),
                self.tried(asks[2], mine.is_list),
            )
        asks = api.ask_buckets(), api.flipped().ask_buckets(), mine.ask_buckets()
        if None in asks:
            raise UsageError(
                "no bucket is known that the key could be tried on", hint="Name one under [scope] gcs."
            )
        return (
            self.tried(asks[0], api.is_buckets),
            self.tried(asks[1], api.is_buckets),
            self.tried(asks[2], mine.is_buckets),
        )

    def tried(
        self, request: Request | None, wanted: Callable[[Response], bool], *, anyone: bool = False
    ) -> Tried:
        """Send one probe. anyone: nothing secret is sent, so that a refusal says: nobody is let in."""
        assert request is not None
        got = Trial(self._net, self.case.now).ask(
            request, wanted, asked=_PROVE, permission=None, anonymous=anyone
        )
        refused = got.sense is (Sense.NOBODY if anyone else Sense.DEAD) and got.answer.status in (401, 403)
        # What is not what was asked for must not pass for open.
        status = got.answer.status
        if not got.open and status is not None and status < 300:
            status = None
        return Tried(status=status, code=got.answer.code, authentication=refused)
