from __future__ import annotations

from datetime import UTC, datetime

import pytest
from grants import NOW, grant, in_days

from tidegate.assess.words import ACTIONS, PERMISSION_WORDS, day, enumerate_words, matrix_rows, sentence
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._time import lifetime_words

P = Permission

SENTENCES: list[tuple[Grant, str]] = [
    (
        grant(
            P.READ, P.LIST, P.WRITE, P.DELETE,
            scope=Scope.ACCOUNT, kind="account_sas", expires_at=datetime(2051, 10, 6, tzinfo=UTC),
        ),
        "Anyone with this link can list, read, overwrite and delete every blob of the storage account contosomodels "
        "until 2051-10-06, 24 years from now.",
    ),
    (
        grant(P.READ, scope=Scope.OBJECT, days=0.5),
        "Anyone with this link can read the object a.bin in the container models of the storage account contosomodels "
        "until 2026-11-25, 12 hours from now.",
    ),
    (
        grant(P.READ, days=-400),
        "This link ended on 2025-10-20 12:00 UTC, 1 year ago; until then anyone with it could read every blob of the "
        "container models of the storage account contosomodels.",
    ),
    (
        grant(P.UNKNOWN, days=None, policy="partners"),
        "Anyone with this link can do to the container models of the storage account contosomodels whatever its stored "
        "access policy partners allows, until an end that the policy partners holds.",
    ),
    (
        grant(P.READ, P.UNKNOWN, scope=Scope.OBJECT, days=0.5, provider="aws", kind="presigned_url", services=("s3",)),
        "Anyone with this link can read, and perhaps write, the object a.bin in the bucket models until 2026-11-25, "
        "12 hours from now.",
    ),
    (
        grant(P.READ, P.WRITE, P.MINT, scope=Scope.ACCOUNT, days=None, kind="account_key"),
        "Anyone with this key can do everything to the whole storage account contosomodels, and make further links to it, "
        "until it is revoked.",
    ),
    (
        grant(P.READ, P.LIST, account=None, container=None),
        "Anyone with this link who also knows the storage account it belongs to can list and read every blob of an unnamed "
        "container of an unnamed storage account until "
        "2051-11-18 12:00 UTC, 25 years from now.",
    ),
    (
        grant(P.PROPERTIES, scope=Scope.ACCOUNT),
        "Anyone with this link can read properties of the whole storage account contosomodels until 2051-11-18 12:00 UTC, "
        "25 years from now.",
    ),
    (
        grant(P.READ, validity=Validity.NOT_YET_VALID, starts_at=in_days(1)),
        "From 2026-11-25 12:00 UTC on anyone with this link can read every blob of the container models of the storage "
        "account contosomodels until 2051-11-18 12:00 UTC, 25 years from now.",
    ),
    (
        grant(kind="anonymous", days=None),
        "This address names the container models of the storage account contosomodels; whether it is open is unknown until "
        "it is probed.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), SENTENCES, ids=range(len(SENTENCES)))
def test_a_grant_is_said_in_one_plain_sentence(given: Grant, expected: str) -> None:
    assert sentence(given, NOW) == expected


@pytest.mark.parametrize("kind", ["access_key", "hmac_key", "service_account_key", "entra_secret", "access_token",
                                  "application_key", "share_link", "logic_apps", "service_bus", "private_key",
                                  "access_key_id", "download_token", "post_policy", "a_kind_of_tomorrow"])  # fmt: skip
@pytest.mark.parametrize("account", ["contosomodels", None])
@pytest.mark.parametrize("scope", list(Scope))
def test_every_kind_has_a_whole_sentence(kind: str, account: str | None, scope: Scope) -> None:
    said = sentence(grant(P.ADMIN, P.MINT, kind=kind, account=account, scope=scope, days=None), NOW)
    assert said.endswith(".")
    assert "None" not in said
    assert "  " not in said
    assert not {"a an", "the a ", "the an ", "whole an "} & {said[i : i + 4] for i in range(len(said))}


def test_an_account_wide_grant_shows_the_closed_services_too() -> None:
    rows = dict(matrix_rows(grant(P.READ, P.LIST, scope=Scope.ACCOUNT)))
    assert list(rows) == ["blob", "file", "queue", "table"]
    assert rows["blob"]["read"]
    assert not any(rows["queue"].values())


def test_the_matrix_has_every_column_in_every_row() -> None:
    rows = matrix_rows(grant(P.WRITE, P.PERMANENT_DELETE, P.MINT, P.UNKNOWN, services=("blob", "file")))
    assert [service for service, _ in rows] == ["blob", "file"]
    for _, cells in rows:
        assert tuple(cells) == ACTIONS
        assert [action for action in ACTIONS if cells[action]] == [
            "create",
            "overwrite",
            "purge",
            "mint",
            "unknown",
        ]


def test_a_grant_without_a_matrix_shows_its_permissions_by_service() -> None:
    [(service, cells)] = matrix_rows(grant(P.DELETE, matrix={}))
    assert service == "blob"
    assert [action for action in ACTIONS if cells[action]] == ["delete"]


def test_every_permission_has_words() -> None:
    assert set(PERMISSION_WORDS) == set(Permission)


SPANS = [(0.5, "12 hours"), (0.01, "less than an hour"), (1 / 24, "1 hour"), (1.5, "36 hours"), (2, "2 days"),
         (59, "59 days"), (61, "2 months"), (365, "1 year"), (729, "1 year"), (9131, "25 years"), (-3, "less than an hour")]  # fmt: skip


@pytest.mark.parametrize(("days", "expected"), SPANS)
def test_a_span_is_said_in_its_largest_whole_unit(days: float, expected: str) -> None:
    assert lifetime_words(NOW, in_days(days)) == expected


def test_dates_and_lists_read_as_prose() -> None:
    assert day(datetime(2051, 10, 6, tzinfo=UTC)) == "2051-10-06"
    assert day(datetime(2051, 10, 6, 7, 30, tzinfo=UTC)) == "2051-10-06 07:30 UTC"
    assert (enumerate_words([]), enumerate_words(["a"]), enumerate_words("abc")) == ("", "a", "a, b and c")


def test_taking_messages_out_of_a_queue_reads_and_deletes_them() -> None:
    [(_, cells)] = matrix_rows(grant(P.PROCESS, services=("queue",)))
    assert [action for action in ACTIONS if cells[action]] == ["read", "delete"]
