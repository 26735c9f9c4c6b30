"""Each thing that lowers a score does so where it holds, and not where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grants import ALONE, SHARED, grant

from tidegate.assess.half import other_half
from tidegate.assess.lowers import lowers_of
from tidegate.assess.tables import LOWERS
from tidegate.model.grant import Grant, Permission

LINK = grant(Permission.READ)
SESSION = grant(Permission.READ, kind="access_key", facts={"session": "yes"})
ENTRA = grant(Permission.READ, kind="entra_secret", account=None)


def said(given: Grant, confidence: str = "high") -> set[str]:
    """Return the words of the table that hold."""
    found = lowers_of(given, confidence)
    return {
        word
        for word, (share, sentence) in LOWERS.items()
        if (share, sentence.format(ip_range=given.ip_range, other_half=other_half(given))) in found
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (LINK, set()),
        (replace(LINK, revocation=ALONE), {"revocable"}),
        (replace(LINK, revocation=ALONE, kind="anonymous"), set()),
        (replace(LINK, revocation=SHARED, facts={"sduoid": "1"}), {"one user"}),
        (replace(LINK, facts={"key_checksum": "invalid"}), {"checksum"}),
        (replace(LINK, facts={"key_checksum": "valid"}), set()),
        (replace(LINK, facts={"encrypted": "yes"}), {"encrypted"}),
        (replace(LINK, ip_range="203.0.113.7"), {"addresses"}),
        (replace(LINK, ip_range="10.0.0.0-10.0.255.255"), {"addresses"}),
        (replace(LINK, ip_range="10.0.0.0-10.1.0.0"), set()),
        (replace(LINK, ip_range="10.0.0.2-10.0.0.1"), set()),
        (replace(LINK, ip_range="here"), set()),
        (SESSION, {"session", "no session token"}),
        (replace(SESSION, facts={"session": "yes", "session_token": "seen"}), {"session"}),
        (replace(SESSION, kind="presigned_url"), {"session"}),
        (ENTRA, {"half"}),
        (replace(ENTRA, account="c-1", facts={"client_id": "c-1"}), set()),
        (replace(LINK, kind="service_bus"), {"not storage"}),
    ],
)
def test_what_lowers_is_said_where_it_holds_and_nowhere_else(given: Grant, words: set[str]) -> None:
    assert said(given) == words


@pytest.mark.parametrize("confidence", ["medium", "low"])
def test_an_uncertain_match_counts_less(confidence: str) -> None:
    assert said(LINK, confidence) == {confidence}
