"""MiniStack: an S3 service with access lists, ownership and Block Public Access as Amazon has them.

Program `ministack` of the package of that name. Without these settings it listens on every network card, for
S3 and for MQTT, and lets everyone in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.ports import answers, free_ports
from services.process import Service, own_folder
from services.s3_clients import client


@dataclass(frozen=True)
class MiniStack:
    endpoint: str

    def s3(self, key_id: str, secret: str):
        return client("s3", self.endpoint, key_id, secret)

    def iam(self):
        """It takes this pair for the account's root."""
        return client("iam", self.endpoint, "test", "test")


@contextmanager
def ministack() -> Iterator[MiniStack]:
    """Start one, empty, on a free port; end it and remove what it kept."""
    with own_folder("ministack") as folder:
        (port,) = free_ports(1)
        environment = {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
        }
        service = Service("ministack", [], environment, folder)
        try:
            service.wait_until(lambda: answers(port))
            yield MiniStack(f"http://127.0.0.1:{port}")
        finally:
            service.stop()
