"""The incident of 2023 as an attack path."""

from dataclasses import replace

from tidegate.assess.paths.model_poisoning import path
from tidegate.model.contents import Contents, Kind
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity

INCIDENT = Grant(
    provider="azure",
    kind="account_sas",
    scope=Scope.ACCOUNT,
    permissions=(Permission.READ, Permission.LIST, Permission.WRITE),
    validity=Validity.VALID,
    revocation=Revocation(means="Rotate the key.", collateral="other links", individually=False),
)
MODELS = Contents(
    containers=1, items=2, bytes=9, complete=True, kinds=(Kind(kind="model", items=2, bytes=9, proved=1),)
)


def test_a_model_that_can_be_overwritten_ends_in_code_on_other_machines() -> None:
    found = path(INCIDENT, contents=MODELS)
    assert found is not None
    assert [step.certainty for step in found.steps] == ["possible", "granted", "possible"]
    assert "runs the attacker's code" in found.steps[-1].text
    assert "2 of kind model, 1 of them read" in found.steps[1].facts


def test_who_may_only_read_poisons_nothing() -> None:
    assert path(replace(INCIDENT, permissions=(Permission.READ,)), contents=MODELS) is None


def test_without_a_model_seen_there_is_no_such_path() -> None:
    assert path(INCIDENT) is None


def test_a_link_that_has_ended_leads_nowhere() -> None:
    assert path(replace(INCIDENT, validity=Validity.EXPIRED), contents=MODELS) is None
