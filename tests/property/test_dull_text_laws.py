"""What is passed over in a hurry is nothing that an inspector would have claimed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.inspectors.data._prose import is_dull
from tidegate.inspectors.look import data_kinds, formats

_WORDS = (
    "the river table invoice Stone house mail From Subject: Received: passed Password: user,password GGUF binf A 2 "
    "CREATE TABLE people (a) INSERT INTO ls -la cd git commit sudo apt install export -----BEGIN PRIVATE KEY----- "
    "ref: refs/heads/main 12:30:01 2024-05-06 INFO WARN type=x {{ {% <html> { [ key: = AKIAIOSFODNN7EXAMPLE .. (S'ls' "
    "cos system tR. I1 V x ssh-rsa AAAA import os class A: PGP machine host login url,username,password,notes,name "
    "tree version P3 BM Nov 26 BEGIN:VCARD account remote 1194 dev tun - * 1,2,3,4,5 WinSCP a:5432:b c:*:d x:1:::y Username 01,A,B \u00e9t\u00e9 Gr\u00fc\u00dfe"
).split()
_TEXTS = st.lists(st.sampled_from([*_WORDS, "\n", "\n\n", ", ", "; "]), max_size=60).map(" ".join)


@given(text=_TEXTS, name=st.sampled_from(["a.txt", "notes/b.md", "README.md", "log.txt", "users.txt"]))
@example(text="A\n2\n197888\n131840\n", name="a.txt")
@example(text="binf is no word but the beginning of a model", name="a.txt")
@example(text="Use it, or see:\n  * Username : ann\n", name="a.txt")
@example(text="Copy it with WinSCP or see a:5432:b and c:*:d, then x:1:::y.", name="a.txt")
@example(text="Dear all, the meeting is moved to Thursday.\n\nBest, Ann\n", name="a.txt")
def test_no_inspector_claims_a_dull_text(text: str, name: str) -> None:
    raw = text.encode()
    if is_dull(raw, name):
        asked = [*formats(), *(each for each in data_kinds() if each.id != "text")]
        assert [each.id for each in asked if each.claims(raw, raw, len(raw), name)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Dear all, the meeting is moved to Thursday.\n\nBest, Ann\n",
        "The tide turns twice a day (more or less); \u00e9t\u00e9 comme hiver. See chapter 3/4.",
    ],
)
def test_plain_prose_is_dull(text: str) -> None:
    assert is_dull(text.encode(), "letters/may.txt")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The password is below", "a.txt"),
        ("-----BEGIN PRIVATE KEY-----", "a.txt"),
        ("Dear all, the meeting", "a.csv"),
        ("Dear all, \x00the meeting", "a.txt"),
        ("cos\nsystem\n(S'ls'\ntR.", "a.txt"),
    ],
)
def test_what_may_be_more_is_looked_at(text: str, name: str) -> None:
    assert not is_dull(text.encode(), name)
