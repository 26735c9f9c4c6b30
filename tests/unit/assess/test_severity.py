from __future__ import annotations

import pytest
from grants import ALONE, NOW, grant, in_days

from tidegate.assess.severity import BANDS, assess
from tidegate.model.finding import Severity
from tidegate.model.grant import Grant, Permission, Scope, Validity

P = Permission
ALL = (P.READ, P.LIST, P.WRITE, P.DELETE)
KEY = (P.READ, P.WRITE, P.MINT)


def severity(given: Grant, confidence: str = "high") -> Severity:
    return assess(given, confidence=confidence, now=NOW).severity


LADDER = [
    ("a wide, writable, long-lived account SAS", grant(*ALL, scope=Scope.ACCOUNT, kind="account_sas"), "critical"),
    ("an account-wide link to read and list, for decades", grant(P.READ, P.LIST, scope=Scope.ACCOUNT), "critical"),
    ("an account-wide writable link with a day left", grant(*ALL, scope=Scope.ACCOUNT, days=0.9), "high"),
    ("a container to overwrite for decades", grant(*ALL), "critical"),
    ("a container to read and list for decades", grant(P.READ, P.LIST), "high"),
    ("a container to read and list for a year", grant(P.READ, P.LIST, days=300), "high"),
    ("a container to read and list for a day", grant(P.READ, P.LIST, days=1), "medium"),
    ("one object to overwrite for decades", grant(P.WRITE, scope=Scope.OBJECT), "high"),
    ("one object to read for decades", grant(P.READ, scope=Scope.OBJECT), "medium"),
    ("one object to read for a year", grant(P.READ, scope=Scope.OBJECT, days=300), "medium"),
    ("one object to read for a week", grant(P.READ, scope=Scope.OBJECT, days=6), "low"),
    ("one object to read, ending within a day", grant(P.READ, scope=Scope.OBJECT, days=0.9), "low"),
    ("one object by a method not told, within a day", grant(P.READ, P.UNKNOWN, scope=Scope.OBJECT, days=0.9), "medium"),  # may overwrite
    ("an expired account SAS", grant(*ALL, scope=Scope.ACCOUNT, days=-1), "info"),
    ("an account key", grant(*KEY, scope=Scope.ACCOUNT, days=None, kind="account_key"), "critical"),
    ("an account key without its account", grant(*KEY, scope=Scope.ACCOUNT, days=None, kind="account_key", account=None), "high"),
    ("the secret of an application", grant(P.ADMIN, scope=Scope.UNKNOWN, days=None, kind="entra_secret", revocation=ALONE), "critical"),
    ("the same without its application", grant(P.ADMIN, scope=Scope.UNKNOWN, days=None, kind="entra_secret", account=None, revocation=ALONE), "high"),
    ("an account SAS without its account", grant(*ALL, scope=Scope.ACCOUNT, kind="account_sas", account=None), "high"),
    ("the same behind a domain of its owner's", grant(*ALL, scope=Scope.ACCOUNT, kind="account_sas", account=None, endpoint="files.contoso.example"), "critical"),
    ("a secret of AWS without its id", grant(P.MINT, P.ADMIN, scope=Scope.ACCOUNT, days=None, kind="access_key", provider="aws", account=None, revocation=ALONE), "high"),
    ("a service account's key", grant(P.MINT, P.ADMIN, scope=Scope.ACCOUNT, days=None, kind="service_account_key", revocation=ALONE), "critical"),
    ("a plain address", grant(kind="anonymous", days=None), "info"),
    ("a key id alone", grant(kind="access_key_id", days=None, scope=Scope.UNKNOWN), "info"),
    ("a private key", grant(kind="private_key", days=None, scope=Scope.UNKNOWN), "medium"),
    ("a share link to a file", grant(P.READ, kind="share_link", days=None, scope=Scope.OBJECT), "low"),
    ("a workflow's address", grant(P.UNKNOWN, kind="logic_apps", days=None, scope=Scope.OBJECT), "medium"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "given", "expected"), LADDER, ids=[what for what, *_ in LADDER])
def test_a_grant_is_as_severe_as(what: str, given: Grant, expected: str) -> None:
    assert severity(given) == expected


@pytest.mark.parametrize(("what", "given", "expected"), LADDER, ids=[what for what, *_ in LADDER])
def test_score_and_severity_agree_and_have_reasons(what: str, given: Grant, expected: str) -> None:
    judged = assess(given, now=NOW)
    assert 0 <= judged.score <= 100
    assert judged.severity is next(severity for least, severity in BANDS if judged.score >= least)
    assert judged.reasons
    assert all(reason for reason in judged.reasons)


def test_the_first_reason_is_the_weightiest() -> None:
    judged = assess(grant(*KEY, scope=Scope.ACCOUNT, days=None, kind="account_key"), now=NOW)
    assert "key" in judged.reasons[0]
    assert "whole storage account contosomodels" in judged.reasons[1]


def test_an_expired_grant_says_when_it_ended_and_what_it_opened() -> None:
    judged = assess(grant(*ALL, scope=Scope.ACCOUNT, days=-400), now=NOW)
    assert judged.severity is Severity.INFO
    assert "expired on 2025-10-20" in judged.reasons[0]
    assert "whole storage account" in judged.reasons[1]


def test_what_a_policy_holds_is_judged_as_if_it_allowed_everything() -> None:
    held = assess(grant(P.UNKNOWN, days=None, policy="partners"), now=NOW)
    everything = assess(grant(*ALL), now=NOW)
    assert held.score == everything.score
    assert any("partners" in reason and "judged as" in reason for reason in held.reasons)


def test_an_unknown_letter_counts_as_a_write() -> None:
    assert severity(grant(P.UNKNOWN)).rank >= severity(grant(P.WRITE)).rank


LOWERS = [
    ({"ip_range": "203.0.113.4"}, "works only from 203.0.113.4"),
    ({"ip_range": "203.0.113.0-203.0.113.255"}, "works only from"),
    ({"facts": {"sduoid": "1"}}, "sign-in of one user"),
    ({"revocation": ALONE}, "can be revoked without"),
    ({"facts": {"session": "yes"}}, "session"),
]


@pytest.mark.parametrize(("change", "why"), LOWERS)
def test_what_lowers_the_severity_is_said(change: dict[str, object], why: str) -> None:
    plain = assess(grant(P.READ, P.LIST), now=NOW)
    lowered = assess(grant(P.READ, P.LIST, **change), now=NOW)  # type: ignore[arg-type]
    assert lowered.score < plain.score
    assert any(reason.startswith("lowered: ") and why in reason for reason in lowered.reasons)


@pytest.mark.parametrize(
    "sip", ["0.0.0.0-255.255.255.255", "203.0.113.9-203.0.113.4", "everywhere", "1.2.3.4-", "٣.2.3.4"]
)
def test_an_address_range_that_leaves_everyone_in_lowers_nothing(sip: str) -> None:
    assert assess(grant(P.READ, ip_range=sip), now=NOW).score == assess(grant(P.READ), now=NOW).score


@pytest.mark.parametrize(("confidence", "lower"), [("high", False), ("medium", True), ("low", True)])
def test_doubt_about_the_match_lowers_the_score_and_is_said(confidence: str, lower: bool) -> None:
    sure = assess(grant(P.READ, P.LIST), now=NOW)
    judged = assess(grant(P.READ, P.LIST), confidence=confidence, now=NOW)
    assert (judged.score < sure.score) is lower
    assert any("lowered: what matched" in reason for reason in judged.reasons) is lower


def test_a_key_whose_checksum_is_wrong_is_lowered_but_never_muted() -> None:
    right = grant(*KEY, scope=Scope.ACCOUNT, days=None, kind="account_key", facts={"key_checksum": "valid"})
    wrong = grant(*KEY, scope=Scope.ACCOUNT, days=None, kind="account_key", facts={"key_checksum": "invalid"})
    assert severity(right) is Severity.CRITICAL
    assert severity(wrong) is Severity.HIGH


def test_a_session_key_without_its_token_is_less_than_one_with_it() -> None:
    base = {"scope": Scope.ACCOUNT, "days": None, "kind": "access_key"}
    alone = grant(P.ADMIN, facts={"session": "yes"}, **base)  # type: ignore[arg-type]
    whole = grant(P.ADMIN, facts={"session": "yes", "session_token": "seen"}, **base)  # type: ignore[arg-type]
    lasting = grant(P.ADMIN, **base)  # type: ignore[arg-type]
    scores = [assess(each, now=NOW).score for each in (alone, whole, lasting)]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3


def test_a_grant_that_has_not_begun_is_judged_by_its_whole_life_and_says_so() -> None:
    given = grant(*ALL, validity=Validity.NOT_YET_VALID, starts_at=in_days(2))
    judged = assess(given, now=NOW)
    assert judged.severity is Severity.CRITICAL
    assert any("does not work before" in reason for reason in judged.reasons)


def test_what_cannot_be_revoked_alone_is_said() -> None:
    assert any("cannot be revoked alone" in reason for reason in assess(grant(P.READ), now=NOW).reasons)


def test_an_encrypted_private_key_is_less_than_a_plain_one() -> None:
    plain = grant(kind="private_key", days=None, scope=Scope.UNKNOWN)
    sealed = grant(kind="private_key", days=None, scope=Scope.UNKNOWN, facts={"encrypted": "yes"})
    assert assess(sealed, now=NOW).score < assess(plain, now=NOW).score


def test_reasons_come_by_weight_and_those_that_lower_it_last() -> None:
    given = grant(P.WRITE, scope=Scope.OBJECT, days=300, ip_range="203.0.113.4", facts={"session": "yes"})
    reasons = assess(given, confidence="medium", now=NOW).reasons
    words = ["may overwrite", "works until", "opens the object", "cannot be revoked alone",
             "lowered: it belongs to a session", "lowered: it works only from", "lowered: what matched"]  # fmt: skip
    assert len(reasons) == len(words)
    for reason, word in zip(reasons, words, strict=True):
        assert word in reason


def test_an_end_that_a_policy_holds_is_said_with_its_name_and_without_one_nobody_is_named() -> None:
    unnamed = assess(grant(P.READ, days=None), confidence="high", now=NOW)
    named = assess(grant(P.READ, days=None, policy="readers"), confidence="high", now=NOW)
    said = [" ".join(each.sentence for each in given.factors) for given in (unnamed, named)]
    assert "policy" not in said[0]
    assert "held by the policy readers" in said[1]
