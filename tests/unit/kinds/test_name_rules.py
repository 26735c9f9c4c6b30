"""Every rule of names wins its own examples, and a command lists and tests them."""

from __future__ import annotations

import json

import pytest

from tidegate.cli import main
from tidegate.inventory import _needles
from tidegate.kinds import names


def test_every_rule_wins_its_examples_and_leaves_its_counterexamples() -> None:
    assert names.problems() == []


def test_every_pattern_has_needles_and_its_examples_hold_one_and_end_as_it_asks() -> None:
    for rule in names.patterns():
        assert _needles.needles(rule.pattern)
        tails = _needles.tails(rule.pattern)
        for example in rule.examples:
            assert tails is None or example.lower().encode()[-3:] in tails, (rule.id, example)


def test_the_rules_of_names_are_listed_in_the_order_in_which_they_win(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "list", "--names", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in listed] == [rule.id for rule in names.rules()]
    assert all(each["endings"] or each["pattern"] for each in listed)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("usr/share/perl/5.36.0/CPAN/Kwalify/distroprefs.dd", "program"),
        ("etc/ca-certificates/update.d/jks-keystore", "other"),
        ("usr/share/man/man1/pg_dumpall.1.gz", "document"),
        ("tests/certs/server.key", "test_key"),
        ("it/passwords.kdbx.bak", "password_vault"),
        ("graph/chats/19_meeting_x@thread.v2/messages.json", "teams_messages"),
    ],
)
def test_what_is_ordinary_stays_so_and_what_is_not_is_told(path: str, kind: str) -> None:
    assert names.kind_of(path) == kind
