"""The HTML page: what lies behind counts once, what answered stands at its service, nothing is said twice."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from report import samples
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.contents import Contents, Estimate, Kind, Noted
from tidegate.model.finding import Factor, Finding, Severity
from tidegate.model.grant import Permission, Scope
from tidegate.model.reach import Answer, Reach, State
from tidegate.model.report import Report
from tidegate.report import _reach
from tidegate.report._html import behind, matrix
from tidegate.report._rights import rights
from tidegate.report._stores import stores
from tidegate.report.html import PLUGIN
from tidegate.report.text import PLUGIN as TEXT

P = Permission


def page(report: Report) -> str:
    out = io.StringIO()
    PLUGIN.write(report, out)
    return out.getvalue()


def holding(items: int, kind: str = "model", size: int = 10) -> Contents:
    kinds = (Kind(kind=kind, items=items, bytes=items * size, severity=Severity.LOW),)
    return Contents(containers=1, items=items, bytes=items * size, complete=True, kinds=kinds)


def opens(scope: Scope, items: int, services: Sequence[str] = ("blob",), **named: str | None) -> Finding:
    names = {"account": "contosomodels", "container": None, "key": None} | named
    grant = replace(samples.ACCOUNT_SAS, scope=scope, services=tuple(services), **names)  # type: ignore[arg-type]
    return replace(samples.ACCOUNT_FINDING, grant=grant, contents=holding(items))


def counted(*findings: Finding) -> int:
    return sum(each.items for each in stores(findings))


ACCOUNT = opens(Scope.ACCOUNT, 100)
MODELS = opens(Scope.CONTAINER, 30, container="models")


def test_a_container_lies_within_its_account_and_counts_once() -> None:
    assert counted(ACCOUNT, MODELS) == counted(MODELS, ACCOUNT) == 100
    assert [pile.items for pile in behind.piles([ACCOUNT, MODELS])] == [100]


def test_two_links_to_one_container_count_once_the_longer_listing() -> None:
    assert counted(MODELS, opens(Scope.CONTAINER, 20, container="models")) == 30


def test_two_containers_and_two_accounts_are_different_things() -> None:
    assert counted(MODELS, opens(Scope.CONTAINER, 5, container="backups")) == 35
    assert counted(ACCOUNT, opens(Scope.ACCOUNT, 7, account="contosobackups")) == 107


def test_an_object_and_a_directory_lie_within_their_container() -> None:
    one = opens(Scope.OBJECT, 1, container="models", key="2020/robust/a.bin")
    folder = opens(Scope.DIRECTORY, 4, container="models", key="2020/robust/")
    beside = opens(Scope.DIRECTORY, 9, container="models", key="2020/robust-old")
    assert counted(MODELS, one, folder) == 30
    assert counted(folder, one) == 4
    assert counted(folder, beside) == 13


def test_where_the_listing_of_an_account_stopped_early_its_containers_count() -> None:
    stopped = opens(Scope.ACCOUNT, 10)
    assert counted(stopped, MODELS, opens(Scope.CONTAINER, 5, container="backups")) == 35


def test_file_shares_do_not_lie_within_an_account_of_which_blobs_alone_were_opened() -> None:
    share = opens(Scope.CONTAINER, 8, services=("file",), container="models")
    assert counted(ACCOUNT, share) == 108
    assert counted(opens(Scope.ACCOUNT, 100, services=("blob", "file")), share) == 100


def test_an_account_opened_for_one_service_lies_within_the_same_opened_for_two() -> None:
    both = opens(Scope.ACCOUNT, 100, services=("blob", "file"))
    assert counted(both, opens(Scope.ACCOUNT, 60)) == 100
    assert counted(opens(Scope.ACCOUNT, 60), opens(Scope.ACCOUNT, 40, services=("file",))) == 100


def test_a_bucket_is_one_whoever_signed_for_it() -> None:
    one, two = (
        replace(each, grant=replace(each.grant, provider="aws", account=who, services=("s3",)))
        for each, who in ((MODELS, "AKIAEXAMPLEEXAMPLE00"), (MODELS, "AKIAEXAMPLEEXAMPLE01"))
    )
    assert counted(one, two) == 30


places = st.builds(
    opens,
    st.sampled_from([Scope.ACCOUNT, Scope.CONTAINER, Scope.DIRECTORY, Scope.OBJECT, Scope.UNKNOWN]),
    st.integers(0, 50),
    services=st.sampled_from([("blob",), ("file",), ("blob", "file")]),
    account=st.sampled_from(["one", "two"]),
    container=st.sampled_from([None, "models", "backups"]),
    key=st.sampled_from([None, "a", "a/b", "a/b/c.bin", "/"]),
)


@given(st.lists(places, max_size=8), st.randoms())
def test_stores_count_no_less_than_the_largest_and_no_more_than_all_in_any_order(
    found: list[Finding], random: object
) -> None:
    items = [each.contents.items for each in found if each.contents]
    assert max(items, default=0) <= counted(*found) <= sum(items)
    shuffled = sorted(found, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert counted(*shuffled) == counted(*found)


def answer(permission: Permission | None, state: State, service: str = "") -> Answer:
    return Answer(asked="a", permission=permission, state=state, status=200, code="", words="w", service=service)  # fmt: skip


def cells(*answers: Answer, proved: tuple[Permission, ...] = (P.READ, P.LIST)) -> dict[str, dict[str, str]]:
    reach = Reach(state=State.OPEN, proved=proved, checked_at=samples.NOW, reason="200", answers=answers)
    return {
        service: {action: cell.value for action, cell in row.items()}
        for service, row in rights(replace(samples.ACCOUNT_FINDING, reach=reach)).items()
    }


def test_a_proof_stands_at_the_service_that_answered() -> None:
    found = cells(answer(P.LIST, State.OPEN, "file"), answer(P.READ, State.OPEN, "file"), answer(P.LIST, State.CLOSED, "blob"))  # fmt: skip
    assert (found["file"]["list"], found["file"]["read"]) == ("proved", "proved")
    assert (found["blob"]["list"], found["blob"]["read"]) == ("refused", "decoded")


def test_a_proof_of_an_older_report_stands_at_the_first_service() -> None:
    for found in (cells(answer(P.LIST, State.OPEN), answer(P.READ, State.OPEN)), cells()):
        assert (found["blob"]["list"], found["blob"]["read"]) == ("proved", "proved")
        assert found["file"]["list"] == "decoded"


def test_services_of_which_nothing_is_permitted_are_named_and_take_no_row() -> None:
    shown = "".join(matrix.one(samples.ACCOUNT_FINDING, "contosomodels"))
    assert '<th scope="row">table</th>' not in shown
    assert "nothing is permitted at table" in shown


def test_a_sentence_said_of_two_items_stands_once_with_both() -> None:
    disk = Noted(kind="workstation_image", severity=Severity.CRITICAL, summary="1 disk of a workstation", path="a.vhd")  # fmt: skip
    one, two = _reach.alike([disk, replace(disk, path="b.vhd"), replace(disk, summary="another", path="")])
    assert (one.summary, one.paths) == ("1 disk of a workstation (2 times)", ("a.vhd", "b.vhd"))
    assert (two.summary, two.paths) == ("another", ())


def full() -> Report:
    exact = Estimate(kind="credentials", items=39, read=39, hits=7, bytes_read=9, least=7 / 39, most=7 / 39)
    contents = replace(holding(39), estimates=(exact,), items_read=39, bytes_read=9)
    steps = (
        AttackStep(text="somebody takes the link"),
        AttackStep(text="copies it", facts=("39 model files",)),
    )
    path = AttackPath(id="data-theft", title="a copy can be taken of all that lies there", steps=steps)
    factor = Factor(factor="write", word="overwrites", value=1.5, basis="proven", sentence="it may overwrite")
    reach = Reach(state=State.OPEN, proved=(P.READ,), checked_at=samples.NOW, reason="200", answers=(answer(P.READ, State.OPEN, "blob"),))  # fmt: skip
    return samples.report(
        [replace(samples.ACCOUNT_FINDING, contents=contents, paths=(path,), factors=(factor,), reach=reach)]
    )


def test_the_page_begins_with_what_is_open_where_it_stands_what_lies_behind_and_what_to_do() -> None:
    lead = re.findall(r"<p>(.*?)</p>", page(full()).split('class="lead"')[1].split("</div>")[0])
    assert len(lead) == 3
    assert lead[0] == "1 finding: 1 critical."
    assert "it stands in <code>README.md:37:61</code> and in 38 more places" in lead[1]
    assert "behind it lie 39 items" in lead[1]
    assert lead[2].startswith("First: Renew both keys")


def test_the_page_shows_what_the_score_is_made_of_what_was_asked_and_what_somebody_could_do() -> None:
    shown = page(full())
    assert "How the score comes about" in shown
    assert "it may overwrite" in shown
    assert "What was asked, and what came back" in shown
    assert "39 model files" in shown.split('id="permissions"')[0]


def test_what_was_counted_is_no_estimate_and_has_no_interval() -> None:
    shown = page(full())
    assert "at least 7 of 39 items hold credentials: all were looked into, not every byte" in shown
    (found,) = full().findings
    assert found.contents is not None
    read = replace(found, contents=replace(found.contents, bytes_read=found.contents.bytes))
    assert ">7 of 39 items hold credentials: all were looked into<" in page(samples.report([read]))
    assert "95 of 100 cases" not in shown


def test_each_pile_is_named_in_the_picture_however_thin_it_is() -> None:
    kinds = [("dataset", 10**12), ("model", 10**11), ("database_dump", 3 * 10**9), ("private_key", 4_000)]
    found = [behind.Pile(name, Severity.HIGH, 3, size) for name, size in kinds]
    drawn = "".join(behind.chart(found))
    for name, _ in kinds:
        assert re.search(rf"<text[^>]*>(3 )?{behind.kind_words(name, 3)}", drawn), name


def test_no_module_of_the_page_uses_what_another_keeps_to_itself() -> None:
    folder = Path(behind.__file__).parent
    for file in folder.glob("*.py"):
        assert not re.search(r"\b(?!self\b)[a-z]+\._[a-z]\w*\(", file.read_text()), file.name


def test_what_opens_nothing_known_is_called_by_its_title() -> None:
    found = samples.finding(1, Severity.HIGH)
    unnamed = replace(found.grant, account=None, container=None, key=None, endpoint=None, scope=Scope.UNKNOWN)
    shown = page(samples.report([replace(found, title="Private key", grant=unnamed)]))
    assert re.search(r'for</span> <a href="#f-0">Private key</a>', shown)
    assert "<code>not known</code>" not in shown
    out = io.StringIO()
    TEXT.write(samples.report([replace(found, title="Private key", grant=unnamed)]), out)
    assert re.search(r"worst +Private key, ", out.getvalue())


def test_numbers_of_severities_stand_before_their_bars_where_a_narrow_screen_shows_them() -> None:
    shown = page(samples.many(40))
    chart = shown[shown.index('aria-labelledby="severity-t') :]
    chart = chart[: chart.index("</svg>")]
    ends = [float(x) for x in re.findall(r'<text x="([\d.]+)"', chart)]
    assert ends
    assert max(ends) < min(float(x) for x in re.findall(r'<rect class="d-\w+" x="([\d.]+)"', chart))
