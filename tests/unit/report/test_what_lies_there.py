"""What lies somewhere, in one sentence: worst first, what is inside of what, and how much of it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tidegate.engine.tell import contents_of_all
from tidegate.model.contents import Kind
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection, Observation, Step, Verdict
from tidegate.model.report import Coverage
from tidegate.model.severity import Severity
from tidegate.report import _items, _lies
from tidegate.report._terminal import Paper, columns


def seen(kind: str, summary: str, severity: Severity = Severity.HIGH, **more: object) -> Observation:
    return Observation(inspector="x", kind=kind, severity=severity, summary=summary, step=Step.WHOLE, **more)  # type: ignore[arg-type]


def item(path: str, kind: str, *observations: Observation, verdict: Verdict | None = None) -> Inspection:
    worst = max((each.severity for each in observations), key=lambda each: each.rank, default=Severity.INFO)
    return Inspection(
        path=path, kind=kind, verdict=verdict, severity=worst, observations=observations, size_bytes=1000, bytes_read=10
    )  # fmt: skip


def machine(number: int, home: str = "m.example") -> Inspection:
    return item(
        f"ws-{number}.vhd",
        "workstation_image",
        seen("workstation_image", "NTFS with Windows and the home of 1 user", Severity.CRITICAL),
        seen("private_key", "1 private key", Severity.CRITICAL, member=f"Users/{home}/.ssh/id_rsa"),
        seen("teams_messages", "Teams messages: 600", member="x/CURRENT", numbers={"messages": 600, "people": 9}),
    )  # fmt: skip


SPILL = [
    machine(1),
    machine(2),
    item("a/id_rsa", "private_key", seen("private_key", "1 private key", Severity.CRITICAL, numbers={"keys": 1})),
    item("a/ids", "private_key", seen("private_key", "2 private keys", Severity.CRITICAL, numbers={"keys": 2})),
    item("b.pt", "torch_zip", verdict=Verdict.CLEAN),
    *[item(f"d/{number}", "dataset", seen("dataset", "rows", Severity.LOW)) for number in range(40)],
]  # fmt: skip


def test_what_is_alike_is_one_and_what_lies_inside_is_told_as_inside() -> None:
    contents = contents_of_all(SPILL, complete=True)
    assert _lies.sentence(contents, loaded=True) == (
        "2 copies of workstations' disks (with 2 private keys and 1,200 Teams messages), 3 private keys, and 1 model"
        " that everyone would load"
    )
    assert [note.summary for note in contents.noted][:3] == [
        "2 copies of workstations' disks, each of them NTFS with Windows and the home of 1 user",
        "3 private keys in 2 files",
        "inside 2 copies of workstations' disks: 2 private keys",
    ]


def test_disks_that_differ_are_counted_together_in_the_sentence() -> None:
    disks = [
        item(f"{n}.vhd", "disk_image", seen("disk_image", f"disk {n}", Severity.CRITICAL)) for n in range(3)
    ]
    assert _lies.sentence(contents_of_all(disks, complete=True), loaded=False) == "3 disk images"


def test_a_name_of_thousands_of_letters_is_told_by_its_ends() -> None:
    long = item(
        "a.zip", "zip", seen("private_key", "1 private key", Severity.CRITICAL, member="x" * 4000 + "/id_rsa")
    )
    told = text([long])
    assert "/id_rsa)" in told.replace("\n", "").replace(" ", "")
    assert told.count("x") < 400


def test_the_same_secret_in_two_texts_is_one_and_passwords_are_called_so() -> None:
    twice = [
        item(f"{number}.env", "document", seen("secret", "Password in a setting, line 2", fingerprint="f1"))
        for number in range(2)
    ]
    another = item("z", "document", seen("secret", "GitHub token, line 9", fingerprint="f2"))
    (note,) = contents_of_all(twice, complete=True).noted
    assert (note.summary, note.phrase) == ("1 password in 2 texts", "1 password in 2 texts")
    (note,) = contents_of_all([*twice, another], complete=True).noted
    assert note.summary == "2 different secrets in texts: password in a setting, GitHub token"


def test_dull_things_are_counted_and_nothing_ends_in_nothing() -> None:
    assert _lies.sentence(contents_of_all(SPILL[5:], complete=True), loaded=False) == "40 data sets"
    assert _lies.sentence(contents_of_all([], complete=True), loaded=False) == ""


def test_models_that_run_code_are_counted_among_the_models() -> None:
    runs = [item(f"{number}.pkl", "pickle", verdict=Verdict.DANGEROUS) for number in range(2)]
    contents = contents_of_all([*runs, *SPILL[2:5]], complete=True)
    assert _lies.sentence(contents, loaded=False) == (
        "3 private keys and 3 models (2 with code that runs when loaded)"
    )


def test_what_only_names_tell_is_said_to_be_told_by_names() -> None:
    named = Kind(kind="disk_image", items=12, bytes=10**12, severity=Severity.HIGH)
    contents = replace(contents_of_all(SPILL[2:5], complete=True), kinds=(named,), items=10**6)
    assert _lies.sentence(contents, loaded=False) == "3 private keys and 12 disk images by name"
    assert _lies.after(contents) == "; by names, and by what the 3 hold that were looked into: "


def text(items: list[Inspection], *, each: bool = False, width: int = 80) -> str:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    result = Inspected(
        version="0", started_at=now, ended_at=now, targets=("there",), items=tuple(items),
        coverage=Coverage(items_read=len(items)), contents=(contents_of_all(items, complete=True),), places=("there",),
    )  # fmt: skip
    paper = Paper.of("utf-8", colour=False, width=width)
    return "\n".join(_items.lines(paper, result, each=each))


def test_twenty_thousand_items_do_not_get_a_line_each() -> None:
    medium = [
        item(f"m/{number}", "mail", seen("mail", "a mail", Severity.MEDIUM)) for number in range(20_000)
    ]
    said = text([*SPILL[:4], *medium])
    assert len(said.splitlines()) < 80
    assert "and 20,000 more items (20,000 medium)" in said
    assert "In it lie 20,004 items" in said


def test_what_is_alike_and_in_one_folder_gets_a_few_cards() -> None:
    alike = [
        item(f"keys/{number}", "private_key", seen("private_key", "1 private key")) for number in range(30)
    ]
    other = [item("else/key", "private_key", seen("private_key", "1 private key"))]
    assert text([*alike, *other]).count("── HIGH ") == 5
    assert "and 26 more items (26 high)" in text([*alike, *other])


def test_each_gives_a_card_to_every_item_above_info() -> None:
    items = [item(f"m/{number}", "mail", seen("mail", "a mail", Severity.LOW)) for number in range(40)]
    assert text(items, each=True).count("── LOW ") == 40
    assert "── LOW " not in text(items)


def test_no_line_is_wider_than_the_terminal_whatever_names_there_are() -> None:
    wild = item("x" * 4000 + "\x1b[31m\n", "private_key", seen("private_key", "k\x1b", Severity.CRITICAL))
    for width in (40, 80, 110):
        said = text([wild, *SPILL], width=width)
        assert "\x1b" not in said
        assert max(map(columns, said.splitlines())) <= width
