"""Laws of judging: more rights, a wider scope, a longer life never make a grant look better."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tidegate.assess.fix import fixes
from tidegate.assess.severity import assess
from tidegate.assess.words import matrix_rows, sentence
from tidegate.model.finding import Severity
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity
from tidegate.providers._seal import in_order

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WIDTH = [Scope.OBJECT, Scope.DIRECTORY, Scope.CONTAINER, Scope.ACCOUNT]
KINDS = ["account_sas", "service_sas", "user_delegation_sas", "account_key", "presigned_url", "signed_url", "access_key",
         "hmac_key", "share_link", "anonymous", "private_key", "logic_apps", "download_token", "of_tomorrow"]  # fmt: skip
CONFIDENCE = ["low", "medium", "high"]

permissions = st.frozensets(st.sampled_from(list(Permission)))


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    seconds = draw(st.one_of(st.none(), st.integers(1, 10**9)))
    rights = in_order(draw(permissions))
    return Grant(
        provider=draw(st.sampled_from(["azure", "aws", "gcp", "other"])),
        kind=draw(st.sampled_from(KINDS)),
        account=draw(st.sampled_from([None, "contosomodels"])),
        container=draw(st.sampled_from([None, "models"])),
        key=draw(st.sampled_from([None, "a.bin"])),
        scope=draw(st.sampled_from(list(Scope))),
        services=draw(st.sampled_from([(), ("blob",), ("blob", "table"), ("s3",)])),
        permissions=rights,
        expires_at=None if seconds is None else NOW + timedelta(seconds=seconds),
        ip_range=draw(st.sampled_from([None, "203.0.113.4", "nonsense"])),
        policy=draw(st.sampled_from([None, "partners"])),
        validity=Validity.UNKNOWN if seconds is None else Validity.VALID,
        revocation=Revocation(means="m", collateral="c", individually=draw(st.booleans())),
        facts=draw(st.sampled_from([{}, {"session": "yes"}, {"key_checksum": "invalid"}, {"sduoid": "1"}])),
    )


@given(grants(), permissions)
def test_more_permissions_never_lower_the_score(given_: Grant, more: frozenset[Permission]) -> None:
    larger = replace(given_, permissions=in_order({*given_.permissions, *more}))
    assert assess(larger, now=NOW).score >= assess(given_, now=NOW).score


@given(grants(), st.sampled_from(WIDTH), st.sampled_from(WIDTH))
def test_a_wider_scope_never_lowers_the_score(given_: Grant, one: Scope, two: Scope) -> None:
    narrow, wide = sorted((one, two), key=WIDTH.index)
    scores = [assess(replace(given_, scope=scope), now=NOW).score for scope in (narrow, wide, Scope.UNKNOWN)]
    assert scores == sorted(scores)


@given(grants(), st.integers(1, 10**9), st.integers(0, 10**9))
def test_a_longer_life_never_lowers_the_score(given_: Grant, seconds: int, more: int) -> None:
    lives = [
        replace(given_, expires_at=NOW + timedelta(seconds=seconds), validity=Validity.VALID),
        replace(given_, expires_at=NOW + timedelta(seconds=seconds + more), validity=Validity.VALID),
        replace(given_, expires_at=None, validity=Validity.UNKNOWN),
    ]
    scores = [assess(each, now=NOW).score for each in lives]
    assert scores == sorted(scores)


@given(grants(), st.integers(1, 10**9))
def test_an_expired_grant_is_info_whatever_it_permitted(given_: Grant, seconds: int) -> None:
    dead = replace(given_, expires_at=NOW - timedelta(seconds=seconds), validity=Validity.EXPIRED)
    judged = assess(dead, now=NOW)
    assert judged.severity is Severity.INFO
    assert "expired" in judged.reasons[0]


@given(grants())
def test_more_certainty_never_lowers_the_score(given_: Grant) -> None:
    scores = [assess(given_, confidence=each, now=NOW).score for each in CONFIDENCE]
    assert scores == sorted(scores)


@given(grants())
def test_a_credential_that_may_work_is_never_only_info(given_: Grant) -> None:
    if given_.kind != "anonymous":
        assert assess(given_, now=NOW).severity is not Severity.INFO


@given(grants())
def test_every_grant_has_reasons_a_sentence_a_matrix_and_fixes(given_: Grant) -> None:
    assert assess(given_, now=NOW).reasons
    assert sentence(given_, NOW).endswith(".")
    assert len(matrix_rows(given_)) >= len(given_.matrix)
    assert fixes(given_, NOW)
    said = " ".join([*assess(given_, now=NOW).reasons, sentence(given_, NOW), *fixes(given_, NOW)])
    assert "None" not in said
