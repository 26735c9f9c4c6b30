"""What is read before something is shared: all of it, or nothing is shared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from azure_setting import ACCOUNT, HOUR, container_sas
from fake_setting import Real, serving

from services.azure_fake_state import Account, Blob, Container
from tidegate.errors import NoAnswerError, RefusedError, UsageError
from tidegate.model.secret import Secret
from tidegate.share import files
from tidegate.share import look as looking
from tidegate.share.look import Looked, look

ODD = "dir/évil \ufffe 100%.txt"


@pytest.fixture
def real() -> Iterator[Real]:
    account = Account(ACCOUNT, hierarchical=True)
    account.containers["models"] = Container(
        [
            Blob("dir", directory=True),
            Blob(ODD, b"odd"),
            Blob("empty"),
            Blob("old", b"gone", current=False, version="2026-03-01T00:00:00.0000000Z"),
            Blob("weights.bin", bytes(range(256)) * 40),
        ]
    )
    with serving(account) as made:
        yield made


def looked(real: Real, **more: int) -> Looked:
    token = container_sas(real.account.key1, permission="rl", expiry=datetime.now(UTC) + HOUR)
    link = Secret(f"https://{ACCOUNT}.blob.core.windows.net/models?{token}")
    return look(link, "azure", real.net, datetime.now(UTC), single=False, **more)


def test_every_file_is_read_to_its_end_in_pieces(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PIECE_BYTES", 1000)
    seen = looked(real)
    content = {blob.name: blob.content for blob in real.account.containers["models"].blobs if blob.current}
    assert {each.name: each.sha256 for each in seen.sums} == {
        name: hashlib.sha256(content[name]).hexdigest() for name in (ODD, "empty", "weights.bin")
    }
    assert seen.size_bytes == 10_243


def test_more_than_was_allowed_is_not_begun(real: Real) -> None:
    with pytest.raises(UsageError, match=r"more than 9\.766 KiB or 20,000 files"):
        looked(real, max_read=10_000)
    assert not any("bytes of" in each for each in real.asked())


def test_what_cannot_be_read_or_changes_meanwhile_stops_it(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = real.account.containers["models"].blobs[-1]
    through = looking.through

    def meanwhile(content: bytes) -> None:
        def change(*words: object) -> object:
            weights.content = content
            return through(*words)

        monkeypatch.setattr(looking, "through", change)

    for content in (b"shorter", bytes(10_240)):  # of another size, and of the same
        weights.content = bytes(range(256)) * 40
        meanwhile(content)
        with pytest.raises(NoAnswerError, match="changed while it was read"):
            looked(real)
    monkeypatch.undo()
    weights.tier = "Archive"
    with pytest.raises(RefusedError, match="archive"):
        looked(real)
