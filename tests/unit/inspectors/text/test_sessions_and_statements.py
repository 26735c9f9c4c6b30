"""Lists of remote sessions and statements of banks, by the forms that their makers describe; all made up."""

from __future__ import annotations

import pytest

from tidegate.inspectors.look import look
from tidegate.inspectors.readable import Memory
from tidegate.model.severity import Severity

SECRET = "kW7-tide+gate9xQ"
_SEALED = "AQAAABAAAAAw" + "kW7tide9xQ+/" * 5

SESSIONS = {
    "RDCMan": f"""<?xml version="1.0" encoding="utf-8"?>
<RDCMan programVersion="2.90" schemaVersion="3"><file><group><properties><name>a</name></properties>
<logonCredentials><userName>ann</userName><password>{_SEALED}</password></logonCredentials>
<server><properties><name>db.contoso.invalid</name></properties></server></group></file></RDCMan>
""",
    "Royal TS": f"""<?xml version="1.0" encoding="utf-8"?>
<RTSZDocument><RoyalRDSConnection><Name>db</Name><URI>db.contoso.invalid</URI>
<CredentialUsername>ann</CredentialUsername><CredentialPassword>{_SEALED}</CredentialPassword>
</RoyalRDSConnection></RTSZDocument>
""",
    "MobaXterm": f"""[Bookmarks]
SubRep=
ImgNum=42
db=#109#0%db.contoso.invalid%22%ann%%-1%-1%
[Passwords]
ann@db.contoso.invalid={SECRET}
""",
    "Remmina": f"""[remmina]
name=db
protocol=RDP
server=db.contoso.invalid
username=ann
password={SECRET}
""",
}


@pytest.mark.parametrize("program", SESSIONS)
def test_a_list_of_remote_sessions_is_told_with_its_passwords(program: str) -> None:
    found = look(Memory(SESSIONS[program].encode()), "x/item")
    assert found.kind == "vpn_profile", found.observations
    assert found.severity.rank >= Severity.MEDIUM.rank
    (told,) = (each for each in found.observations if each.kind == "vpn_profile")
    assert told.count == 1
    assert SECRET not in repr(found)
    assert _SEALED not in repr(found)


def test_the_credentials_of_jenkins_are_told() -> None:
    text = f"""<?xml version='1.1' encoding='UTF-8'?>
<com.cloudbees.plugins.credentials.SystemCredentialsProvider plugin="credentials@1.0">
<com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>
<id>db</id><username>ann</username><password>{{{_SEALED}}}</password>
</com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>
</com.cloudbees.plugins.credentials.SystemCredentialsProvider>
"""
    found = look(Memory(text.encode()), "x/item")
    assert found.kind == "cloud_credentials", found.observations
    assert _SEALED not in repr(found)


def _lines(*starts: str, width: int) -> bytes:
    return "".join(f"{start:<{width}}\r\n" for start in starts).encode("ascii")


STATEMENTS = {
    "BAI2": (
        b"01,122099999,123456789,240131,0200,1,80,1,2/\r\n02,031001234,122099999,1,240131,0200,USD,2/\r\n"
        b"03,0123456789,USD,010,10000,,/\r\n16,475,5000,Z,,,CHECK/\r\n16,165,7000,Z,,,DEPOSIT/\r\n49,22000,4/\r\n",
        2,
    ),
    "CFONB 120": (
        _lines(
            "0130004    00823EUR2 00010031231", "0430004015100823EUR2 00010031231B1",
            "0430004015100823EUR2 00010031231B2", "0730004    00823EUR2 00010031231", width=120,
        ),
        2,
    ),
    "DTAUS": (
        (b"0128ALK20050000" + b"0" * 113) + (b"0187C20050000" + b"0" * 115) + (b"0187C20050001" + b"0" * 115),
        2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", STATEMENTS)
def test_a_statement_of_a_bank_is_told_with_its_bookings(form: str) -> None:
    text, bookings = STATEMENTS[form]
    found = look(Memory(text), "x/item")
    assert (found.kind, found.severity) == ("payment_data", Severity.HIGH), found.observations
    (told,) = (each for each in found.observations if each.kind == "payment_data")
    assert form in told.summary
    assert told.numbers["rows"] == bookings
