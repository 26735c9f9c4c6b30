"""What a labelled corpus and installed software were told wrongly once."""

import io
import struct
import tarfile
import zipfile

import pytest

from tidegate.engine.texts import texts
from tidegate.inspectors.look import look
from tidegate.inspectors.meter import Budget
from tidegate.inspectors.readable import Memory
from tidegate.model.severity import Severity

GLOG = "".join(f"I0301 08:00:{n:02}.123456 {n} main.go:42] request served\n" for n in range(40))
CHANGES = "2013-01-13  A. Writer\n\n\t* tests/a.exp: Run new tests.\n\n2013-01-14  A. Writer\n" * 20
NPM = "; set it so\n//registry.invalid/:_authToken=MYTOKEN\n//registry.invalid/:_auth=MYAUTH\n"
EXPORTS = "".join(f"export * from './part{n}.js';\n" for n in range(30))
BOTO = "def session(aws_secret_access_key=None):\n    return dict(\n        aws_secret_access_key=aws_secret_access_key,\n    )\n"
POM = (
    "<project><developers>"
    + "".join(
        f"<developer><id>d{n}</id><name>Anna Meyer{n}</name><email>anna{n}@mail.contoso.eu</email></developer>"
        for n in range(30)
    )
    + "</developers></project>"
)
PATCH = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@b.invalid>\nDate: Mon, 1 Jan 2024 08:00:00 +0000\nSubject: [PATCH] x\n\ndiff --git a/a b/a\n"
NOISE = bytes(range(7, 256)) * 40
NOT_LOUD = {
    "compiled Python": ("m.cpython-311.pyc", b"\xa7\r\r\n\0\0\0\0{\x9d\x12\x65" + NOISE),
    "a catalogue of messages": ("iso.mo", struct.pack("<II", 0x950412DE, 0) + b"{\x01\0\0" + NOISE),
    "a log of glog": ("app.log", GLOG.encode()),
    "a history of changes": ("changelog", CHANGES.encode()),
    "a page of npm's manual": ("npmrc.md", NPM.encode()),
    "modules that are handed on": ("index.js", EXPORTS.encode()),
    "code that hands a key on": ("session.py", BOTO.encode()),
    "authors of a package": ("pom.xml", POM.encode()),
    "a patch in the form of a mail": ("a.patch", PATCH.encode()),
    "settings named like a mail": ("conf.yml", b"from: a\nto: b\nsubject: c\n"),
    "a text about disks": ("disks.md", b"conectix stands at the start of a VHD.\n" * 40),
    "a text about vaults": ("vaults.txt", b"PWS3 is the mark of Password Safe.\n" * 20),
    "a text about models": ("gguf.txt", b"GGUF files hold models.\n" * 20),
    "random bytes named .bin": ("x.bin", b"\xd3\x0c" + NOISE + b"\x80\x04\x95" + NOISE),
}


@pytest.mark.parametrize("what", NOT_LOUD)
def test_nothing_is_told_of(what):
    name, data = NOT_LOUD[what]
    judged = look(Memory(data), name, texts=texts(None))
    assert judged.verdict is None
    assert not [each for each in judged.observations if each.severity.rank >= Severity.MEDIUM.rank]


def test_docker_settings_are_no_model_and_their_logins_are_told():
    data = b'{"auths": {"registry.invalid": {"auth": "YW5uYTpGYWtlLUZha2UtMTIzNDU2"}}}'
    assert look(Memory(data), ".docker/config.json").kind == "cloud_credentials"


def test_a_store_of_certificates_alone_is_made_to_be_shown():
    store = b"\xfe\xed\xfe\xed" + struct.pack(">IIIH", 2, 1, 2, 1) + b"a" + bytes(8)
    store += struct.pack(">H", 5) + b"X.509" + struct.pack(">I", 40) + bytes(40) + bytes(20)
    judged = look(Memory(store), "etc/cacerts")
    assert (judged.kind, judged.severity) == ("certificate", Severity.INFO)


def test_a_disk_image_by_name_alone_counts_less_when_no_disk_begins_in_it():
    judged = look(Memory(NOISE * 9), "data/a.img")
    assert [each.severity for each in judged.observations] == [Severity.MEDIUM]


def packed(names: dict[str, bytes], form: str) -> bytes:
    out = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in names.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            for name, data in names.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


HOME = {
    f"home/anna/{name}": b"x\n"
    for name in (".bash_history", ".ssh/known_hosts", "Documents/a.txt", "Desktop/b.txt")
}


@pytest.mark.parametrize("form", ["zip", "tgz"])
def test_an_archive_of_a_home_is_told_as_one(form):
    judged = look(Memory(packed(HOME, form)), "upload/item")
    assert judged.kind == "home_backup"
    assert "backup of a home folder: 4 files in it" in [each.summary for each in judged.observations]


@pytest.mark.parametrize("names", [
    {f"repo/{name}": b"x\n" for name in ("Documents/api.md", "Desktop/main.c", ".gitconfig", "Makefile")},
    {f"etc/skel/{name}": b"x\n" for name in (".bashrc", ".profile", ".bash_logout", ".config/a", "Documents/a")},
])  # fmt: skip
def test_an_archive_of_something_else_is_no_home(names):
    assert look(Memory(packed(names, "zip")), "x").kind == "zip"


def test_the_key_in_an_archive_is_read_before_the_dull_rest():
    names = {f"a/{n:05}.dat": bytes(9) for n in range(600)} | {"z/.env": b"DB_PASSWORD=h7Gk2mQ9xW4z\n"}
    judged = look(Memory(packed(names, "zip")), "x", texts=texts(None), budget=Budget(samples=3))
    assert "z/.env" in {each.member for each in judged.observations}
