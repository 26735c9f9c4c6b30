"""An account that leaked, its control plane, and `tidegate close` as its owner runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from azure_fill import EMULATED

from corpus.asked import sent
from services.azurite import Azurite
from tidegate.api.scanning import scan
from tidegate.cli import main
from tidegate.close.plan import Call
from tidegate.lab.control_plane import ControlPlane, Switches
from tidegate.model.codec import to_dict

CLOSING_ACCOUNT = "tgclosing"


@dataclass
class Leak:
    """The place, the people and the files of one test."""

    azurite: Azurite
    plane: ControlPlane
    home: Path
    cache: Path
    account: str
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, str]:
        held = self.azurite.accounts[self.account]
        return held.key1, held.key2

    def link(self, token: str, path: str = "models") -> str:
        return f"https://{self.account}.blob.core.windows.net/{path}?{token}"

    def report(self, **files: str) -> dict[str, str]:
        """Scan a folder with these files; return what each file's finding is called."""
        folder = self.home / "work"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.md").write_text(f"see {text}\n")
        found = scan(str(folder), jobs=1, cache_dir=self.cache)
        (self.home / "report.json").write_text(json.dumps(to_dict(found)))
        return {Path(each.occurrences[0].path).stem: each.id for each in found.findings}

    def environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.cache.parent), "PATH": os.environ["PATH"],
            **(self.environment or self.plane.environment()),
        }  # fmt: skip

    def close(self, *words: str | Path) -> tuple[int, str, str]:
        """Run `tidegate close` in this process."""
        for name in (
            "AZURE_STORAGE_KEY",
            "AZURE_STORAGE_ACCOUNT",
            "IDENTITY_ENDPOINT",
            "IDENTITY_HEADER",
            "AZURE_SUBSCRIPTION_ID",
        ):
            self.patch.delenv(name, raising=False)
        for name, value in self.environ().items():
            self.patch.setenv(name, value)
        self.patch.chdir(self.home)
        code = main(["close", "--report", "report.json", *map(str, words)])
        out, err = self.capsys.readouterr()
        return code, out, err

    def started(self, *words: str) -> subprocess.Popen[str]:
        """Run `tidegate close` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tidegate", "close", "--report", "report.json", *words],
            env=self.environ(), cwd=self.home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def plans(self, finding: str) -> dict[str, dict[str, Any]]:
        """Return the plans of a dry run, by way."""
        code, out, err = self.close(finding, "--format", "json")
        assert code in (0, 1), err
        return {each["way"]: each for each in json.loads(out)["closing"]["plans"]}

    def writes(self) -> list[Call]:
        """Return what the audit log has of requests that are no reads, by their verb."""
        lines = sent(self.home / "state/tidegate/audit.jsonl")
        return [Call(method=e["method"], url=e["url"]) for e in lines if e["method"] not in ("GET", "HEAD")]

    def assert_announced(self, *plans: Mapping[str, Any]) -> None:
        """Every request of the audit log that is no read stands in one of the plans."""
        named = {
            (call["method"], call["url"])
            for plan in plans
            for call in (*(step["call"] for step in plan["steps"]), *plan["reads"])
        }
        assert {(each.method, each.url) for each in self.writes()} <= named

    @contextmanager
    def opened(self, name: str) -> Iterator[dict[str, str]]:
        """Have a container that is open to anyone; give the ids of a report on it."""
        options = {"credential": self.keys[1], "api_version": EMULATED}
        with BlobServiceClient(self.azurite.url(self.account), **options) as service:
            with service.create_container(name, public_access="container") as made:
                made.upload_blob("a.txt", b"a").close()
            for other in self.open_ones(service) - {name}:
                service.delete_container(other)
            yield self.report(first=f"https://{self.account}.blob.core.windows.net/{name}/a.txt")
            with service.get_container_client(name) as container:
                assert container.get_container_access_policy()["public_access"] is None

    @staticmethod
    def open_ones(service: BlobServiceClient) -> set[str]:
        return {each.name for each in service.list_containers() if each.public_access}

    def answers(self, link: str) -> int:
        """Ask with a link at the emulator."""
        path = link.partition("windows.net")[2]
        try:
            with urllib.request.urlopen(
                f"{self.azurite.url(self.account)}{path}", timeout=10, context=self.azurite._tls()
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


@contextmanager
def leak(
    azurite: Azurite, account: str, home: Path, cache: Path,
    patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Iterator[Leak]:  # fmt: skip
    held = azurite.accounts[account]

    def change(first: str, second: str) -> None:
        azurite.rotate(
            account,
            key1=first if first != held.key1 else None,
            key2=second if second != held.key2 else None,
        )

    switches = Switches(keys=lambda: (held.key1, held.key2), change=change)
    with ControlPlane({account: switches}) as plane:
        endpoints = ", ".join(f'{name} = "{url}"' for name, url in azurite.endpoints().items())
        trusted = f'ca = "{azurite.ca}"\n' if azurite.ca is not None else ""
        (home / "tidegate.toml").write_text(
            f'[scope]\nazure = ["{account}"]\n[endpoints]\nazure = {{ {endpoints} }}\n'
            f'azure_management = "{plane.url}"\n{trusted}[budget]\nrequests_per_second = 1000\n'
        )
        try:
            yield Leak(azurite, plane, home, cache, account, patch, capsys)
        finally:
            switches.allow_keys(True)
