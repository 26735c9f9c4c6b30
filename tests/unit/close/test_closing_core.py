"""A plan is carried out once, whatever breaks off where."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.close.carry_out import NotDoneError, StoppedError, carry_out
from tidegate.close.journal import Journal, JournalError, Mark
from tidegate.close.only import Only
from tidegate.close.plan import Call, Plan, Step, Way
from tidegate.close.prove import AFTER, Answer, Round, Verdict, judge, next_due
from tidegate.errors import OutOfScopeError
from tidegate.net.message import Response, Write

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process ended here."""


class Account:
    """A cloud account in memory; `kill` ends the process around the n-th write, before or after its effect."""

    def __init__(self, kill: tuple[int, bool] | None = None) -> None:
        self.things = {"policy": "long", "key1": "old", "shared": "on"}
        self.sent: list[Call] = []
        self.kill = kill
        self.refuses = False

    def state(self, step: Step) -> str:
        return self.things[step.id]

    def do(self, step: Step) -> None:
        if self.refuses:
            raise NotDoneError("AuthorizationFailed")
        hit = self.kill and self.kill[0] == len(self.sent)
        if hit and not self.kill[1]:
            self.kill = None
            raise Killed
        self.sent.append(step.call)
        self.things[step.id] = step.after or f"new{len(self.sent)}"
        if hit:
            self.kill = None
            raise Killed


def step(name: str, before: str, after: str | None, *, repeatable: bool) -> Step:
    call = Call(method="POST", url=f"http://127.0.0.1/{name}")
    return Step(id=name, does=f"change {name}", why="it leaked", call=call, permission=f"write {name}",
                before=before, after=after, repeatable=repeatable)  # fmt: skip


PLAN = Plan(finding="f1", provider="azure", account="contoso", way=Way.FAST, steps=(
    step("policy", "long", "gone", repeatable=True),
    step("key1", "old", None, repeatable=False),
    step("shared", "on", "off", repeatable=True),
))  # fmt: skip


def run(account: Account, path: Path) -> None:
    with Journal(path, PLAN) as journal:
        carry_out(PLAN, account, journal, lambda: NOW)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("effect", [True, False])
def test_killed_at_any_step_a_second_run_finishes_and_sends_no_key_change_twice(
    tmp_path: Path, number: int, effect: bool
) -> None:
    account = Account(kill=(number, effect))
    with pytest.raises(Killed):
        run(account, tmp_path / "j")
    if number == 1 and not effect:
        with pytest.raises(StoppedError, match="not sent twice"):
            run(account, tmp_path / "j")
        assert [call.url for call in account.sent] == ["http://127.0.0.1/policy"]
        return
    run(account, tmp_path / "j")
    assert account.sent == [one.call for one in PLAN.steps]


def test_a_journal_cut_at_any_byte_never_forgets_a_step_that_was_on_disk(tmp_path: Path) -> None:
    run(Account(), tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for length in range(len(whole) + 1):
        path = tmp_path / "cut"
        path.write_bytes(whole[:length])
        with Journal(path, PLAN) as journal:
            marks = [journal.mark(one.id) for one in PLAN.steps]
        lines = max(0, whole[:length].count(b"\n") - 1)
        done, begun = divmod(lines, 2)
        assert marks == ([Mark.DONE] * done + [Mark.BEGUN] * begun + [Mark.NEW] * 3)[:3]


def test_a_done_plan_sends_nothing_more(tmp_path: Path) -> None:
    account = Account()
    run(account, tmp_path / "j")
    run(account, tmp_path / "j")
    assert len(account.sent) == 3


def test_a_changed_account_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    account = Account()
    account.things["policy"] = "someone was here"
    with pytest.raises(StoppedError, match="no longer as the plan"):
        run(account, tmp_path / "j")
    assert account.sent == []


def test_no_permission_says_which_and_can_be_tried_again(tmp_path: Path) -> None:
    account = Account()
    account.refuses = True
    with pytest.raises(StoppedError, match=r"AuthorizationFailed.*write policy"):
        run(account, tmp_path / "j")
    account.refuses = False
    run(account, tmp_path / "j")
    assert len(account.sent) == 3


def test_a_journal_of_another_plan_or_in_use_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    other = replace(PLAN, way=Way.NO_DOWNTIME)
    assert other.hash != PLAN.hash
    with Journal(path, PLAN), pytest.raises(JournalError, match="another run"):
        Journal(path, PLAN)
    with pytest.raises(JournalError, match="another plan"):
        Journal(path, other)
    path.write_bytes(path.read_bytes() + b'{"step": []}\n')
    with pytest.raises(JournalError, match="damaged"):
        Journal(path, PLAN)
    (tmp_path / "notes").write_text("my shopping list")
    with pytest.raises(JournalError, match="no journal"):
        Journal(tmp_path / "notes", PLAN)
    assert (tmp_path / "notes").read_text() == "my shopping list"


class Sent:
    """A way out that notes what is announced."""

    def __init__(self) -> None:
        self.announced: list[tuple[str, str]] = []

    def announce(self, method: str, url: str) -> None:
        self.announced.append((method, url))

    def send(self, write: Write) -> Response:
        raise AssertionError("nothing is sent")


def test_once_a_plan_is_agreed_to_nothing_else_can_be_announced() -> None:
    way = Sent()
    only = Only(way)
    only.announce("POST", "http://127.0.0.1/listKeys")
    only.hold_to(PLAN)
    only.announce("POST", "http://127.0.0.1/key1")
    for method, url in (("POST", "http://127.0.0.1/listKeys"), ("DELETE", "http://127.0.0.1/key1")):
        with pytest.raises(OutOfScopeError):
            only.announce(method, url)
    assert len(way.announced) == 2


OK, NO = Answer(status=200), Answer(status=403, code="AuthenticationFailed")
REFUSALS = frozenset({"AuthenticationFailed"})


@pytest.mark.parametrize(
    ("leaked", "flipped", "owner", "verdict"),
    [
        (NO, NO, OK, Verdict.DEAD),
        (OK, NO, OK, Verdict.ALIVE),
        (NO, NO, NO, Verdict.INCONCLUSIVE),
        (NO, OK, OK, Verdict.INCONCLUSIVE),
        (Answer(status=404), NO, OK, Verdict.NOT_PROVEN),
        (Answer(status=None), NO, OK, Verdict.NOT_PROVEN),
        (Answer(status=403, code="AuthorizationFailure"), NO, OK, Verdict.NOT_PROVEN),
    ],
)
def test_only_the_refusal_of_the_signature_beside_a_working_owner_is_death(
    leaked: Answer, flipped: Answer, owner: Answer, verdict: Verdict
) -> None:
    assert judge(leaked, flipped, owner, refusals=REFUSALS) is verdict


def test_a_credential_that_ended_by_its_date_is_not_proved_dead() -> None:
    assert judge(NO, NO, OK, refusals=REFUSALS, expired=True) is Verdict.NOT_PROVEN


@given(st.lists(st.sampled_from(Verdict), max_size=8))
def test_closed_needs_a_dead_round_at_each_time_and_none_else_after_it(verdicts: list[Verdict]) -> None:
    times = [NOW + after for after in AFTER] + [NOW + timedelta(hours=25 + n) for n in range(4)]
    rounds = [
        Round(at=at, leaked=NO, flipped=NO, owner=OK, verdict=verdict)
        for at, verdict in zip(times, verdicts, strict=False)
    ]
    closed = next_due(NOW, rounds) is None
    assert closed == (len(verdicts) >= 4 and verdicts[-1] is Verdict.DEAD)
