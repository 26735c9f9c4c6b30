"""What somebody could do: each path needs its rights and its prey, and says what supports each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.assess.paths._all import attack_paths, makers
from tidegate.assess.paths._case import Case
from tidegate.model.contents import Contents, Kind
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity
from tidegate.model.place import Place
from tidegate.model.reach import Reach, State
from tidegate.model.severity import Severity

P = Permission
GRANT = Grant(
    provider="azure",
    kind="account_sas",
    account="contosomodels",
    scope=Scope.ACCOUNT,
    permissions=(P.READ, P.LIST, P.WRITE, P.DELETE),
    validity=Validity.VALID,
    revocation=Revocation(means="Rotate the key.", collateral="other links", individually=False),
)
README = Place(
    source="git",
    target="https://github.com/contoso/models",
    path="README.md",
    line=37,
    column=1,
    in_head=True,
)


def behind(*kinds: Kind) -> Contents:
    items = sum(each.items for each in kinds)
    return Contents(containers=1, items=items, bytes=items * 10, complete=True, kinds=kinds, items_read=items)


def kind(name: str, items: int, severity: Severity = Severity.HIGH) -> Kind:
    return Kind(kind=name, items=items, bytes=items * 10, severity=severity, proved=items)


INCIDENT = Case(
    grant=GRANT,
    reach=Reach(
        state=State.OPEN,
        proved=(P.READ, P.LIST),
        untried=(P.WRITE, P.DELETE),
        checked_at=datetime(2023, 6, 22, tzinfo=UTC),
        reason="it listed",
    ),
    contents=behind(
        kind("workstation_image", 2, Severity.CRITICAL),
        kind("private_key", 12, Severity.CRITICAL),
        kind("teams_messages", 3),
        kind("model", 214, Severity.LOW),
    ),
    places=(README,),
)


def ids(case: Case) -> list[str]:
    return [each.id for each in attack_paths(case)]


def test_the_incident_of_2023_is_told_as_it_was() -> None:
    paths = {each.id: each for each in attack_paths(INCIDENT)}
    assert list(paths) == [
        "model-poisoning",
        "credential-chaining",
        "data-theft",
        "ransom",
        "backup-tampering",
    ]
    poisoning = paths["model-poisoning"]
    assert poisoning.title == "anyone who follows README.md and loads the model may run an attacker's code"
    assert poisoning.steps[0].facts == ("README.md, line 37",)
    assert poisoning.steps[1].facts == ("214 model files, all read",)
    assert [step.certainty for step in poisoning.steps] == ["proved", "granted", "granted"]
    theft = paths["data-theft"]
    assert [step.certainty for step in theft.steps] == ["proved", "proved", "proved"]
    assert "2 copies of workstations' disks" in paths["credential-chaining"].title


def test_who_may_only_read_can_neither_poison_nor_extort() -> None:
    assert ids(replace(INCIDENT, grant=replace(GRANT, permissions=(P.READ, P.LIST)))) == [
        "credential-chaining",
        "data-theft",
    ]


def test_a_key_makes_access_that_stays_even_when_nothing_was_asked() -> None:
    key = Case(grant=replace(GRANT, kind="account_key", permissions=(P.MINT,)))
    assert ids(key) == ["data-theft", "ransom", "persistence"]


def test_a_site_can_be_taken_over() -> None:
    site = replace(GRANT, container="$web", scope=Scope.CONTAINER, permissions=(P.WRITE,))
    assert "website-takeover" in ids(Case(grant=site))


def test_public_data_that_was_read_whole_is_no_theft() -> None:
    anyone = replace(GRANT, kind="anonymous", scope=Scope.CONTAINER, permissions=(P.READ, P.LIST))
    assert ids(Case(grant=anyone, contents=behind(kind("dataset", 5, Severity.LOW)))) == []


@pytest.mark.parametrize("state", [State.CLOSED])
def test_what_is_dead_leads_nowhere(state: State) -> None:
    assert INCIDENT.reach is not None
    assert ids(replace(INCIDENT, reach=replace(INCIDENT.reach, state=state, proved=()))) == []
    assert ids(Case(grant=replace(GRANT, validity=Validity.EXPIRED))) == []


@given(
    st.sets(st.sampled_from(sorted(P))), st.sets(st.sampled_from(sorted(P))), st.sampled_from(sorted(Scope))
)
def test_more_rights_never_close_a_path(some: set[Permission], more: set[Permission], scope: Scope) -> None:
    few = replace(INCIDENT, reach=None, grant=replace(GRANT, scope=scope, permissions=tuple(sorted(some))))
    many = replace(few, grant=replace(few.grant, permissions=tuple(sorted(some | more))))
    assert set(ids(few)) <= set(ids(many))


def test_every_path_has_an_id_of_its_own_and_steps() -> None:
    assert len({each.id for each in makers()}) == len(makers()) == 7
