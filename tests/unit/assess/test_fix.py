from __future__ import annotations

import re
import shlex

import pytest
from grants import NOW, grant

from tidegate.assess.fix import fixes
from tidegate.model.grant import Permission, Scope
from tidegate.model.reach import Reach, State

P = Permission


def test_a_leaked_account_sas_is_ended_before_the_files_are_cleaned() -> None:
    steps = fixes(grant(P.READ, scope=Scope.ACCOUNT, kind="account_sas"))
    renew = next(
        i for i, step in enumerate(steps) if "az storage account keys renew -n contosomodels" in step
    )
    clean = next(i for i, step in enumerate(steps) if "Take it out of the files" in step)
    prevent = next(i for i, step in enumerate(steps) if "Prevent the next one" in step)
    assert renew < clean < prevent


def test_a_policy_held_link_is_ended_by_its_policy_alone() -> None:
    steps = fixes(grant(P.UNKNOWN, days=None, policy="partners"))
    assert (
        "az storage container policy delete --account-name contosomodels --container-name models --name partners"
        in steps[0]
    )
    assert "never use that name again" in steps[0]
    assert not any("keys renew" in step for step in steps)


@pytest.mark.parametrize(("service", "command"), [("file", "share"), ("queue", "queue"), ("table", "table")])
def test_each_service_has_its_own_policy_command(service: str, command: str) -> None:
    steps = fixes(grant(P.UNKNOWN, days=None, policy="partners", services=(service,)))
    assert f"az storage {command} policy delete" in steps[0]


KINDS = [
    ("azure", "account_key", "az storage account keys renew -n contosomodels"),
    ("azure", "user_delegation_sas", "revoke-delegation-keys -n contosomodels"),
    ("azure", "entra_secret", "az ad app credential delete --id contosomodels"),
    ("azure", "anonymous", "--allow-blob-public-access false"),
    ("azure", "service_bus", "Renew the key."),
    ("aws", "access_key", "aws iam update-access-key --access-key-id contosomodels --status Inactive"),
    ("aws", "presigned_url", "s3:authType=REST-QUERY-STRING"),
    ("aws", "signed_url", "key group"),
    ("aws", "anonymous", "put-public-access-block --bucket models"),
    ("gcp", "service_account_key", "gcloud iam service-accounts keys disable"),
    ("gcp", "hmac_key", "gcloud storage hmac update"),
    ("gcp", "download_token", "Firebase"),
    ("gcp", "anonymous", "gcloud storage buckets update gs://models --public-access-prevention"),
    ("other", "share_link", "sharing settings"),
    ("other", "signed_url", "Renew the key."),
    ("other", "a_kind_of_tomorrow", "Renew the key."),
]


@pytest.mark.parametrize(("provider", "kind", "expected"), KINDS)
def test_each_kind_has_its_command_with_the_names_filled_in(provider: str, kind: str, expected: str) -> None:
    steps = fixes(grant(P.READ, provider=provider, kind=kind, days=None))
    assert any(expected in step for step in steps)
    assert not any("None" in step for step in steps)


@pytest.mark.parametrize(("provider", "kind"), sorted({(provider, kind) for provider, kind, _ in KINDS}))
def test_each_command_can_be_copied_from_between_two_marks(provider: str, kind: str) -> None:
    for step in fixes(grant(P.READ, provider=provider, kind=kind, days=None)):
        sentence, *rest = step.split("`")
        assert len(rest) % 2 == 0, step
        assert not re.search(
            r"\b(az|aws|gcloud) [a-z]+ .*-", "".join([sentence, *rest[1::2]]).split("(az")[0]
        ), step
        assert all(shlex.split(command.replace("<", "'").replace(">", "'")) for command in rest[::2])


def test_names_that_are_not_known_stand_as_blanks_to_fill() -> None:
    steps = fixes(grant(P.READ, kind="account_key", account=None, days=None))
    assert any("-n <account>" in step for step in steps)


@pytest.mark.parametrize("hostile", ["a; rm -rf ~", "--yes", "$(reboot)", "a`b`", "a\nb", "a b", "x" * 300])
def test_a_hostile_name_never_becomes_part_of_a_command(hostile: str) -> None:
    steps = fixes(
        grant(P.READ, kind="account_key", account=hostile, container=hostile, policy=hostile, days=None)
    )
    assert not any(hostile in step for step in steps)


def test_a_name_in_a_command_is_one_word_of_a_shell() -> None:
    steps = fixes(grant(P.UNKNOWN, days=None, policy="partners", container="$web"))
    command = steps[0].split("`")[1]
    assert "$web" in shlex.split(command)


def test_an_expired_grant_needs_no_rotation() -> None:
    steps = fixes(grant(P.READ, days=-1))
    assert "Nothing to revoke" in steps[0]
    assert not any("renew" in step for step in steps)


def test_a_link_that_ends_within_a_day_is_first_left_to_do_so() -> None:
    assert "ends by itself" in fixes(grant(P.READ, days=0.5), NOW)[0]
    assert "ends by itself" not in fixes(grant(P.READ, days=30), NOW)[0]


def test_what_the_service_refuses_needs_no_revoking() -> None:
    refused = Reach(state=State.CLOSED, checked_at=NOW, reason="AuthenticationFailed")
    steps = fixes(grant(P.READ, scope=Scope.ACCOUNT, kind="account_sas"), NOW, refused)
    assert steps[0] == "Nothing to revoke: the service refuses it already."
    assert not any("keys renew" in step for step in steps)


def test_what_has_expired_on_paper_and_still_answers_is_revoked_all_the_same() -> None:
    answers = Reach(state=State.OPEN, proved=(P.READ,), checked_at=NOW, reason="200")
    expired = grant(P.READ, days=-3, scope=Scope.ACCOUNT, kind="account_sas")
    assert fixes(expired, NOW)[0] == "Nothing to revoke: it has ended."
    assert any("keys renew" in step for step in fixes(expired, NOW, answers))
