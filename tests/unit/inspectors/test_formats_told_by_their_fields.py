"""What other people's files showed: forms of keys, mail, states and dull formats that were not told, or told wrongly."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zipfile

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.severity import Severity

_MADE = base64.urlsafe_b64encode(hashlib.sha256(b"made up").digest()).decode().rstrip("=")
_SEXP = b"(11:private-key(3:rsa(1:n" + b"5:abcde" * 8 + b")))"
_ENTRY = b"\x01\x00\x02ca" + bytes(8) + bytes(4) + b"\x00\x05X.509" + b"\x00\x00\x00\x04cert"
_KEY = b"\x02\x00\x03key" + bytes(8) + bytes(4) + b"\x01" + b"\x00\x03RAW" * 2 + b"\x00\x00\x00\x04abcd"
_BKS = bytes((0, 0, 0, 2, 0, 0, 0, 20)) + bytes(20) + b"\x00\x00\x04\x00"
_SFNT = (
    b"\x00\x01\x00\x00\x00\x07\x00\x40\x00\x02\x00\x30cmap" + bytes(4) + b"\x00\x00\x00\x40\x00\x00\x00\x10"
)
_AAC = b"\xff\xf1\x50\x80\x01\x00\xfc" + b"\x01"
_MP3 = b"\xff\xe3\x44\x64" + bytes(188)


def told(data: bytes, name: str = "x/item") -> tuple[str, Severity]:
    judged = look(Memory(data), name)
    return judged.kind, judged.severity


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("jwk.json", json.dumps({"kty": "EC", "crv": "P-256", "d": _MADE, "x": "B" * 43}).encode()),
        ("jwks.json", json.dumps({"keys": [{"kty": "oct", "k": _MADE}]}).encode()),
        ("key.pvk", b"\x1e\xf1\xb5\xb0" + bytes(4) + b"\x01\0\0\0" + bytes(12) + b"RSA2" + bytes(600)),
        ("a.key", _SEXP),
        ("b.asc", b"-----BEGIN PGP ARMORED FILE-----\n\n" + base64.encodebytes(_SEXP) + b"=abcd\n"),
    ],
)
def test_a_private_key_in_any_form_is_one(name: str, data: bytes) -> None:
    assert told(data, name) == ("private_key", Severity.CRITICAL)


def test_a_public_web_key_is_no_private_key() -> None:
    assert (
        told(json.dumps({"kty": "EC", "x": "B" * 43, "y": "C" * 43}).encode(), "a.json")[1] is Severity.INFO
    )


def test_a_capture_of_a_download_is_no_archive() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "some words")
    capture = b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(200)
    assert told(capture + packed.getvalue(), "a.pcap")[0] == "network_capture"
    assert told(packed.getvalue(), "a.zip")[0] == "zip"


def test_streams_of_a_film_are_read_where_they_are_told() -> None:
    def box(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data) + 8) + kind + data

    def film(*streams: bytes) -> bytes:
        told = b"".join(box(b"hdlr", bytes(8) + each + bytes(16)) + bytes(6000) for each in streams)
        return box(b"ftyp", b"isom\0\0\2\0") + box(b"mdat", bytes(9000)) + box(b"moov", told)

    assert told(film(b"vide", b"soun"), "x/item")[0] == "video"
    assert told(film(b"soun"), "x/item")[0] == "audio"


def test_a_certificate_behind_its_own_words_is_one() -> None:
    words = b"Certificate:\n    Data:\n        Version: 3 (0x2)\n" + b"            00:11:22:33\n" * 300
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(600)) + b"-----END CERTIFICATE-----\n"
    assert told(words + pem, "client.crt") == ("certificate", Severity.INFO)


def test_an_office_document_may_name_its_main_part_as_it_likes() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document2.xml", "<w:document/>")
    assert told(packed.getvalue(), "x/item")[0] == "document"


def test_a_keystore_of_bouncy_castle_is_as_bad_as_what_it_holds() -> None:
    assert told(_BKS + _KEY + b"\0" + bytes(20))[0] == "keystore"
    assert told(_BKS + _ENTRY + b"\0" + bytes(20)) == ("certificate", Severity.INFO)
    assert told(_BKS[:3] + b"\1" + _BKS[4:] + b"\xc5\x61" + bytes(range(256)))[0] == "keystore"


@pytest.mark.parametrize("cut", [33, 40, 50, 60])
def test_a_keystore_that_is_cut_off_ends_in_an_inspection(cut: int) -> None:
    told((_BKS + _KEY + _ENTRY + b"\0" + bytes(20))[:cut])


@pytest.mark.parametrize(
    ("kind", "name", "data"),
    [
        ("mail", "a", b"MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=b\n\n--b\n"),
        ("mail", "a.msg", b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nx\n'),
        ("mail", "a.eml", b"Subject: hello\n\nx\n"),
        ("mail", "a", b"From: a@b.example\nDate: x\nSubject: y\nMessage-ID: <1@b>\n\n" + bytes(range(256))),
        ("mail_archive", "a", b"From -\nFrom: a@b.example\nTo: c@d.example\n\nhi\n\nFrom -\nFrom: c@d.example\n\nx\n"),
        ("kubeconfig", "config", b"kind: Config\nclusters: []\nusers:\n- user:\n    password: secret\n"),
        ("terraform_state", "a.json", b'{"version": 4, "serial": 1, "lineage": "x", "resources": []}'),
        ("terraform_state", "a.json", b'{"version": 3, "terraform_version": "0.9.5", "backend": {"type": "s3"}}'),
        ("env_file", ".env", b"COLOUR=blue\nA='x\ny\nz\na\nb\nc'\nAPI_TOKEN=f3k9s0dk2l\n"),
        ("git_repository", "a.idx", b"\xfftOc\x00\x00\x00\x02" + bytes(1024)),
        ("archive", "a", b"\x1a\x02TECT.TXT\x00\x00\x00\x04\xa2" + struct.pack("<I", 9) + bytes(19) + b"\x1a\x00"),
        ("font", "a", _SFNT + bytes(100)),
        ("font", "a.dfont", struct.pack(">4I", 256, 300, 44, 50) + bytes(334)),
        ("image", "a", b"BM" + struct.pack("<IIII", 90, 0, 66, 52) + bytes(8) + b"\x01\x00\x20\x00" + bytes(60)),
        ("image", "a", b"P3\n# made\n2 2\n255\n" + b"0 " * 12),
        ("image", "a", bytes((10, 5, 1, 8)) + struct.pack("<4H", 0, 0, 87, 51) + bytes(200)),
        ("video", "a", b"\x0e\x42\0\0\x12\xaf\x01\0\x80\0\x80\0\x08\0" + bytes(60)),
        ("audio", "a", _AAC * 40),
        ("audio", "a", _MP3 * 4),
        ("audio", "a.m4a", b"\0\0\0\x18ftypmp42" + bytes(200)),
        ("audio", "a", b"\0\0\0\x18ftypisom" + bytes(80) + b"hdlr" + bytes(8) + b"soun" + bytes(40)),
        ("video", "a", b"\0\0\0\x18ftypisom" + bytes(80) + b"hdlr" + bytes(8) + b"vide" + bytes(40)),
        ("source_code", "stderr-data.sh", b'tid="stderr data transfer"\n\nfor n in "" -n; do\n\techo $n\ndone\n'),
        ("website", "piece.html", b"<!-- a piece -->\n<base href='/'/>\n<script src='a.js'></script>\n"),
        ("source_code", "2008030300.sql", b"-- version 3\nALTER TABLE `users`\n  ADD `seen` datetime;\n"),
        ("source_code", "a.sql", b"select count(*)\n  from users;\n"),
        ("source_code", "a", b"cimport numpy\nfrom libc.math cimport sin\ncdef int a\n"),
        ("dataset", "a", b"@RELATION iris\n\n@ATTRIBUTE width REAL\n@DATA\n5.1\n"),
        ("dataset", "a.topojson", b'{"type": "Topology", "objects": {}}'),
        ("dataset", "a", b"<?xml version='1.0'?>\n<gpx version='1.1'><trk/></gpx>"),
        ("dataset", "a", b"<?xml version='1.0'?>\n<!-- <svg> -->\n<o:FeatureCollection xmlns:gml='g'/>"),
        ("image", "a", b"<?xml version='1.0'?>\n<!-- one --><!-- two -->\n<!DOCTYPE svg PUBLIC 'x' 'y'>\n<svg width='1'/>"),
        ("document", "a", b"<?xml version='1.0'?>\n<FictionBook xmlns='f'><body/></FictionBook>"),
        ("dataset", "a", bytes.fromhex("ffffffff500100001000000000000a000e000600050008000a0000000001040010000000") + bytes(400)),
        ("dataset", "a", bytes.fromhex("500100001000000000000a000e000600050008000a0000000001030010000000") + bytes(400)),
        ("unknown", "a", bytes.fromhex("ffffffff500100001000000000000a000e000600050008000a0000000003040010000000") + bytes(400)),
        ("image", "a", b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(80)),
        ("git_repository", "pack-1.idx", struct.pack(">256I", *([0] * 9 + [2] * 247)) + bytes(48) + bytes(40)),
        ("health_data", "a.dcm", bytes.fromhex("080005000a00000049534f5f49522031303000") + bytes(200)),
        ("health_data", "b.dcm", bytes.fromhex("000800054353000a49534f5f495220313030") + bytes(200)),
        ("unknown", "c", bytes.fromhex("080005000a00000049534f5f49522031303000") + bytes(200)),
        ("audio", "a.mp3", bytes(1000) + b"TAG" + bytes(125)),
        ("private_key", "ta.key", b"#\n# 2048 bit OpenVPN static key\n#\n-----BEGIN OpenVPN Static key V1-----\n" + b"ab12" * 8 + b"\n"),
        ("private_key", "dkim.key", base64.b64encode(bytes(range(32))) + b"\n"),
        ("document", "dkim.txt", base64.b64encode(bytes(range(32))) + b"\n"),
        ("log", "sshd", b"# failed: no\nJan 22 18:09:46 host ftpd[132]: repeated login failures from 192.0.2.1\n"),
        ("log", "assp", b"Apr-07-13 07:08:36 [SSL-out] 192.0.2.1 failed\n" * 6),
        ("dataset", "a.csv", b"stamp,other,time\n" + b"2024-05-17 20:53:11,0,869.35\n" * 8),
        ("source_code", "context_test.go", b"package a\n\nconst c = `\napiVersion: v1\nkind: Config\nclusters: []\nusers:\n- name: a\n  user:\n    token: abcdefghijklmnop\n`\n"),
        ("certificate", "a-cert.pub", b"ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNh" + b"C1jZXJ0" * 20 + b" anna\n"),
        ("certificate", "a.pub", b'---- BEGIN SSH2 PUBLIC KEY ----\nComment: "x"\nAAAAB3NzaC1yc2E\n---- END SSH2 PUBLIC KEY ----\n'),
        ("certificate", "bundle.pem", (b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(bytes(900)) + b"-----END CERTIFICATE-----\n") * 900),
        ("certificate", "a.pem", base64.encodebytes(b"\x30\x82\x01\x00\x30\x82\x00\xd0\xa0" + bytes(251))),
        ("private_key", "a.pem", b"-----BEGIN Ed25519 PRIVATE KEY-----\n" + base64.encodebytes(bytes.fromhex("302e020100300506032b657004220420") + bytes(range(32))) + b"-----END Ed25519 PRIVATE KEY-----\n"),
        ("mail", "m0009.txt", b"From: a@x.invalid\nTo: b@x.invalid\nSubject: c\nX-Long: " + b"ABC " * 1500 + b"\n\nd\n"),
        ("mail", "a.txt", b'From: a@x.invalid\nTo: b@x.invalid\nSubject: c\nDate: Wed, 17 May 2000\n="Content-Type: text/plain\n\nd\n'),
        ("website", "b.html", b"<!-- a <note> -->\nSome words, then\n<dialog id='d'>\n <p>Choose.</p>\n</dialog>\n"),
        ("website", "c.html", b"{% extends 'base' %}\n{% block main %}\n<my-list>\n</my-list>\n{% endblock %}\n"),
        ("document", "d.html", b"<note from='a'>An XML file that somebody named so, and no page.</note>\n"),
        ("audio", "a.mpc", bytes.fromhex("c1272000a700f203") + bytes(range(100))),
        ("audio", "a.mp+", bytes.fromhex("c12f2000f2030000") + bytes(range(100))),
        ("unknown", "a.mpc", bytes.fromhex("c15f2000f2030000") + bytes(range(100))),
        ("unknown", "x/item", bytes.fromhex("c12f2000f2030000") + bytes(range(100))),
        ("database_dump", "a.sql", b"CREATE TABLE [dbo].[A] ([Id] int);\nGO\nINSERT INTO [dbo].[A] ([Id]) VALUES (1);\n"),
    ],
)  # fmt: skip
def test_it_is_told_by_its_fields(kind: str, name: str, data: bytes) -> None:
    assert told(data, name)[0] == kind


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("messages.py", b"  oauth_token: OAuth 2.0 token for the current user.\n  oauth_token = String(7)\n"),
        ("Parameters.yaml", b"  oauth_token:\n    description: OAuth 2.0 token for the current user.\n"),
        ("messages.properties", b"PASSWORD_NAME=Password\nPASSWORD_COLON_=&Password\\:\nCOLOUR=blue\nSIZE=2\n"),
        ("messages_ja.properties", b"PASSWORD_NAME=\\u30D1\\u30B9\\u30EF\nCOLOUR=blue\nSIZE=2\nB=3\n"),
        ("state_test.go", b'package a\n\nvar s = `{"version": 4, "terraform_version": "1.0.0", "serial": 1}`\n'),
        (".env", b"COLOUR=blue\nPORT=80\n"),
        ("config", b"apiVersion: v1\nkind: Config\nclusters: []\nusers: []\n"),
    ],
)  # fmt: skip
def test_what_speaks_of_secrets_and_holds_none_is_no_alarm(name: str, data: bytes) -> None:
    assert told(data, name)[1] is Severity.INFO


def test_the_first_part_of_an_archive_and_zips_that_hold_no_disk_are_no_disk() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("a.txt", "text")
    assert told(made.getvalue(), "Zip.deflate.dd.zip")[1] is Severity.INFO
    kinds = {each.kind for each in look(Memory(b"7z\xbc\xaf\x27\x1c" + bytes(200)), "a.7z.001").observations}
    assert "disk_image" not in kinds
