"""What closings leave on disk is read again whole, or not at all."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tidegate.close.journal import Mark
from tidegate.close.plan import Call, Plan, Step, Way
from tidegate.close.prove import AFTER, Answer, Round, Verdict
from tidegate.close.store import ELSEWHERE, Store
from tidegate.errors import ConfigError, UsageError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FINDING = "tg-0123456789abcdef"
CALL = Call(method="PUT", url="http://127.0.0.1/c?comp=acl", body="<a/>", headers=(("x-ms-a", "blob"),))
PLAN = Plan(
    finding=FINDING, provider="azure", account="contoso", way=Way.NO_DOWNTIME, first=("ask",), then=("tell",),
    spares=("the rest",), reads=(Call(method="POST", url="http://127.0.0.1/listKeys"),),
    steps=(
        Step(id="policies", does="end", why="it leaked", call=CALL, permission="a key", breaks=("x",), undo="put back",
             before="a", after="b", repeatable=True),
        Step(id="key1", does="replace", why="it leaked", call=CALL, permission="a right", before="old",
             repeatable=False),
    ),
)  # fmt: skip


def a_round(verdict: Verdict = Verdict.DEAD) -> Round:
    refused = Answer(status=403, code="AuthenticationFailed")
    return Round(at=NOW, leaked=refused, flipped=refused, owner=Answer(status=None), verdict=verdict)


def test_a_plan_is_read_again_to_the_last_word_and_by_its_owner_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "state" / "closings")
    store.keep(PLAN)
    store.keep(PLAN)
    assert store.plan(FINDING, PLAN.hash) == PLAN
    assert store.plans(FINDING) == [PLAN]
    assert (store.plan(FINDING, "0" * 16), store.plans("tg-other")) == (None, [])
    for each in (tmp_path / "state" / "closings").rglob("*"):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600)
    assert stat.S_IMODE((tmp_path / "state" / "closings").stat().st_mode) == 0o700


@pytest.mark.parametrize("field", ["finding", "account", "way", "first", "then", "spares", "steps", "reads"])
def test_a_plan_that_anybody_changed_is_refused(tmp_path: Path, field: str) -> None:
    store = Store(tmp_path)
    store.keep(PLAN)
    path = tmp_path / FINDING / PLAN.hash / "plan.json"
    read = json.loads(path.read_text())
    held = read["plan"][field]
    read["plan"][field] = "fast" if field == "way" else f"{held}x" if isinstance(held, str) else held[1:]
    path.write_text(json.dumps(read))
    with pytest.raises(ConfigError):
        store.plan(FINDING, PLAN.hash)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"plan": 3}', '{"plan": {"steps": [{}]}}', "[" * 100_000])
def test_a_damaged_plan_says_what_to_do(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.keep(PLAN)
    (tmp_path / FINDING / PLAN.hash / "plan.json").write_text(text)
    with pytest.raises(ConfigError) as told:
        store.plan(FINDING, PLAN.hash)
    assert "by hand" in told.value.hint


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "a" * 65, "tg-\n"])
def test_a_name_that_could_lead_elsewhere_is_no_finding(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Store(tmp_path).plans(name)
    with pytest.raises(UsageError):
        Store(tmp_path).plan(FINDING, name)


def test_a_proof_cut_anywhere_keeps_its_whole_rounds_and_goes_on(tmp_path: Path) -> None:
    proof = Store(tmp_path).begin_proof(FINDING, ELSEWHERE, NOW, AFTER)
    for _ in range(3):
        proof.add(a_round())
    whole = proof.path.read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole) + 1):
        proof.path.write_bytes(whole[:length])
        read = Store(tmp_path).proof(FINDING, ELSEWHERE)
        assert read is not None
        assert read.rounds == [a_round()] * (whole[:length].count(b"\n") - 1)
        read.add(a_round(Verdict.ALIVE))
        again = Store(tmp_path).proof(FINDING, ELSEWHERE)
        assert again is not None
        assert again.rounds == read.rounds


def test_another_schedule_keeps_the_rounds_there_were(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.begin_proof(FINDING, ELSEWHERE, NOW, AFTER).add(a_round())
    changed = store.begin_proof(FINDING, ELSEWHERE, NOW, (timedelta(0),))
    assert (changed.after, changed.rounds) == ((timedelta(0),), [a_round()])
    read = store.proof(FINDING, ELSEWHERE)
    assert read == changed


def test_the_journal_says_when_the_last_step_was_done_and_only_then(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(PLAN)
    with store.journal(PLAN) as journal:
        for number, step in enumerate(PLAN.steps):
            assert journal.done_at is None
            journal.note(step.id, Mark.BEGUN, NOW)
            journal.note(step.id, Mark.DONE, NOW + timedelta(minutes=number))
    with store.journal(PLAN) as journal:
        assert journal.done_at == NOW + timedelta(minutes=1)
        assert [(each.step, each.mark.value) for each in journal.notes] == [
            ("policies", "begun"), ("policies", "done"), ("key1", "begun"), ("key1", "done"),
        ]  # fmt: skip
