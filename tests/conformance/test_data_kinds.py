"""Every kind of data: what is it is told, what only looks alike is not, and any bytes end in an inspection."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.inspectors.fingerprints import of_private_key
from tidegate.inspectors.look import data_kinds, look
from tidegate.inspectors.readable import Counted, Memory
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.signatures import signatures
from tidegate.kinds.table import kinds
from tidegate.model.severity import Severity


def pem(secret: bytes = b"", form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    lock = BestAvailableEncryption(secret) if secret else NoEncryption()
    return ec.derive_private_key(7, ec.SECP256R1()).private_bytes(Encoding.PEM, form, lock)


def openssh() -> bytes:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def database(path: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(path)) as made, made:
        for each in statements:
            made.execute(each)
    return path.read_bytes()


TOLD = [
    ("id_ecdsa", pem(), "private_key", Severity.CRITICAL),
    ("id_ed25519", openssh(), "private_key", Severity.CRITICAL),
    ("server.key", pem(b"a password"), "private_key", Severity.HIGH),
    ("tests/data/server.key", pem(), "test_key", Severity.LOW),
    ("vault.kdbx", b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x01\x00\x04\x00" + bytes(300), "password_vault", Severity.CRITICAL),
    ("logins.csv", b"name,url,username,password\nx,https://x.invalid,u,v1\ny,https://y.invalid,u,v2\n", "password_export", Severity.CRITICAL),
    (".env", b"DB_HOST=db.internal\nDB_PASSWORD=kR7-vq2.mZ\nDEBUG=1\n", "env_file", Severity.HIGH),
    ("credentials", b"[default]\naws_access_key_id = AKIA0000000000000000\naws_secret_access_key = " + b"k9k9Tq7m" * 5 + b"\n", "cloud_credentials", Severity.CRITICAL),
    ("key.json", json.dumps({"type": "service_account", "private_key": pem().decode(), "client_email": "a@b.invalid"}, indent=1).encode(), "cloud_credentials", Severity.CRITICAL),
    ("config", b"apiVersion: v1\nkind: Config\nclusters:\n- name: c\nusers:\n- name: u\n  user:\n    token: " + b"t0t0Wx5n" * 5 + b"\n", "kubeconfig", Severity.CRITICAL),
    ("x.tfstate", b'{"version": 4, "terraform_version": "1.9.0", "resources": [{"mode": "managed"}]}', "terraform_state", Severity.CRITICAL),
    (".zsh_history", b": 1700000000:0;ls\n: 1700000001:0;ssh host\n", "shell_history", Severity.HIGH),
    ("db.sql", b"-- MySQL dump 10.13\nCREATE TABLE `users` (\n `id` int,\n `email` varchar(9)\n);\nINSERT INTO `users` VALUES (1,'x');\n", "database_dump", Severity.HIGH),
    ("disk.jpg", bytes(8192) + b"conectix\0\0\0\2\0\1\0\0" + bytes(496), "disk_image", Severity.CRITICAL),
    ("SAM", b"regf".ljust(48, b"\x00") + "\\SystemRoot\\System32\\Config\\SAM".encode("utf-16-le").ljust(4048, b"\x00"), "windows_secrets", Severity.CRITICAL),
    ("config", b'[core]\n\tbare = false\n[remote "origin"]\n\turl = https://u:p4ssw0rd@git.invalid/x\n', "git_repository", Severity.HIGH),
    ("app.log", b"2026-01-01 10:00:00 INFO start\n2026-01-01 10:00:01 INFO end\n" * 9, "log", Severity.INFO),
    ("people.tsv", b"id\tcity\n1\tUlm\n2\tBonn\n", "dataset", Severity.INFO),
    ("report", b"%PDF-1.7\n/Count 12\n" + bytes(90), "document", Severity.INFO),
]  # fmt: skip

NOT_TOLD = [
    ("id_rsa.pub", b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB x@y\n"),
    ("key.pem", b"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n"),
    (
        "cert.pem",
        b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(bytes(300)) + b"\n-----END CERTIFICATE-----\n",
    ),
    (".env.example", b"DB_PASSWORD=changeme\nAPI_KEY=<your key>\nTOKEN=\n"),
    ("settings.py", b"PASSWORD_HASHERS = ['x']\nimport os\ndef f():\n    return 1\n"),
    ("notes.txt", b"ls, cd and git are commands.\nThey are many.\n"),
    ("cacerts", b"\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x00" + bytes(40)),
    ("photo.dd", b"a text that is named like a disk image\n" * 20),
]


@pytest.mark.parametrize(
    ("name", "data", "kind", "severity"), TOLD, ids=[f"{one[2]}-{one[0]}" for one in TOLD]
)
def test_what_it_is_is_told_by_its_content(name: str, data: bytes, kind: str, severity: Severity) -> None:
    found = look(Memory(data), name)
    assert (found.kind, found.severity, found.verdict) == (kind, severity, None), found.observations
    assert kind in kinds()


@pytest.mark.parametrize(("name", "data"), NOT_TOLD, ids=[one[0] for one in NOT_TOLD])
def test_what_only_looks_alike_raises_no_alarm(name: str, data: bytes) -> None:
    found = look(Memory(data), name)
    assert found.severity.rank <= Severity.LOW.rank, found.observations


def test_no_value_of_a_secret_stands_in_what_is_said() -> None:
    for name, data, _, _ in TOLD:
        said = repr(look(Memory(data), name))
        assert not any(
            value in said for value in ("kR7-vq2", "k9k9", "t0t0", "p4ssw0rd", "https://x.invalid")
        )


def test_a_browser_s_store_is_told_from_an_application_s_database(tmp_path: Path) -> None:
    logins = database(tmp_path / "a", "CREATE TABLE logins (origin_url TEXT)", "CREATE TABLE stats (x INT)")
    orders = database(tmp_path / "b", "CREATE TABLE customers (id INT, email TEXT)")
    assert look(Memory(logins), "x").kind == "browser_profile"
    found = look(Memory(orders), "x")
    assert (found.kind, found.severity) == ("database", Severity.MEDIUM)
    assert "customers" in found.observations[0].summary


def test_many_keys_in_an_archive_are_one_line_with_their_number() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(12):
            archive.writestr(f"home/u{number}/id", pem())
    found = look(Memory(out.getvalue()), "keys.zip")
    (seen,) = [each for each in found.observations if each.kind == "private_key"]
    assert (seen.count, found.severity, found.verdict) == (12, Severity.CRITICAL, None)
    assert seen.summary.startswith("12 private keys")


def test_a_large_disk_image_costs_its_two_ends() -> None:
    data = Counted(Memory(bytes(4 << 20) + b"conectix\0\0\0\2\0\1\0\0" + bytes(496)))
    assert look(data, "x").kind == "disk_image"
    assert data.bytes_read <= 3 * 65536


@given(
    data=st.binary(max_size=3000),
    start=st.sampled_from([b"", *(one[1][:400] for one in TOLD)]),
    row=st.sampled_from(signatures()),
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_end_in_an_inspection(data: bytes, start: bytes, row: object) -> None:
    examples = row.examples[0][:8192]
    for made in (start + data, examples + data, examples[:64] + data):
        for plug_in in data_kinds():
            if plug_in.claims(made[:4096], made[-4096:], len(made), "x"):
                assert isinstance(plug_in.judge(Memory(made), "x", Context(depth=0)), Judgement)
        assert look(Memory(made), "x").kind


def test_one_private_key_in_two_files_has_one_fingerprint_in_pem_and_der_and_in_texts() -> None:
    key = ec.derive_private_key(7, ec.SECP256R1())
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    text = b"some: yaml\nkey: |\n" + b"".join(b"  " + line + b"\n" for line in pem().splitlines())
    found = [
        look(Memory(raw), name) for raw, name in ((pem(), "a.pem"), (der, "b.der"), (pem() * 2, "two.pem"))
    ]
    prints = [each.observations[0].fingerprint for each in found]
    assert prints[0] == prints[1] != ""
    assert prints[2] == ""  # of several keys there is none
    assert look(Memory(pem()), "tests/data/a.pem").observations[0].fingerprint == ""
    assert of_private_key(text.decode()) == prints[0]
