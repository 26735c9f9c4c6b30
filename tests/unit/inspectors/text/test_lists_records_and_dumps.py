"""Lists of passwords, records of patients, dumps, logs: each form is told, and what only speaks of it is not."""

from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.severity import Severity

TWO = "a.invalid,https://a.invalid,ann,aX9$kd!2\nb.invalid,https://b.invalid,bob,zQ7%mn?4\n"
SEED = {"type": "TOTP", "secret": "JBSWY3DPEHPK3PXP", "label": "ann", "digits": 6}
LISTS = {
    "with a note over two lines": "name,url,username,password,extra\n"
    + TWO.replace("2\n", '2,"one\ntwo"\n', 1),
    "with a short row": "name,url,username,password,note\n" + TWO,
    "of Chrome's own table": "origin_url,username_value,password_value\n"
    + TWO.replace("a.invalid,", "", 1).replace("b.invalid,", "", 1),
    "in a column named Pwd": "Name,Url,Login,Pwd\n" + TWO,
    "without header": (TWO + TWO.replace("ann", "eve").replace("bob", "joe")),
    "in fields": '"Title","Field","Value"\n"a","Username","ann","Password","aX9$kd!2"\n"b","Password","zQ7%mn?4"\n',
    "of Keeper": json.dumps(
        {"shared_folders": [], "records": [{"login": "a", "password": "b", "login_url": "https://c.invalid"}]}
    ),
    "of Dashlane": json.dumps({"AUTHENTIFIANT": [{"login": "a", "password": "b", "domain": "c.invalid"}]}),
    "of Enpass": json.dumps(
        {"items": [{"title": n, "fields": [{"type": "password", "value": "b"}]} for n in "ab"]}
    ),
    "of Bitwarden": json.dumps({"items": [{"login": {"username": "a", "password": "b"}}]}),
    "of 1Password": '{"typeName":"webforms.WebForm","secureContents":{}}\n***5642***\n'
    '{"typeName":"webforms.WebForm","secureContents":{}}\n',
    "of Revelation": '<?xml version="1.0"?>\n<revelationdata version="1">'
    '<entry><field id="generic-password">b</field></entry></revelationdata>',
    "of a keyring": "[keyring]\ndisplay-name=x\n\n[1]\nsecret=aX9$kd!2\n",
    "of passpie": "credentials:\n- login: ann\n  name: a.invalid\n  password: aX9$kd!2\n",
    "seeds of a second factor": json.dumps([SEED, SEED]),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_passwords_is_told_whoever_wrote_it(name: str) -> None:
    found = look(Memory(LISTS[name].encode()), "x/item")
    assert (found.kind, found.severity) == ("password_export", Severity.CRITICAL), found.observations
    assert "aX9$" not in repr(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "users.csv",
            "id,name,password\n1,ann,$2b$12$abcdefghijklmnopqrstuv\n2,bob,$2b$12$abcdefghijklmnopqrstuv\n",
        ),
        ("labels.csv", "key,title,password\nen,Title,Password\nde,Titel,Passwort\n"),
        ("settings.json", json.dumps({"database": {"user": "a", "password": "b", "host": "c"}})),
        ("links.csv", "".join(f"page {n},https://x.invalid/{n},2024-01-0{n},text\n" for n in range(1, 8))),
        ("README.md", "Write name,url,username,password into the first line.\n"),
    ],
)
def test_what_only_speaks_of_passwords_is_no_list(name: str, text: str) -> None:
    assert look(Memory(text.encode()), name).kind != "password_export"


RECORDS = {
    "a clinical document": '<?xml version="1.0"?>\n<!-- x -->\n<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget>'
    "<patientRole><id/></patientRole></recordTarget></ClinicalDocument>",
    "FHIR": json.dumps({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}),
    "FHIR about somebody": json.dumps({"resourceType": "Observation", "subject": {"reference": "Patient/1"}}),
    "HL7": "MSH|^~\\&|LAB|H|||20240101||ORU^R01|1|P|2.3\rPID|1||7||DOE^ANN\rOBX|1|NM|X||5\r",
    "a claim": "ISA*00*          *00*          *ZZ*A              *ZZ*B              *240101*1200*^*00501*1*0*T*:~"
    "GS*HC*A*B*20240101*1200*1*X*005010X222A1~ST*837*0001~",
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_of_patients_are_told(name: str) -> None:
    found = look(Memory(RECORDS[name].encode()), "x/item")
    assert (found.kind, found.severity) == ("health_data", Severity.CRITICAL)
    assert "DOE" not in repr(found)


def test_the_description_of_a_format_of_health_is_no_record() -> None:
    text = json.dumps(
        {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "StructureDefinition"}}]}
    )
    assert look(Memory(text.encode()), "profiles.json").severity is Severity.INFO


def bson(*fields: bytes) -> bytes:
    body = b"".join(fields) + b"\0"
    return struct.pack("<i", len(body) + 4) + body


ID = b"\x07_id\0" + bytes(12)
PERSON = bson(ID, b"\x02email\0\x0a\0\0\0a@b.inval\0", b"\x10age\0\x2a\0\0\0")


def test_documents_of_mongodb_are_counted_by_their_lengths() -> None:
    found = look(Memory(PERSON * 12), "x/item")
    assert (found.kind, found.observations[0].numbers) == ("database_dump", {"rows": 12})
    assert "email" in found.observations[0].summary
    assert look(Memory(PERSON[:-1] + b"\x01"), "x/item").kind == "unknown"
    assert look(Memory(bson(b"\x99odd\0")), "a.bson").kind != "database_dump"


def test_the_log_of_redis_is_a_dump() -> None:
    raw = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"
    found = look(Memory(raw), "x/item")
    assert (found.kind, found.observations[0].numbers) == ("database_dump", {"rows": 2})


@pytest.mark.parametrize("name", ["test_dump.py", "x/item", "dump_test.go"])
def test_a_program_with_a_dump_in_it_is_a_program(name: str) -> None:
    text = (
        'import os\nimport unittest\n\nclass TestDump(unittest.TestCase):\n    SQL = """\n-- MySQL dump 10.13\n'
        "CREATE TABLE `t` (`a` int);\nINSERT INTO `t` VALUES (1),(2);\n"
        '"""\n'
    )
    assert look(Memory(text.encode()), name).kind == "source_code"


@pytest.mark.parametrize(
    "tables",
    [
        ("history_items", "history_visits"),
        ("History", "CompletionHistory"),
        ("history", "visits", "remote_devices"),
    ],
)
def test_a_browser_is_known_by_its_tables(tmp_path: Path, tables: tuple[str, ...]) -> None:
    path = tmp_path / "a"
    with closing(sqlite3.connect(path)) as made, made:
        for each in tables:
            made.execute(f"CREATE TABLE {each} (url TEXT)")
    assert look(Memory(path.read_bytes()), "x/item").kind == "browser_profile"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("x/item", "Created: 20240101T000000\nKey: (private-key (rsa (n #00C0EF#)))\n", "private_key"),
        (
            "x/item",
            '// <!-- <mdb:mork:z v="1.4"/> -->\n< <(a=c)> // (f=iso-8859-1)\n (B8=ns:addrbk:db)>\n',
            "contacts",
        ),
        ("x/item", "#+1162490366\nls\n#+1162490385\nexit\n", "shell_history"),
        (".bash_history_old", "foobar\n", "shell_history"),
        ("a.arc", "filedesc://a.arc.gz 127.0.0.1 20140216050221 text/plain 75\n", "archive"),
        ("x/item", "000051HIXF0002DB2     02.0020140713121449" + "0" * 40, "dataset"),
        ("x/item", "2024-04-04T20:30:55.424Z ERROR a: b\n", "log"),
        (
            "x/item",
            "[2023-05-15 18:19:32] local.ERROR: no\n[stacktrace]\n" + "#0 /a/b.php(7): c\n" * 20,
            "log",
        ),
        ("x/item", "web-1  |  * Serving app\n" * 6, "log"),
        ("x/item", "# Time: 2021-01-26T23:45:57Z\n# User@Host: a[a] @ localhost []\nselect 1;\n", "log"),
        ("x/item", "#Version: 1.0\n#GMT-Offset: -0800\n#Fields: date time c-ip\na b c\n", "log"),
        ("main.lisp", "(in-package #:x)\n(defun f (a) a)\n", "source_code"),
        ("CreditCard.csv", "1\tSuperior\t333326\t11\t2006\n2\tOther\t555521\t8\t2005\n", "dataset"),
    ],
)
def test_further_kinds_are_told(name: str, text: str, kind: str) -> None:
    assert look(Memory(text.encode()), name).kind == kind


def test_an_archive_of_outlook_for_mac_is_mail() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("Categories.xml", "<categories/>")
        for number in range(3):
            made.writestr(f"Local/com.microsoft.__Messages/Inbox/message_0000{number}.xml", "<emails/>")
    found = look(Memory(out.getvalue()), "x/item")
    assert (found.kind, found.observations[0].numbers) == ("mail_archive", {"items": 3})


def test_a_step_of_a_migration_is_no_dump() -> None:
    text = b"-- +goose Up\nCREATE TABLE types (id int, name text);\nINSERT INTO types VALUES (0, 'a'),\n(1, 'b');\n"
    assert look(Memory(text), "db/20250422_types.sql").severity is Severity.INFO
    plain = text.partition(b"\n")[2]
    assert look(Memory(plain), "migrations/x.sql").kind == "source_code"
    assert look(Memory(plain), "types.sql").kind == "database_dump"


def test_a_day_of_slack_in_a_test_suite_counts_low() -> None:
    day = json.dumps(
        [{"type": "message", "user": "U012AB3CD", "ts": "1736478630.905399", "text": "hello"}]
    ).encode()
    assert look(Memory(day), "general/2025-01-10.json").severity is Severity.HIGH
    assert look(Memory(day), "fixtures/general/2025-01-10.json").severity is Severity.LOW


CHATS = {
    "WhatsApp of Android": "01/20/19, 11:23 - Messages are end-to-end encrypted.\n01/20/19, 11:24 - Ann: hello\n"
    "and more\n01/20/19, 11:25 - Bob: hi\n01/20/19, 11:26 - Ann: bye\n",
    "WhatsApp of iOS": "[17.9.2019, 16:37:47] Ann: hello\n[17.9.2019, 16:38:06] Bob: hi\n[17.9.2019, 16:38:59] Ann: x\n",
    "WhatsApp in brackets": "[15-01-20 02:22:56] Ann: hello\n[15-01-20 03:33:01] Bob: hi\n[15-01-20 03:34:01] Ann: x\n",
    "WhatsApp with halves of a day": "09/17/19, 8:30:52 AM \u2013 Ann: hello\n09/17/19, 4:30:10 PM \u2013 Bob: hi\n"
    "09/18/19, 4:50:32 pm \u2013 Ann: x\n",
    "WhatsApp without seconds": "[2019-04-16 02:09] Ann: hello\n[2019-04-16 03:01] Bob: hi\n[2019-04-17 12:56] Ann: x\n",
    "Signal": "[2019-12-24, 12:23] Ann: hello\n[2020-01-17, 21:49] Bob: hi\n[2020-01-17, 21:50] Ann: x\n",
    "Telegram": json.dumps(
        {
            "name": "x",
            "messages": [
                {"type": "message", "date_unixtime": "1544006350", "from": n} for n in ("Ann", "Bob", "Ann")
            ],
        }
    ),
    "Instagram": json.dumps(
        {"messages": [{"sender_name": n, "timestamp_ms": 1579294140000} for n in ("Ann", "Bob", "Ann")]}
    ),
}


@pytest.mark.parametrize("name", CHATS)
def test_a_chat_that_somebody_exported_is_counted(name: str) -> None:
    found = look(Memory(CHATS[name].encode()), "x/item")
    numbers = found.observations[0].numbers
    assert (found.kind, numbers["messages"], numbers["people"]) == ("chat_store", 3, 2), found.observations
    assert "hello" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "[2024-01-02 10:11:12] local.ERROR: no\n" * 9,
        "[24-01-02 10:11:12] INFO: started\n" * 9,
        "2024-01-02 10:11:12 - root: started\n" * 9,
        "01/02/24 10:11:12 myhost: started\n" * 9,
    ],
)
def test_a_log_is_no_chat(text: str) -> None:
    assert look(Memory(text.encode()), "x/item").kind == "log"


STATEMENTS = {
    "MT940": ":20:131110\n:25:45050050/76198810\n:28:27/01\n:60F:C131016EUR84349,74\n:61:131017D6800,N\n:61:131018D1,N\n",
    "OFX": "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><STMTTRN><TRNAMT>1</STMTTRN><STMTTRN><TRNAMT>2</STMTTRN></OFX>",
    "ISO 20022": '<?xml version="1.0"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><Ntry></Ntry>'
    "<Ntry></Ntry></Document>",
    "QIF": "!Type:Bank\nD1/2/24\nT-1.00\n^\nD1/3/24\nT-2.00\n^\n",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_statement_of_a_bank_is_told_with_its_bookings(name: str) -> None:
    found = look(Memory(STATEMENTS[name].encode()), "x/item")
    assert (found.kind, found.severity, found.observations[0].numbers) == (
        "payment_data",
        Severity.HIGH,
        {"rows": 2},
    )
    assert look(Memory(STATEMENTS[name].encode()), "statement_writer.py").kind != "payment_data"
