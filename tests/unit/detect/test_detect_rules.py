"""Rules: a wrong one is refused by name before anything is read, and a bad example is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake import signature

import tidegate
from tidegate.cli import main
from tidegate.detect.check import check_rules
from tidegate.detect.rules import Rule, compile_rule, load_rules, parse_rule
from tidegate.errors import RuleError

GOLDEN = Path(__file__).parents[2] / "golden"

GOOD = """\
id = "mine"
title = "A thing of mine"
provider = "other"
kind = "of_mine"
why = "It opens my door."
fix = "Change the lock."
references = ["https://example.org/"]
anchors = ["my_door_[0-9a-f]{8}"]
pattern = 'my_door_(?P<secret>[0-9a-f]{32})'
examples = ["my_door_0123456789abcdeffedcba9876543210"]
counterexamples = ["my_door_open"]
"""

WRONG = {
    "id is missing": ('id = "mine"\n', ""),
    "title is not a str": ('title = "A thing of mine"', "title = 7"),
    "references is not a list": ('["https://example.org/"]', "[]"),
    "references is not a list ": ('["https://example.org/"]', "[7]"),
    "anchors is not a list": ('anchors = ["my_door_[0-9a-f]{8}"]', "anchors = 'my_door'"),
    "anchors has 'my'": ('["my_door_[0-9a-f]{8}"]', '["my"]'),
    "anchors has a character beyond ASCII": ('["my_door', '["my_döör'),
    "literals has ''": ("\nexamples =", '\nliterals = [""]\nexamples ='),
    "pattern does not compile": ("[0-9a-f]{32}", "[0-9a-f"),
    "pattern does not compile: a character beyond": ("[0-9a-f]{32}", "中"),
    "pattern does not compile: invalid perl operator": ("[0-9a-f]{32}", "(?=x)"),
    "companion does not compile": ("\nexamples =", "\ncompanion = '('\nexamples ="),
    "checks has 'strong'": ("\nexamples =", '\nchecks = ["strong"]\nexamples ='),
    "stitch has 'neighbour'": ("\nexamples =", '\nstitch = ["neighbour"]\nexamples ='),
    "needs has 'account'": ("\nexamples =", '\nneeds = ["account"]\nexamples ='),
    "refuses has 'account'": ("\nexamples =", '\nrefuses = ["account"]\nexamples ='),
    "confidence has 'sure'": ("\nexamples =", '\nconfidence = "sure"\nexamples ='),
    "before is not between": ("\nexamples =", "\nbefore = -1\nexamples ="),
    "after is not between": ("\nexamples =", "\nafter = 1000000000\nexamples ="),
    "rank is not a int": ("\nexamples =", '\nrank = "high"\nexamples ='),
    "rank is not a int ": ("\nexamples =", "\nrank = true\nexamples ="),
    "link is not a bool": ("\nexamples =", "\nlink = 1\nexamples ="),
    "examples is empty": ('["my_door_0123456789abcdeffedcba9876543210"]', "[]"),
    "examples[0] has no text": ('["my_door_0123456789abcdeffedcba9876543210"]', '[{secret = "x"}]'),
    "examples[0] has a value that is no string": (
        '["my_door_0123456789abcdeffedcba9876543210"]',
        '[{text = "x", secret = 7}]',
    ),
    "counterexamples is not a list": ('["my_door_open"]', "[]"),
    "unknown key 'colour'": ("\nexamples =", '\ncolour = "red"\nexamples ='),
    "Invalid value": ("\nexamples =", "\nrank = \nexamples ="),
    "nested too deeply": ("\nexamples =", f"\ndeep = {'[' * 5_000}{']' * 5_000}\nexamples ="),
}


@pytest.mark.parametrize(("message", "change"), WRONG.items(), ids=lambda v: str(v)[:40])
def test_a_wrong_rule_is_refused_with_its_file_and_key(
    message: str, change: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    text = GOOD.replace(*change)
    assert text != GOOD
    file.write_text(text)
    with pytest.raises(RuleError) as caught:
        load_rules([file])
    assert str(caught.value).startswith(f"{file}: ")
    assert message.strip() in str(caught.value)


def test_a_good_rule_is_used_beside_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.toml").write_text(GOOD.replace("of_mine", "huggingface_token"))
    (tmp_path / "rules" / "notes.txt").write_text("no rule")
    rules = load_rules([tmp_path / "rules"])
    assert [r.id for r in rules] == sorted([*(r.id for r in load_rules()), "mine"])
    assert check_rules(rules) == []
    (tmp_path / "a.txt").write_text("my_door_0123456789abcdeffedcba9876543210\n")
    report = tidegate.scan(str(tmp_path / "a.txt"), rules=[tmp_path / "rules"], jobs=1)
    assert [f.rule for f in report.findings] == ["mine"]


@pytest.mark.parametrize("name", ["rules/azure-sas.toml", "other.toml"])
def test_no_file_of_the_users_replaces_a_built_in_rule(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(GOOD.replace('"mine"', '"azure-sas"'))
    with pytest.raises(RuleError, match=r"the id 'azure-sas' stands in rules/azure-sas\.toml already"):
        load_rules([file])


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.toml").write_bytes(b'id = "\xff"')
    for path, message in (
        ("empty", "no file in it"),
        ("latin.toml", "not UTF-8"),
        ("none.toml", "No such file"),
    ):
        with pytest.raises(RuleError, match=message) as caught:
            load_rules([tmp_path / path])
        assert str(tmp_path / path) in str(caught.value)


def test_a_provider_nobody_knows_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace('"other"', '"nobody"'))
    with pytest.raises(RuleError, match=r"mine\.toml: provider is 'nobody', not one of"):
        tidegate.scan(str(tmp_path), rules=[tmp_path / "mine.toml"], jobs=1)


def test_a_kind_that_no_decoder_understands_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    with pytest.raises(
        RuleError, match=r"mine\.toml: none of its examples is understood as kind 'of_mine' of 'other'"
    ):
        tidegate.scan(str(tmp_path), rules=[tmp_path / "mine.toml"], jobs=1)


def test_the_check_of_rules_refuses_what_a_scan_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    for text, said in (
        (GOOD, "none of its examples is understood as kind 'of_mine'"),
        (GOOD.replace('"other"', '"nobody"'), "provider is 'nobody'"),
        (GOOD.replace('"of_mine"', '"access_token"'), ""),
    ):
        file.write_text(text)
        assert main(["rules", "check", str(file)]) == (2 if said else 0)
        assert said in capsys.readouterr().err


def test_what_a_users_rule_says_to_do_stands_first(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace('"of_mine"', '"access_token"'))
    report = tidegate.scan(str(tmp_path), rules=[tmp_path / "mine.toml"], jobs=1)
    (finding,) = report.findings
    assert finding.fix[0] == "Change the lock."
    assert "Revoke the token" in finding.fix[1]


def changed(*changes: tuple[str, str]) -> Rule:
    text = GOOD
    for change in changes:
        text = text.replace(*change)
    return parse_rule(text, "mine.toml")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('["my_door_0', '["my_window_0'), "examples[0]: the rule sees nothing in it"),
        (('"my_door_open"', '"my_door_0123456789abcdeffedcba9876543210"'), "counterexamples[0]: the rule sees something"),
        (('["my_door_0123456789abcdeffedcba9876543210"]', '["my_door_00000000000000000000000000000000"]'), "suppressed as a placeholder"),
        (('["my_door_0123456789abcdeffedcba9876543210"]', '[{text = "my_door_0123456789abcdeffedcba9876543210", secret = "x"}]'), "sees another secret"),
        (('["my_door_0123456789abcdeffedcba9876543210"]', '[{text = "my_door_0123456789abcdeffedcba9876543210", account = "x"}]'), "account is None, not 'x'"),
        (("\nexamples =", "\nchecks = ['entropy-4', 'pem']\nexamples ="), "the rule sees nothing in it"),
    ],
)  # fmt: skip
def test_an_example_that_does_not_hold_is_told(change: tuple[str, str], problem: str) -> None:
    (told,) = check_rules([changed(change)])
    assert told.startswith("mine.toml: ")
    assert problem in told


def test_no_problem_shows_the_secret_of_an_example() -> None:
    told = check_rules([changed(("0123456789abcdeffedcba9876543210", signature(1)[:32]))])
    assert told
    assert signature(1)[:10] not in "".join(told)


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_built_in_rule_compiles_and_has_what_a_person_needs(rule: Rule) -> None:
    compile_rule(rule)
    assert rule.file == f"rules/{rule.id}.toml"
    assert all(link.startswith("https://") for link in rule.references)
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.counterexamples


def test_the_built_in_rules_hold_what_they_promise() -> None:
    assert check_rules(load_rules()) == []


def test_the_ids_of_rules_are_kept_for_ever() -> None:
    """People mute and count by them. A new one is added to the file; one that goes is announced."""
    assert [rule.id for rule in load_rules()] == (GOLDEN / "rule_ids.txt").read_text().split()


def test_the_public_names_are_kept() -> None:
    """What `tidegate` exports is what others build on: a name that goes is announced."""
    assert sorted(tidegate.__all__) == (GOLDEN / "public_names.txt").read_text().split()
    for name in tidegate.__all__:
        assert getattr(tidegate, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        tidegate.nothing  # noqa: B018
