"""What lies in the emulated accounts: containers of every kind, with all that a listing can hold."""

from __future__ import annotations

from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, ContentSettings, PublicAccess
from azure.storage.queue import QueueServiceClient

from services.azurite import Azurite

EMULATED = "2025-11-05"
"""The newest version Azurite knows."""

BLOBS = {
    "checkpoints/epoch 1/model.ckpt": b"weights of epoch one",
    "checkpoints/epoch 2/model.ckpt": b"weights of epoch two",
    "notes & <drafts>.txt": "Grüße".encode(),
    "übung/日本.bin": bytes(range(256)),
    "empty": b"",
}


def fill(azurite: Azurite, account: str) -> None:
    held = azurite.accounts[account]
    options = {"api_version": EMULATED}
    if azurite.ca is not None:
        options["connection_verify"] = str(azurite.ca)
    with BlobServiceClient(azurite.url(account), credential=held.key1, **options) as service:
        for name, public in (
            ("models", None),
            ("shown", PublicAccess.CONTAINER),
            ("halfshown", PublicAccess.BLOB),
            ("bare", None),
        ):
            service.create_container(name, public_access=public).close()
        with service.get_container_client("models") as models:
            for name, content in BLOBS.items():
                settings = ContentSettings(content_type="text/plain" if name.endswith(".txt") else None)
                models.upload_blob(name, content, content_settings=settings).close()
            with models.get_blob_client("empty") as blob:
                blob.create_snapshot()
        for container in ("shown", "halfshown"):
            with service.get_container_client(container) as open_one:
                open_one.upload_blob("readme.txt", b"for all to see").close()
    with QueueServiceClient(azurite.url(account, "queue"), credential=held.key1, **options) as queues:
        queues.create_queue("jobs").close()
    named = AzureNamedKeyCredential(account, held.key1)
    with (
        TableServiceClient(azurite.url(account, "table"), credential=named, **tables(options)) as service,
        service.create_table("runs") as table,
    ):
        table.create_entity({"PartitionKey": "p", "RowKey": "r", "loss": 0.5})


def tables(options: dict[str, str]) -> dict[str, str]:
    """Tables have versions of their own."""
    return {name: value for name, value in options.items() if name != "api_version"}
