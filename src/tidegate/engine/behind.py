"""Looking into what lies behind a link or address: list all of it, then look into what a survey chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tidegate import plugins
from tidegate.detect.engine import Detector
from tidegate.detect.rules import Rule
from tidegate.engine.ask import credential_of
from tidegate.engine.contents import Lister
from tidegate.engine.inspect import Looked
from tidegate.engine.survey import SurveyPlan
from tidegate.errors import OutOfScopeError, RequestError, UsageError
from tidegate.model.contents import Contents
from tidegate.model.credential import Credential
from tidegate.model.going import Going
from tidegate.model.report import Gap
from tidegate.net.message import Sends


@dataclass(slots=True)
class Behind:
    """Looks into targets that are storage."""

    net: Sends
    rules: tuple[Rule, ...]
    now: datetime
    cache_dir: Path | None
    plan: SurveyPlan
    going: Callable[[Going], None] | None = None
    """Called with how far it is."""
    contents: list[Contents] = field(default_factory=list)
    """Of each target that was looked into, in order."""

    def look(self, target: str) -> Iterator[Looked]:
        """Look into what a link or address reaches. Raises `OutOfScopeError`."""
        storage, credential, said = self._credential(target)
        lister = Lister(self.net, self.now, survey=self.plan, going=self.going, cache_dir=self.cache_dir)
        try:
            counted = lister.list_all(storage, credential)
            if not counted.contents.items and counted.gaps:
                self._ask_once(storage, credential)
        except OutOfScopeError:
            raise
        except RequestError as why:
            yield [], [Gap(stage="list", subject=said, reason=str(why))]
            return
        self.contents.append(counted.contents)
        yield counted.items, counted.gaps

    def _ask_once(self, storage: plugins.Storage, credential: Credential) -> None:
        """Ask again for one page where nothing was listed: out of scope it is refused, not incomplete."""
        for container in storage.containers(credential, self.net):
            if container.listable:
                storage.page(credential, self.net, container, prefix=container.prefix)
                return

    def said(self, target: str) -> str:
        """Return how a report names a target: only what is known to be no secret."""
        return self._credential(target)[2]

    def _credential(self, target: str) -> tuple[plugins.Storage, Credential, str]:
        """Return what a target asks with, and how it is shown. Raises `UsageError` when it is no storage."""
        decoders = plugins.load(plugins.Decoder, "tidegate.providers")
        for provider in decoders:
            storage = plugins.storage(provider)
            credential = None if storage is None else storage.target(target)
            if storage is not None and credential is not None:
                return storage, credential, target.partition("?")[0]
        for sighting in Detector(self.rules, self.cache_dir).scan_text(target):
            storage = plugins.storage(sighting.provider)
            grant = decoders[sighting.provider].decode(sighting, self.now)
            if storage is not None and grant is not None and grant.kind != "anonymous":
                return storage, credential_of(sighting, grant), decoders[sighting.provider].redact(sighting)
        raise UsageError(
            "this target is no storage that Tidegate can ask",
            hint="give a link in quotes, az://account/container, s3://bucket or gs://bucket; "
            "files and folders are for tidegate scan and tidegate inspect.",
        )
