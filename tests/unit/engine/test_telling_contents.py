"""What was read corrects and proves what names say; a name alone proves nothing."""

from __future__ import annotations

from dataclasses import replace

from tidegate.engine.looked import Looked, holds
from tidegate.engine.tell import contents_of
from tidegate.model.contents import Contents, Kind
from tidegate.model.observation import Inspection, Observation, Step, Verdict
from tidegate.model.severity import Severity


def item(kind: str, step: Step, verdict: Verdict | None = None, fingerprint: str = "") -> Inspection:
    seen = Observation(
        inspector="x", kind=kind, severity=Severity.HIGH, summary="seen", step=step, fingerprint=fingerprint
    )
    return Inspection(
        path="c/a", kind=kind, verdict=verdict, severity=Severity.HIGH, observations=(seen,), size_bytes=10, bytes_read=5
    )  # fmt: skip


NAMES = Contents(
    containers=1, items=5, bytes=50, complete=True,
    kinds=(Kind(kind="other", items=3, bytes=30), Kind(kind="private_key", items=2, bytes=20, severity=Severity.HIGH)),
)  # fmt: skip


def test_what_is_known_by_its_name_alone_is_not_proved() -> None:
    told = contents_of(NAMES, [Looked(item("private_key", Step.NAME), "private_key", 10)], (), 5)
    assert told.kinds == NAMES.kinds
    assert [each.step for each in told.noted] == [Step.NAME]
    assert not holds(item("private_key", Step.NAME))


def test_what_was_read_is_counted_under_its_true_kind_and_proved() -> None:
    told = contents_of(NAMES, [Looked(item("private_key", Step.ENDS), "other", 10)], (), 5)
    kinds = {each.kind: each for each in told.kinds}
    assert (kinds["other"].items, kinds["private_key"].items, kinds["private_key"].proved) == (2, 3, 1)
    assert kinds["private_key"].severity is Severity.CRITICAL
    assert [each.summary for each in told.noted] == ["1 private key"]


def test_the_same_secret_in_two_items_is_one() -> None:
    twice = [Looked(item("aws_key", Step.SAMPLE, fingerprint="f1"), "other", 10) for _ in range(2)]
    told = contents_of(NAMES, twice, (), 5)
    assert [each.summary for each in told.noted] == ["1 secret in a text: seen"]
    assert holds(twice[0].item) == {"credentials"}


def test_the_same_private_key_in_two_files_is_one() -> None:
    def key(fingerprint: str) -> Looked:
        found = item("private_key", Step.WHOLE, fingerprint=fingerprint)
        (seen,) = found.observations
        seen = replace(seen, inspector="private_key", numbers={"keys": 1})
        return Looked(replace(found, observations=(seen,)), "private_key", 10)

    told = contents_of(NAMES, [key("f1"), key("f1")], (), 5)
    assert [(each.summary, each.phrase) for each in told.noted] == [
        ("1 private key in 2 files", "1 private key")
    ]
    told = contents_of(NAMES, [key("f1"), key("f2"), key("f1")], (), 5)
    assert [each.summary for each in told.noted] == ["2 different private keys in 3 files"]
    told = contents_of(NAMES, [key("f1"), key("f2")], (), 5)
    assert [each.summary for each in told.noted] == ["2 private keys"]


def test_a_kind_is_as_bad_as_the_worst_that_was_proved_in_its_items() -> None:
    models = replace(NAMES, kinds=(Kind(kind="model", items=2, bytes=20, severity=Severity.LOW),))
    runs, clean = item("pickle", Step.WHOLE, Verdict.DANGEROUS), item("pickle", Step.WHOLE, Verdict.CLEAN)
    (told,) = contents_of(models, [Looked(runs, "model", 10)], (), 5).kinds
    assert (told.items, told.proved, told.severity) == (2, 1, Severity.CRITICAL)
    (told,) = contents_of(models, [Looked(replace(clean, observations=()), "model", 10)], (), 5).kinds
    assert told.severity is Severity.LOW
    table = replace(item("dataset", Step.WHOLE), observations=(_seen("secret", Severity.CRITICAL),))
    tables = replace(NAMES, kinds=(Kind(kind="dataset", items=3, bytes=30, severity=Severity.LOW),))
    (told,) = contents_of(tables, [Looked(table, "dataset", 10)], (), 5).kinds
    assert told.severity is Severity.CRITICAL


def test_what_could_not_be_read_whole_makes_no_kind_worse() -> None:
    image = replace(item("image", Step.ENDS), observations=(_seen("not_complete", Severity.MEDIUM),))
    images = replace(NAMES, kinds=(Kind(kind="image", items=1, bytes=10),))
    (told,) = contents_of(images, [Looked(image, "image", 10)], (), 5).kinds
    assert told.severity is Severity.INFO


def test_an_empty_item_leaves_nothing_to_look_into() -> None:
    told = contents_of(NAMES, [Looked(item("private_key", Step.ENDS), "other", 10)], (), 5, empty=4)
    assert told.items_read == told.items == 5


def test_a_repository_of_many_files_is_one() -> None:
    def part(path: str, severity: Severity) -> Looked:
        found = replace(item("git_repository", Step.ENDS), path=path, severity=severity)
        seen = _seen("git_repository", severity)
        return Looked(replace(found, observations=(seen,)), "git_repository", 10)

    pack = part("a/.git/objects/pack/pack-1.pack", Severity.MEDIUM)
    index = part("a/.git/objects/pack/pack-1.idx", Severity.MEDIUM)
    branch, other = (
        part("a/.git/HEAD", Severity.INFO),
        part("b.git/objects/pack/pack-2.pack", Severity.MEDIUM),
    )
    (told,) = contents_of(NAMES, [pack, index, branch], (), 5).noted
    assert (told.phrase, told.summary) == ("1 git repository", "1 git repository (3 files)")
    (told,) = contents_of(NAMES, [pack, branch, other], (), 5).noted
    assert (told.phrase, told.summary) == ("2 git repositories", "2 git repositories (3 files)")
    assert not contents_of(NAMES, [branch], (), 5).noted


def _seen(kind: str, severity: Severity) -> Observation:
    return Observation(inspector="x", kind=kind, severity=severity, summary="seen", step=Step.WHOLE)
