"""Every kind of credential of the corpus, and a network of which every answer is made up by a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import corpus.forms  # noqa: F401 -- registers them
from corpus.model import FORMS, NOW
from tidegate import plugins
from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules
from tidegate.errors import NoAnswerError
from tidegate.model.credential import Credential
from tidegate.net.guard import Guard
from tidegate.net.message import Base, Request, Response
from tidegate.net.scope import Scope
from tidegate.plugins import Storage

PROVIDERS = ("azure", "s3", "gcs")
TARGETS = {
    "azure": ("az://contosoblobs/models", "az://contosoblobs/models/a/b.bin"),
    "s3": ("s3://contoso-public", "s3://contoso-public/a/b.bin"),
    "gcs": ("gs://contoso-public", "gs://contoso-public/a/b.bin", "gs://contoso-app.appspot.com/a/b.bin"),
}
IDS = (
    "A01 A02 A03 A04 A07 A09 A10 A11 A12 A23 A31 A41 K01 K14 N02 O07 O08 "
    "N01 N04 N06 S03 S07 S10 S10b S13 G01 G02 G03 G04 G06"
).split()
"""Forms that hold all kinds of credentials for which there is something to ask, between them."""
NAMED = {"azure": ("contosoblobs",), "s3": ("contoso-public",), "gcs": ("contoso-public",)}


def storage(provider: str) -> Storage:
    found = plugins.storage(provider)
    assert found is not None, provider
    return found


# Hypothesis takes constants from the modules that are there when it begins: all of them, or it is not repeatable.
for _provider in PROVIDERS:
    storage(_provider)


@dataclass(frozen=True, slots=True)
class Case:
    """A credential, and who asks with it."""

    name: str
    storage: Storage
    credential: Credential

    @property
    def fresh(self) -> Storage:
        """A storage that remembers nothing of other answers."""
        return type(self.storage)()

    def __repr__(self) -> str:
        return self.name


def cases(cache_dir: Path) -> list[Case]:
    """Return one credential of every kind of grant in those forms, and the open addresses."""
    detector = Detector(load_rules(()), cache_dir)
    decoders = plugins.load(plugins.Decoder, "tidegate.providers")
    found: dict[tuple[str, ...], Case] = {}
    for form in map(FORMS.__getitem__, IDS):
        for data in form.build().files.values():
            for sighting in detector.scan_text(data.decode()):
                grant = decoders[sighting.provider].decode(sighting, NOW)
                if grant is None or sighting.provider not in PROVIDERS:
                    continue
                key = (sighting.provider, sighting.kind, grant.kind, grant.scope, *grant.services)
                credential = Credential(
                    grant=grant,
                    text=sighting.text,
                    secret=None if grant.kind == "anonymous" else sighting.secret,
                    context=sighting.context,
                    provider=sighting.provider,
                    kind=sighting.kind,
                )
                name = f"{form.id} {sighting.provider} {grant.kind} {grant.scope}"
                found.setdefault(key, Case(name, storage(sighting.provider), credential))
    made = list(found.values())
    for provider, texts in TARGETS.items():
        for text in texts:
            credential = storage(provider).target(text)
            assert credential is not None, text
            made.append(Case(text, storage(provider), credential))
    return made


@dataclass(slots=True)
class Scripted:
    """A network behind the real guard, whose scope is everything; nothing leaves it."""

    answer: Callable[[Request], Response | None]
    """`None`: nothing comes back."""
    sent: list[Request] = field(default_factory=list)
    guard: Guard = field(
        default_factory=lambda: Guard(
            Scope.of(azure=["*"], s3=["*"], gcs=["*"]),
            {provider: storage(provider).owner for provider in PROVIDERS},
        )
    )

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        return self.guard.base(provider, name, service, host, scheme)

    def named(self, provider: str) -> tuple[str, ...]:
        return NAMED[provider]

    def send(self, request: Request) -> Response:
        self.guard.check(request)
        self.sent.append(request)
        response = self.answer(request)
        if response is None:
            raise NoAnswerError("no answer came")
        return response
