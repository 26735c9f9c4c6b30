"""A company's account as the fake serves it, and the way there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from azure.storage.filedatalake import generate_directory_sas
from azure.storage.fileshare import generate_file_sas, generate_share_sas
from azure_setting import ACCOUNT, HOUR, NOW, QUICK, sas

from services.azure_fake import AzureFake, running
from services.azure_fake_state import Account, Blob, Container
from services.azurite import made_up_key
from tidegate.model.credential import Credential
from tidegate.model.reach import Reach
from tidegate.net.audit import Memory
from tidegate.net.limits import Budget
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.providers.azure.canonical import Target, sign, string_to_sign
from tidegate.providers.azure.storage import STORAGE

OLD, NEW = "2026-03-01T00:00:00.0000000Z", "2026-03-04T05:06:07.0000000Z"
OBJECT_ID = "11111111-2222-3333-4444-555555555555"


@dataclass
class Real:
    """The account, whoever serves it, and what it was asked."""

    account: Account
    fake: AzureFake
    net: Net
    audit: Memory

    def probe(self, credential: Credential) -> Reach:
        return STORAGE.probe(credential, self.net, datetime.now(UTC))

    def asked(self) -> list[str]:
        return [entry.asked for entry in self.audit.entries]


def company() -> Account:
    """Return an account with a versioned container, a directory tree and a share."""
    account = Account(ACCOUNT, delegation_keys={OBJECT_ID: made_up_key("delegation")})
    account.containers["backups"] = Container(
        [
            Blob("old.vhd", b"previous", version=OLD, current=False),
            Blob("old.vhd", b"present", version=NEW),
            Blob("shot.bin", b"then", snapshot=OLD),
            Blob("shot.bin", b"now", version=NEW),
            Blob("thrown away.txt", b"gone", version=OLD, current=False, deleted=True),
            Blob("z/\ufffe 100%", b"odd", version=NEW),
        ]
    )
    account.containers["lake"] = Container(
        [
            Blob("logs", directory=True),
            Blob("logs/2026", directory=True),
            Blob("logs/2026/app.log", b"started"),
            Blob("logs/boot.log", b"booted"),
            Blob("other/secret.txt", b"elsewhere"),
        ]
    )
    account.containers["cold"] = Container([Blob("archived.tar", b"frozen", tier="Archive")])
    account.shares["profiles"] = {
        "readme.txt": b"home of all",
        "mara/notes.txt": b"notes",
        "mara/keys/id": b"not a key",
        "olaf/plan.txt": b"plan",
    }
    return account


@contextmanager
def serving(account: Account) -> Iterator[Real]:
    audit = Memory()
    with running(account) as fake:
        scope = Scope.of(
            azure=[account.name],
            endpoints={"azure": fake.endpoints()},
            budget=Budget(requests_per_second=10_000),
        )
        with Net(scope, owners={"azure": STORAGE.owner}, audit=audit, limits=QUICK) as net:
            yield Real(account, fake, net, audit)


def directory_sas(account: Account, directory: str, permission: str = "rl") -> Credential:
    token = generate_directory_sas(
        account.name, "lake", directory, credential=account.key1, permission=permission, expiry=NOW + HOUR
    )
    return sas(token, f"lake/{directory}", service="dfs")


def share_sas(account: Account, permission: str = "rl") -> Credential:
    token = generate_share_sas(
        account.name, "profiles", account.key1, permission=permission, expiry=NOW + HOUR
    )
    return sas(token, "profiles", service="file")


def file_sas(account: Account, path: str) -> Credential:
    token = generate_file_sas(
        account.name, "profiles", path.split("/"), account.key1, permission="r", expiry=NOW + HOUR
    )
    return sas(token, f"profiles/{path}", service="file")


def delegated_sas(account: Account, permission: str = "rl", **more: str) -> Credential:
    params = {
        "sv": "2021-12-02",
        "sr": "c",
        "sp": permission,
        "se": f"{NOW + HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "skoid": OBJECT_ID,
        "sktid": "66666666-7777-8888-9999-000000000000",
        "skt": f"{NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "ske": f"{NOW + HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "sks": "b",
        "skv": "2021-12-02",
        **more,
    }
    text = string_to_sign(params, Target(account=account.name, path="backups"))
    return sas(urlencode({**params, "sig": sign(text, made_up_key("delegation"))}), "backups")
