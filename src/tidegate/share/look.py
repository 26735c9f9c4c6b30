"""What is about to be shared, read once: a checksum of each file, and what loading a model would do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tidegate import plugins
from tidegate.errors import NoAnswerError, UnsafeError, UsageError
from tidegate.inspectors.look import look as look_into
from tidegate.inspectors.readable import Counted, Memory, Readable, Remote
from tidegate.model.credential import Credential
from tidegate.model.document import Spot
from tidegate.model.observation import Inspection, Verdict
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.net.message import Sends
from tidegate.share.files import AT_ONCE, File, listed, through, words
from tidegate.share.manifest import Sum

MAX_READ: Final = 4 << 30
"""Bytes that are read unless the user says otherwise: a minute or two on a usual line."""
_TOLD_BYTES: Final = 64 << 20
_TOLD_FILES: Final = 500
_SIGNATURES: Final = {"azure": "sig", "s3": "X-Amz-Signature", "gcs": "X-Goog-Signature"}
_KINDS: Final = {"azure": "sas", "s3": "presigned_v4", "gcs": "signed_v4"}
_SAFE: Final = "safetensors holds the same weights and cannot run code"
_ANEW: Final = f"Save it anew from a source that you trust: {_SAFE}"


@dataclass(slots=True)
class Looked:
    """What was seen."""

    sums: list[Sum] = field(default_factory=list)
    models: list[Inspection] = field(default_factory=list)
    """Of those that are model files."""

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(each.size_bytes for each in self.sums)

    def offer(self, path: str, beside: Callable[[str], bool]) -> str:
        """Say which safetensors lie beside models that can run code; empty for none.

        path: of the one object that was read; empty for a container, whose files are all known.
        """
        names = {each.name for each in self.sums}
        found: list[str] = []
        for model in self.models:
            if model.verdict is not Verdict.INERT:
                for name in _safer(path or model.path):
                    if name in names if not path else beside(name):
                        found.append(name)
                        break
        return f"{', '.join(dict.fromkeys(found))} lies beside: share that instead" if found else ""

    def refuse(self, offer: str = "") -> None:
        """Raise `UnsafeError` when one of them would do harm to whoever loads it. offer: what is safer."""
        bad = [each for each in self.models if each.verdict is Verdict.DANGEROUS]
        if bad:
            first = bad[0]
            why = first.observations[0].summary if first.observations else "it runs code"
            more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
            raise UnsafeError(
                f"not shared: {first.path} would harm whoever loads it ({why}){more}",
                hint=f"tidegate inspect says more. {offer or _ANEW}.",
            )

    def warnings(self) -> list[str]:
        """Say of each other model what whoever gets it must know; nothing of those that cannot run code."""
        return [words for each in self.models if (words := _warning(each))]


def as_found(link: Secret, provider: str, now: datetime) -> tuple[Credential, str]:
    """Return a link as a scan that finds it hands it on, and as a report shows it.

    Raises `UsageError` for a text that is no link of this provider.
    """
    text = link.reveal()
    signature = parse_qs(urlsplit(text).query).get(_SIGNATURES[provider], [""])[0]
    sighting = Sighting(
        rule="share",
        provider=provider,
        kind=_KINDS[provider],
        text=link,
        secret=Secret(signature),
        context={},
        spot=Spot("-", 1, 1),
    )
    decoder = plugins.load(plugins.Decoder, "tidegate.providers")[provider]
    grant = decoder.decode(sighting, now) if signature else None
    if grant is None:
        raise UsageError("this is no link of the provider that it should be of")
    found = Credential(
        grant=grant, text=link, secret=sighting.secret, context={}, provider=provider, kind=sighting.kind
    )
    return found, decoder.redact(sighting)


def look(
    link: Secret,
    provider: str,
    net: Sends,
    now: datetime,
    *,
    single: bool,
    max_read: int = MAX_READ,
    tell: Callable[[str], None] = lambda _: None,
) -> Looked:
    """Read everything that a link of our own reaches.

    single: it is one object, which is downloaded under its last name alone. tell: hears of what takes long.
    Raises `UsageError` when that is more than `max_read` bytes or `MOST_FILES` files, before any is read;
    `NoAnswerError` when something changed meanwhile; other `RequestError`.
    """
    storage = plugins.storage(provider)
    assert storage is not None
    one, _ = as_found(link, provider, now)
    files = listed(storage, one, net, max_read)
    total = sum(each.size_bytes for each in files)
    if total > _TOLD_BYTES or len(files) > _TOLD_FILES:
        tell(f"reading {len(files):,} files, {words(total)}, for their checksums and what models would do")
    looked = Looked()
    pieces, at_once = ThreadPoolExecutor(AT_ONCE), ThreadPoolExecutor(AT_ONCE)
    try:
        for done in at_once.map(partial(_one, pieces=pieces, single=single), files):
            looked.sums.append(done[0])
            if done[1] is not None:
                looked.models.append(done[1])
        if listed(storage, one, net, max_read) != files:
            raise NoAnswerError("what is shared changed while it was read: nothing was shared")
    finally:
        # What is under way ends soon; what is not begun is not wanted any more.
        at_once.shutdown(cancel_futures=True)
        pieces.shutdown(cancel_futures=True)
    return looked


def _one(file: File, *, pieces: ThreadPoolExecutor, single: bool) -> tuple[Sum, Inspection | None]:
    """Return the checksum of one file, and what it is if it is a model."""
    called = file.name.rstrip("/").rpartition("/")[2] or file.name if single else file.name
    sha256, whole = through(file, pieces)
    data: Readable = (
        Memory(whole) if whole is not None else Counted(Remote(file.size_bytes, file), block_bytes=1 << 16)
    )
    seen = look_into(data, called)
    model = replace(seen, path=called) if seen.verdict is not None else None
    return Sum(name=called, size_bytes=file.size_bytes, sha256=sha256), model


def _safer(path: str) -> tuple[str, ...]:
    """Return the names that the same model has as safetensors, by the habits of those who publish."""
    folder, slash, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    usual = stem.replace("pytorch_model", "model")
    return tuple(dict.fromkeys(f"{folder}{slash}{each}.safetensors" for each in (stem, usual, "model")))


def _warning(seen: Inspection) -> str:
    match seen.verdict:
        case Verdict.UNKNOWN:
            return f"{seen.path} can run code and calls what Tidegate does not know; {_SAFE}"
        case Verdict.DAMAGED:
            return f"{seen.path} cannot be judged whole: what loading it does is not known; {_SAFE}"
        case Verdict.CLEAN:
            return (
                f"{seen.path} is of a kind that can run code when it is loaded ({seen.kind}); nothing "
                f"harmful was seen in it, and {_SAFE}"
            )
    return ""
