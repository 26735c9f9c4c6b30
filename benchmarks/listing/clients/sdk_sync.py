"""azure-storage-blob, synchronous: `list_blobs` of every container."""

from __future__ import annotations

from azure.storage.blob import BlobServiceClient
from tally import Tally, task


def main() -> None:
    asked = task()
    tally = Tally(asked.most)
    with BlobServiceClient(asked.endpoint, credential=asked.sas) as service:
        for container in asked.containers:
            for blob in service.get_container_client(container).list_blobs(results_per_page=5000):
                if not tally.add(bool(blob.name), blob.size):
                    return tally.tell()
    return tally.tell()


main()
