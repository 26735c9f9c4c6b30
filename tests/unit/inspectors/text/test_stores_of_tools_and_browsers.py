"""Seeds, keys without PEM, logins by host, remote desktops, cookies, records of servers: told by form, not by name."""

from __future__ import annotations

import base64
import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.severity import Severity

SEED = "KR7VQ2MZ5XW3JYB6"
SECRET = "kR7-vq2.mZ"
BASIC = base64.b64encode(f"ann:{SECRET}".encode()).decode()
QUOTED = json.dumps([{"secret": SEED, "digits": 6, "period": 30}]).replace('"', "&quot;")


def wire(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def der(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


def login(kind: int, line: bytes, user: bytes, when: int) -> bytes:
    record = struct.pack("<ii32s4s32s256s", kind, 77, line, b"1", user, b"192.0.2.7")
    return (record + bytes(4) + bytes(4) + struct.pack("<i", when)).ljust(384, b"\0")


def keytab() -> bytes:
    entry = struct.pack(">HH", 1, 12) + b"TEST.INVALID" + struct.pack(">H", 3) + b"ann" + bytes(9)
    entry += struct.pack(">HH", 18, 32) + bytes(range(32))
    return b"\x05\x02" + struct.pack(">i", len(entry)) + entry


def cookie(name: str) -> dict[str, object]:
    return {"domain": ".a.invalid", "path": "/", "name": name, "value": SECRET, "httpOnly": True}


def page(lower: int = 40, layout: int = 0x2004) -> bytes:
    return struct.pack("<8sHHHHHHI", bytes(8), 0, 0, lower, 4096, 8192, layout, 0).ljust(8192, b"\1")


def swift(kind: int) -> bytes:
    return (
        f"{{1:F01BANKDEFFAXXX0000000000}}{{2:I{kind}" + "BANKUS33AXXXN}{4:\n:20:X\n:32A:260101EUR1,00\n-}"
    ).encode()


TOLD: dict[str, tuple[bytes, str, Severity]] = {
    "addresses of seeds": (
        f"otpauth://totp/a:ann?secret={SEED}\notpauth://totp/b:bob?secret={SEED}\n".encode(),
        "password_export",
        Severity.CRITICAL,
    ),
    "addresses of seeds in JSON": (
        json.dumps({"entries": [{"uri": f"otpauth://totp/a:ann?secret={SEED}"}]})
        .replace("/", "\\/")
        .encode(),
        "password_export",
        Severity.CRITICAL,
    ),
    "seeds in records": (
        json.dumps(
            {"services": [{"name": "a", "secret": SEED, "otp": {"digits": 6, "issuer": "x"}}]}
        ).encode(),
        "password_export",
        Severity.CRITICAL,
    ),
    "seeds in preferences of Android": (
        f'<?xml version="1.0"?>\n<map><string name="x">{QUOTED}</string></map>'.encode(),
        "password_export",
        Severity.CRITICAL,
    ),
    "logins deep in entries": (
        json.dumps(
            {
                "vaults": {
                    "v": {
                        "items": [
                            {
                                "data": {
                                    "content": {
                                        "username": n,
                                        "password": SECRET,
                                        "urls": ["https://a.invalid"],
                                    }
                                }
                            }
                            for n in "ab"
                        ]
                    }
                }
            }
        ).encode(),
        "password_export",
        Severity.CRITICAL,
    ),
    "logins as fields": (
        json.dumps(
            {
                "items": [
                    {"details": {"loginFields": [{"designation": "password", "value": SECRET}]}} for _ in "ab"
                ]
            }
        ).encode(),
        "password_export",
        Severity.CRITICAL,
    ),
    "an export that is sealed": (
        json.dumps({"services": [], "servicesEncrypted": "A" * 80 + ":" + "B" * 40}).encode(),
        "password_vault",
        Severity.CRITICAL,
    ),
    "entries locked with a password": (
        json.dumps({"kdfParams": {"opsLimit": 4, "salt": "c2FsdA=="}, "encryptedData": "Q" * 900}).encode(),
        "password_vault",
        Severity.CRITICAL,
    ),
    "a key of a backup": (
        json.dumps(
            {"kdf": "scrypt", "N": 8192, "r": 8, "p": 1, "salt": "c2FsdA==", "data": "Q" * 200}
        ).encode(),
        "password_vault",
        Severity.CRITICAL,
    ),
    "keys of 1Password": (
        json.dumps(
            {"list": [{"data": "U2FsdGVkX1" + "Q" * 90, "validation": "U2FsdGVkX1" + "Q" * 90}]}
        ).encode(),
        "password_vault",
        Severity.CRITICAL,
    ),
    "a store of LastPass": (
        b"iterations=1000;!SbAE0g+/1YYbBNPwKKPo4A==|" + b"Q" * 90,
        "password_vault",
        Severity.CRITICAL,
    ),
    "a Berkeley DB of anything": (
        bytes(12) + b"\x62\x31\5\0\x09" + bytes(9000),
        "database",
        Severity.MEDIUM,
    ),
    "a wallet": (
        bytes(12) + b"\x62\x31\5\0\x09" + bytes(5000) + b"\x04mkey" + bytes(3000),
        "keystore",
        Severity.CRITICAL,
    ),
    "a key blob of Windows": (
        b"\x07\x02\0\0\0\x24\0\0RSA2" + bytes(8) + bytes(range(256)),
        "private_key",
        Severity.CRITICAL,
    ),
    "a key of Dropbear": (
        wire(b"ssh-rsa", b"\1\0\1", b"\0" + b"n" * 256, b"d" * 256, b"p" * 128, b"q" * 128),
        "private_key",
        Severity.CRITICAL,
    ),
    "a key of ssh.com": (
        b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: x\n"
        + base64.encodebytes(
            b"\x3f\x6f\xf9\xeb" + struct.pack(">I", 400) + wire(b"if-modn{sign{rsa}}", b"none") + bytes(300)
        )
        + b"---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
        "private_key",
        Severity.CRITICAL,
    ),
    "PKCS#8 of an algorithm nobody knows": (
        der(0x30, b"\2\1\0" + der(0x30, der(6, b"\x2a\x70\0\2\0\x22\x65\1")) + der(4, bytes(range(32)))),
        "private_key",
        Severity.CRITICAL,
    ),
    "a key with a label of its own": (
        b"-----BEGIN NEBULA X25519 PRIVATE KEY-----\n"
        + base64.b64encode(bytes(range(32)))
        + b"\n-----END NEBULA X25519 PRIVATE KEY-----\n",
        "private_key",
        Severity.CRITICAL,
    ),
    "a key file of KeePass": (
        b"<?xml version='1.0'?>\n<KeyFile><Meta><Version>2.0</Version></Meta><Key><Data Hash='0A'>00</Data></Key></KeyFile>",
        "private_key",
        Severity.CRITICAL,
    ),
    "logins of registries of old": (
        json.dumps({"https://r.invalid/v1": {"auth": BASIC}}).encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "logins by host": (
        json.dumps({"http-basic": {"repo.corp.io": {"username": "ann", "password": SECRET}}}).encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "machines with remarks": (
        f"# mine\nmachine a.corp.io\n  login ann # me\n  password {SECRET}\n".encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "lines of a database's logins": (
        f"db.corp.io:5432:app:ann:{SECRET}\n*:*:other:ann:{SECRET}2\n".encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "an option file of MySQL": (
        f"[client-mariadb]\nuser=root\npassword={SECRET}\n".encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "a flat cache of tokens": (
        json.dumps(
            {"k-refreshtoken": {"credentialType": "RefreshToken", "secret": "0.AbC" + "d9Q" * 9}}
        ).encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "recorded requests": (
        json.dumps(
            {
                "log": {
                    "creator": {"name": "x"},
                    "entries": [
                        {
                            "request": {
                                "headers": [{"name": "Authorization", "value": "Bearer q7." + "Zk4m" * 9}]
                            }
                        }
                    ],
                }
            }
        ).encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "remote sessions": (
        b'<Connections Name="x" Protected="A" ConfVersion="2.6"><Node Password="QUJD" Hostname="h"/></Connections>',
        "vpn_profile",
        Severity.HIGH,
    ),
    "remote sessions without a password": (
        b'<Connections Name="x" Protected="A" ConfVersion="2.6"><Node Password="" Hostname="h"/></Connections>',
        "vpn_profile",
        Severity.MEDIUM,
    ),
    "hashes of Windows": (
        b"ann:1001:aad3b435b51404eeaad3b435b51404ee:" + b"0123456789abcdef" * 2 + b":::\n",
        "windows_secrets",
        Severity.CRITICAL,
    ),
    "what mimikatz says": (
        b"  * Username : ann\n  * Domain   : X\n  * NTLM     : " + b"0123456789abcdef" * 2 + b"\n",
        "windows_secrets",
        Severity.CRITICAL,
    ),
    "logins of Maven": (
        f"<settings><servers><server><id>x</id><password>{SECRET}</password></server></servers></settings>".encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "logins of NuGet": (
        f'<configuration><packageSourceCredentials><x><add key="ClearTextPassword" value="{SECRET}" /></x>'
        f"</packageSourceCredentials></configuration>".encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "users of Tomcat": (
        f'<tomcat-users><user username="ann" password="{SECRET}" roles="manager-gui"/></tomcat-users>'.encode(),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "a key of minisign": (
        b"untrusted comment: minisign encrypted secret key\n" + base64.b64encode(bytes(range(158))) + b"\n",
        "private_key",
        Severity.CRITICAL,
    ),
    "an identity of ZeroTier": (
        b"0123456789:0:" + b"ab" * 64 + b":" + b"cd" * 64,
        "private_key",
        Severity.CRITICAL,
    ),
    "payments in NACHA's form": (
        b"101 076401251 0764012512601010000A094101".ljust(94)
        + b"\n"
        + b"5225ANN".ljust(94)
        + b"\n"
        + b"622".ljust(94),
        "payment_data",
        Severity.HIGH,
    ),
    "a Spanish statement": (
        b"11" + b"0" * 30 + b" " * 48 + b"\n22" + b"0" * 78 + b"\n",
        "payment_data",
        Severity.HIGH,
    ),
    "a part of an index": (b"\x3f\xd7\x6c\x17\x11" + bytes(60), "database", Severity.MEDIUM),
    "a mail of Apple Mail": (
        b"412      \nReturn-Path: <ann@a.invalid>\nFrom: Ann <ann@a.invalid>\nTo: b@b.invalid\nSubject: x\n\nHi\n",
        "mail",
        Severity.MEDIUM,
    ),
    "a keytab": (keytab(), "windows_secrets", Severity.CRITICAL),
    "logins of MySQL": (
        bytes(4) + bytes(range(1, 21)) + struct.pack("<I", 16) + bytes(range(16)),
        "cloud_credentials",
        Severity.CRITICAL,
    ),
    "a jar of cookies": (
        f"# Netscape HTTP Cookie File\n.a.invalid\tTRUE\t/\tTRUE\t1893456000\tsid\t{SECRET}\n".encode(),
        "browser_profile",
        Severity.CRITICAL,
    ),
    "cookies in JSON": (
        json.dumps([cookie("sid"), cookie("b")]).encode(),
        "browser_profile",
        Severity.CRITICAL,
    ),
    "a history of Safari": (
        b"bplist00\xd1\x01\x02_\x10\x0fWebHistoryDates" + bytes(60),
        "browser_profile",
        Severity.CRITICAL,
    ),
    "who logged in": (
        login(2, b"~", b"reboot", 1_700_000_000) + login(7, b"pts/0", b"ann", 1_700_000_100),
        "log",
        Severity.INFO,
    ),
    "a page of PostgreSQL": (page(), "database", Severity.HIGH),
    "changes of MySQL": (
        b"\xfebin" + struct.pack("<IBI", 1_700_000_000, 15, 1) + bytes(90),
        "database_dump",
        Severity.HIGH,
    ),
    "messages between banks": (swift(103), "payment_data", Severity.HIGH),
    "HL7 behind a mark of its bytes": (
        b"\xef\xbb\xbfMSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||X^^^Y||ROE^ANN\r",
        "health_data",
        Severity.CRITICAL,
    ),
    "a question about an insurance": (
        b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*0000*^*00501*000000001*0*P*:~"
        b"GS*HS*A*B*20260101*0000*1*X*005010X279A1~ST*270*0001~NM1*IL*1*ROE*ANN~SE*3*0001~",
        "health_data",
        Severity.CRITICAL,
    ),
    "records of a clinic's own": (
        json.dumps({"birthdate": 1, "encounters": [{"time": 1}], "conditions": [{"code": "x"}]}).encode(),
        "health_data",
        Severity.CRITICAL,
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told_by_its_form_alone(name: str) -> None:
    data, kind_id, severity = TOLD[name]
    found = look(Memory(data), "x/item")
    assert (found.kind, found.severity) == (kind_id, severity), found.observations
    assert SECRET not in repr(found)
    assert SEED not in repr(found)


NOT_TOLD: dict[str, bytes] = {
    "the seed of every manual": b"otpauth://totp/a:ann?secret=JBSWY3DPEHPK3PXP\notpauth://totp/b?secret=JBSWY3DPEHPK3PXP\n",
    "one address in a page": f"# How\nScan `otpauth://totp/a?secret={SEED}` with an app.\n".encode(),
    "secrets without what a seed has": json.dumps({"a": {"secret": SEED, "name": "x"}}).encode(),
    "nobody's hash": b"Guest:501:aad3b435b51404eeaad3b435b51404ee:31d6cfe0d16ae931b73c59d7e0c089c0:::\n",
    "a template of Tomcat's users": b'<tomcat-users><user username="admin" password="<must-be-changed>"/></tomcat-users>',
    "what a program says": b"ASK_PASS=Please enter the passphrase now\nBAD_PASSPHRASE=wrong passphrase\nNO_KEYS=no new keys\n",
    "beginnings of keys without an end": b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n" * 6000,
    "servers without an end": b"<servers>" + b"<server>" * 30_000,
    "a word": b"kych is a word\n",
    "translations": json.dumps({"login.form": {"password": "Passwort", "token": "Zugangstoken"}}).encode(),
    "fields of a form": json.dumps([{"fields": [{"type": "password", "value": ""}]} for _ in "ab"]).encode(),
    "a key of SSH to be shown": wire(b"ssh-rsa", b"\1\0\1", b"\0" + b"n" * 256),
    "messages of a compiler": b"main.c:12:5: error: x\nmain.c:13:1: note: y\n",
    "users of a machine": b"root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\n",
    "vectors of a test": json.dumps(
        {"tests": [{"salt": "c2FsdA==", "iterations": 9, "ct": "Q" * 24} for _ in range(60)]}
    ).encode(),
    "a host without a password": b"machine a.corp.io login ann\n",
    "sorts of cookies": b'{"cookies": {"httpOnly": true, "secure": true}}',
    "zeros": bytes(8192),
    "a page that says too much": page(lower=9000),
    "a template of FHIR": b'{"resourceType": "Patient", "id": "{{ ID }}", {% if x %}"subject": {"a": 1}{% endif %}}',
    "sets of values": b'{"resourceType": "ValueSet", "compose": {"include": []}}',
}


@pytest.mark.parametrize("name", NOT_TOLD)
def test_what_only_looks_alike_alarms_nobody(name: str) -> None:
    found = look(Memory(NOT_TOLD[name]), "x/item")
    assert found.severity.rank <= Severity.LOW.rank, (found.kind, found.observations)


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from([data[:200] for data, _, _ in TOLD.values()]),
    rest=st.binary(max_size=600),
    cut=st.integers(0, 200),
)
def test_any_bytes_behind_a_beginning_end_in_an_inspection(start: bytes, rest: bytes, cut: int) -> None:
    found = look(Memory(start[:cut] + rest), "x/item")
    assert found.size_bytes == len(start[:cut] + rest)
