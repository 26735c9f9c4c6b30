"""Laws of judging: more rights, a wider scope, a longer life never make a grant look better."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from tidegate.assess.fix import fixes
from tidegate.assess.severity import assess
from tidegate.assess.tables import band, raw
from tidegate.assess.words import matrix_rows, sentence
from tidegate.kinds.table import kinds as kinds_of_things
from tidegate.model.contents import Contents, Kind
from tidegate.model.finding import Severity
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity
from tidegate.model.observation import Step
from tidegate.model.place import Place
from tidegate.model.reach import Reach, State
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


reach_of = st.sampled_from(
    [
        None,
        Reach(state=State.UNKNOWN, checked_at=NOW, reason="no answer"),
        Reach(state=State.OPEN, proved=(Permission.READ,), checked_at=NOW, reason="200"),
        Reach(state=State.OPEN, proved=(Permission.READ, Permission.LIST), checked_at=NOW, reason="200"),
    ]
)
kinds = st.lists(
    st.builds(Kind, kind=st.just("disk_image"), items=st.integers(0, 9), bytes=st.integers(0, 2**60), severity=st.sampled_from(Severity)),
    max_size=3,
)  # fmt: skip


def holding(found: list[Kind]) -> Contents:
    size = sum(kind.bytes for kind in found)
    return Contents(
        containers=1, items=sum(k.items for k in found), bytes=size, complete=True, kinds=tuple(found)
    )


@given(grants(), reach_of)
def test_an_answer_never_makes_a_grant_look_better_unless_it_is_a_refusal(
    given_: Grant, reach: Reach | None
) -> None:
    if reach is not None and reach.state is State.OPEN:
        reach = replace(reach, untried=given_.permissions)
    assert assess(given_, now=NOW, reach=reach).score >= assess(given_, now=NOW).score
    assert sentence(given_, NOW, reach).endswith(".")


@given(grants())
def test_a_refused_grant_is_info_and_says_what_it_would_have_been(given_: Grant) -> None:
    refused = Reach(state=State.CLOSED, checked_at=NOW, reason="AuthenticationFailed: its key was rotated")
    paper, judged = assess(given_, now=NOW), assess(given_, now=NOW, reach=refused)
    assert judged.severity is Severity.INFO
    assert "its key was rotated" in judged.reasons[0]
    told = f"{paper.severity} (score {paper.score})" in " ".join(judged.reasons)
    assert told is (paper.severity is not Severity.INFO)


@given(grants(), kinds, kinds)
def test_more_behind_an_open_grant_never_lowers_the_score(
    given_: Grant, found: list[Kind], more: list[Kind]
) -> None:
    open_ = Reach(state=State.OPEN, proved=(Permission.LIST,), checked_at=NOW, reason="200")
    less = assess(given_, now=NOW, reach=open_, contents=holding(found))
    all_ = assess(given_, now=NOW, reach=open_, contents=holding(found + more))
    assert all_.score >= less.score >= assess(given_, now=NOW, reach=open_).score


def test_an_open_container_with_disk_images_is_critical_and_says_why() -> None:
    anyone = Grant(
        provider="azure", kind="anonymous", account="contosomodels", container="backups", scope=Scope.CONTAINER,
        permissions=(Permission.READ, Permission.LIST), validity=Validity.UNKNOWN,
        revocation=Revocation(means="m", collateral="c", individually=True),
    )  # fmt: skip
    reach = Reach(state=State.OPEN, proved=(Permission.READ, Permission.LIST), checked_at=NOW, reason="200")
    disks = holding([Kind(kind="disk_image", items=2, bytes=5 << 30, severity=Severity.CRITICAL)])
    assert assess(anyone, now=NOW).severity is Severity.INFO
    assert assess(anyone, now=NOW, reach=reach).severity is Severity.MEDIUM
    judged = assess(anyone, now=NOW, reach=reach, contents=disks)
    assert judged.severity is Severity.HIGH  # names alone: one class lower than what was read
    read = replace(disks, kinds=tuple(replace(kind, proved=2) for kind in disks.kinds))
    assert assess(anyone, now=NOW, reach=reach, contents=read).severity is Severity.CRITICAL
    assert judged.reasons == (
        "anyone, without any credential, can read contents and metadata and list what is inside, shown on 2026-11-24",
        "behind it lie 2 items, 5.0 GiB",
        "among them, by their names: 2 disk images (5.0 GiB)",
    )


def test_what_has_expired_on_paper_and_still_answers_is_judged_as_endless() -> None:
    given_ = Grant(
        provider="azure", kind="account_sas", account="contosomodels", scope=Scope.ACCOUNT, services=("blob",),
        permissions=(Permission.READ, Permission.LIST, Permission.WRITE), expires_at=NOW - timedelta(days=9), validity=Validity.EXPIRED,
        revocation=Revocation(means="m", collateral="c", individually=False),
    )  # fmt: skip
    reach = Reach(state=State.OPEN, proved=(Permission.LIST,), checked_at=NOW, reason="200")
    assert assess(given_, now=NOW).severity is Severity.INFO
    assert assess(given_, now=NOW, reach=reach).severity is Severity.CRITICAL


VALUES = st.floats(0, 1)
FACTORS = st.tuples(st.floats(0, 4), VALUES, VALUES, VALUES, st.floats(0.4, 1.5))


@given(FACTORS, st.integers(0, 4), VALUES)
def test_the_sum_never_falls_when_one_factor_rises(
    factors: tuple[float, ...], which: int, more: float
) -> None:
    raised = [each + more * (number == which) for number, each in enumerate(factors)]
    assert raw(*raised) >= raw(*factors)
    assert 0 <= raw(*factors) <= 100


@given(st.integers(0, 99), st.integers(1, 50))
def test_a_higher_score_is_never_a_lesser_severity(score: int, more: int) -> None:
    assert band(min(100, score + more)).rank >= band(score).rank


def standing(count: int, target: str, days: int) -> list[Place]:
    since = NOW - timedelta(days=days)
    return [
        Place(source="git", target=target, path=f"{number}.md", line=1, column=1, committed_at=since)
        for number in range(count)
    ]


@given(grants(), st.integers(0, 120), st.integers(0, 120), st.integers(0, 4000), st.integers(0, 4000))
def test_more_places_and_older_ones_never_lower_the_score(
    given_: Grant, count: int, more: int, days: int, older: int
) -> None:
    fewer = assess(given_, now=NOW, places=standing(count, "research", days))
    many = assess(given_, now=NOW, places=standing(count + more, "research", days))
    old = assess(given_, now=NOW, places=standing(count + more, "research", days + older))
    public = assess(given_, now=NOW, places=standing(count + more, "https://code.example/r", days + older))
    assert public.score >= old.score >= many.score >= fewer.score


named = st.sampled_from(sorted(kinds_of_things(), key=lambda name: kinds_of_things()[name].inside))


@given(grants(), reach_of.filter(bool), named, named, st.booleans(), st.integers(1, 2_000))
def test_worse_contents_never_lower_the_score(
    given_: Grant, reach: Reach, one: str, two: str, read: bool, items: int
) -> None:
    less, worse = sorted((kinds_of_things()[one], kinds_of_things()[two]), key=lambda row: row.inside)
    # A key opens further systems, too: what is worse by itself and no key is judged by another factor.
    assume(less.group != "key" or worse.group == "key")
    scores = []
    for row in (less, worse):
        found = Kind(kind=row.id, items=items, bytes=1, severity=row.severity)
        behind = holding([replace(found, proved=items, step=Step.WHOLE) if read else found])
        scores.append(assess(given_, now=NOW, reach=reach, contents=behind).score)
    assert scores == sorted(scores)


@given(grants(), reach_of.filter(bool), named, permissions)
def test_what_can_be_done_to_contents_never_lowers_the_score(
    given_: Grant, reach: Reach, name: str, more: frozenset[Permission]
) -> None:
    row = kinds_of_things()[name]
    behind = holding([Kind(kind=name, items=3, bytes=1, severity=row.severity, proved=3, step=Step.WHOLE)])
    larger = replace(given_, permissions=in_order({*given_.permissions, *more}))
    scores = []
    for each in (given_, larger):
        untried = tuple(right for right in each.permissions if right not in reach.proved)
        asked = replace(reach, untried=untried) if reach.state is State.OPEN else reach
        scores.append(assess(each, now=NOW, reach=asked, contents=behind).score)
    assert scores == sorted(scores)


@given(grants(), reach_of, kinds, st.sampled_from(CONFIDENCE), st.booleans())
def test_nothing_lowers_a_score_without_saying_so(
    given_: Grant, reach: Reach | None, found: list[Kind], sure: str, read: bool
) -> None:
    if read:
        found = [replace(kind, kind="website", proved=kind.items) for kind in found]
    behind = holding(found) if reach is not None else None
    judged = assess(given_, confidence=sure, now=NOW, reach=reach, contents=behind)
    if judged.score < judged.unlowered:
        assert any(reason.startswith("lowered: ") for reason in judged.reasons)
    assert judged.possible >= judged.score or not judged.factors


def test_a_key_made_for_tests_opens_nothing_more() -> None:
    wide = Grant(
        provider="azure", kind="account_sas", account="contosomodels", scope=Scope.ACCOUNT, services=("blob",),
        permissions=(Permission.READ,), validity=Validity.UNKNOWN,
        revocation=Revocation(means="m", collateral="c", individually=False),
    )  # fmt: skip
    reach = Reach(state=State.OPEN, proved=(Permission.READ,), checked_at=NOW, reason="200")

    def opens(name: str) -> str:
        behind = holding(
            [Kind(kind=name, items=1, bytes=1, severity=Severity.LOW, proved=1, step=Step.WHOLE)]
        )
        judged = assess(wide, now=NOW, reach=reach, contents=behind)
        return next(each.word for each in judged.factors if each.factor == "opens")

    assert opens("private_key") == "account and more"
    assert opens("test_key") == "account"
