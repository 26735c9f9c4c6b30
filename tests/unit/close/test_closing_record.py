"""The record and the letter: true, complete, and without the secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from corpus import mint
from tidegate.close.disclosure import disclosure
from tidegate.close.plan import Call, Plan, Step, Way
from tidegate.close.prove import AFTER, Answer, Round, Verdict
from tidegate.close.record import CLOSED, OPEN, REFUSED, Done, Record, record, to_dict
from tidegate.close.record_page import to_markdown
from tidegate.model.contents import Contents, Kind
from tidegate.model.finding import Finding
from tidegate.model.place import Place
from tidegate.model.severity import Severity

PUBLISHED = datetime(2020, 7, 20, tzinfo=UTC)
FOUND = datetime(2023, 6, 22, tzinfo=UTC)
ENDED = datetime(2023, 6, 24, tzinfo=UTC)
NOW = ENDED + timedelta(hours=25)
OK, NO = Answer(status=200), Answer(status=403, code="AuthenticationFailed")
SAS = mint.account_sas("contosomodels", sp="rwdlacup").ordered("sv st se ss srt sp sig")


def step(name: str) -> Step:
    return Step(
        id=name,
        does=f"change {name}",
        why="it signed the link",
        call=Call(method="POST", url=f"https://management.azure.example/{name}"),
        permission="write",
        breaks=("the nightly job | with a pipe",),
        before="old",
        after="new",
        repeatable=True,
    )


PLAN = Plan(
    finding="tg-1", provider="azure", account="contosomodels", way=Way.FAST, steps=(step("a"), step("b"))
)


@pytest.fixture(scope="module")
def finding(tmp_path_factory: pytest.TempPathFactory) -> Finding:
    from tidegate import scan  # noqa: PLC0415

    path = tmp_path_factory.mktemp("one") / "README.md"
    path.write_text(f"wget https://{SAS.host}/robust/m.pt?{SAS.query}\n")
    (found,) = (each for each in scan(str(path), jobs=1).findings if each.grant.kind == "account_sas")
    place = Place(
        source="git",
        target="https://github.com/contoso/models",
        path="README.md",
        line=37,
        column=1,
        commit="b" * 40,
        author="Ada Nauta <ada@contoso.example>",
        committed_at=PUBLISHED,
        in_head=True,
    )
    kinds = (Kind(kind="disk_image", items=2, bytes=2 << 40, severity=Severity.CRITICAL),)
    return replace(
        found,
        grant=replace(found.grant, starts_at=None),
        occurrences=(place,),
        occurrences_total=1,
        contents=Contents(containers=3, items=41_000, bytes=38 << 40, complete=True, kinds=kinds),
    )


def rounds(count: int, last: Verdict = Verdict.DEAD) -> list[Round]:
    made = [
        Round(at=ENDED + after, leaked=NO, flipped=NO, owner=OK, verdict=Verdict.DEAD)
        for after in AFTER[:count]
    ]
    if made:
        made[-1] = replace(made[-1], verdict=last)
    return made


def make(
    finding: Finding,
    proofs: list[Round],
    *,
    marks: tuple[str, str] = ("done", "done"),
    use: dict | None = None,
) -> Record:
    done = [
        Done(step=each, mark=mark, at=ENDED if mark != "new" else None)
        for each, mark in zip(PLAN.steps, marks, strict=True)
    ]
    return record(finding, PLAN, done, proofs, found_at=FOUND, reported_at=FOUND, use=use, now=NOW)


def test_it_is_closed_only_when_every_proof_holds(finding: Finding) -> None:
    assert make(finding, rounds(4)).state == CLOSED
    assert make(finding, rounds(3)).state == REFUSED
    assert make(finding, rounds(2, Verdict.ALIVE)).state == OPEN
    assert make(finding, []).state == OPEN
    assert make(finding, rounds(4), marks=("done", "begun")).state == OPEN


def test_the_exposure_ends_when_it_was_ended_and_else_goes_on(finding: Finding) -> None:
    assert make(finding, rounds(4)).exposure_days == 1069
    still = make(finding, [], marks=("done", "new"))
    assert still.exposure_days == pytest.approx(1069 + 25 / 24)
    expired = replace(finding, grant=replace(finding.grant, expires_at=PUBLISHED + timedelta(days=5)))
    assert make(expired, rounds(4)).exposure_days == 5
    nowhere = replace(finding, occurrences=())
    assert make(nowhere, rounds(4)).exposure_days is None
    assert "not known" in to_markdown(make(nowhere, rounds(4)))


def test_the_timeline_goes_from_the_first_commit_to_the_last_proof(finding: Finding) -> None:
    told = to_dict(make(finding, rounds(4)))
    assert [each["what"] for each in told["timeline"]] == [
        "published",
        "found",
        "reported",
        "closed",
        *["proved"] * 4,
    ]
    assert told["exposure"] == {
        "from": "2020-07-20T00:00:00Z",
        "until": "2023-06-24T00:00:00Z",
        "days": 1069.0,
        "ended": True,
    }
    json.dumps(told)


def test_no_log_is_never_called_no_use(finding: Finding) -> None:
    assert "not known" in to_markdown(make(finding, rounds(4)))
    silent = to_markdown(make(finding, rounds(4), use={"uses": 0, "certain": True, "complete": True}))
    assert "says nothing of what they do not cover" in silent
    used = {
        "uses": 12,
        "refused": 2,
        "certain": False,
        "complete": False,
        "bytes_out": 1 << 30,
        "changed_total": 3,
        "first_at": "2021-01-01T00:00:00Z",
        "last_at": "2021-01-02T00:00:00Z",
        "addresses": {"198.51.100.7": 12},
        "models_changed": [{"item": "robust/m.pt", "at": None, "deed": "write"}],
    }
    text = to_markdown(make(finding, rounds(4), use=used))
    for words in (
        "10 requests went through",
        "1.0 GiB",
        "198.51.100.7",
        "do not load them",
        "mask the signature",
    ):
        assert words in text


def test_record_and_letter_hold_no_secret_and_no_markup_from_outside(finding: Finding) -> None:
    hostile = replace(
        finding,
        occurrences=(replace(finding.occurrences[0], path="a`<b>\x1b[31m](http://x)", author="\u202eevil"),),
    )
    texts = [
        to_markdown(make(hostile, rounds(4))),
        json.dumps(to_dict(make(hostile, rounds(4)))),
        disclosure(hostile, NOW),
    ]
    for text in texts:
        assert SAS.sig[:16] not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "with a pipe" in texts[0]


def test_the_letter_names_contacts_in_order_and_says_what_was_not_done(finding: Finding) -> None:
    text = disclosure(finding, NOW, finder="Bo Wharf <bo@contoso.example>")
    first, second = (
        text.index("github.com/contoso/models/security/advisories/new"),
        text.index("security.txt"),
    )
    assert first < second < text.index("MSRC")
    assert "no request" in text
    assert "2023-06-26 01:00 UTC" in text
    assert "Bo Wharf" in text
    assert "since 2020-07-20" in text


def test_a_cloud_without_a_contact_of_ours_gets_a_letter_too(finding: Finding) -> None:
    other = replace(finding, grant=replace(finding.grant, provider="other"), occurrences=())
    assert "security or abuse contact" in disclosure(other, NOW)


def test_of_an_open_container_the_letter_speaks_of_no_credential(finding: Finding) -> None:
    grant = replace(finding.grant, kind="anonymous", account=None, container="contoso-models")
    text = disclosure(replace(finding, grant=grant, redacted="gs://contoso-models/"), NOW)
    assert "Subject: contoso-models is open to anybody" in text
    assert "may be open to anybody" in text
    assert "credential" not in text.partition("Subject")[2]
