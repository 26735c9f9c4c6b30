"""Secrets in a piece of text: types, places, counts, fingerprints; never a value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.detect.checks import pem_body
from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules
from tidegate.inspectors.fingerprints import of_private_key
from tidegate.inspectors.fingerprints import pem_body as own_pem_body
from tidegate.inspectors.secrets import Secrets, observe
from tidegate.inspectors.secrets.place import public_by_path
from tidegate.model.observation import Observation
from tidegate.model.secret import Secret
from tidegate.model.severity import Severity

TOKEN = "ghp_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX"
PASSWORD = "Tr0ub4dor&3-x9"
PEM = """-----BEGIN RSA PRIVATE KEY-----
MIId226x0qau4oNARnHOugu+7G5WvAJ8GaeK1LJZk9/u0WN3zq9fM8GF6tpNioTre
BGxPGUkHEOXYk3unLvqQqgCkPd6xeiDU4RmIjWvzvNveeQQXqPlnyFcyqWor/gR7
-----END RSA PRIVATE KEY-----"""
AWS = (
    "aws_access_key_id = AKIATIDEGATEFAKEKEY2\naws_secret_access_key = "
    "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"
)


@pytest.fixture(scope="module")
def ours() -> Secrets:
    rules = load_rules()
    return Secrets(detect=Detector(rules).scan_text, titles={rule.id: rule.title for rule in rules})


def worst(found: list[Observation]) -> Severity:
    return max((each.severity for each in found), key=lambda word: word.rank, default=Severity.INFO)


def test_a_token_is_told_by_type_line_and_place_and_never_shown() -> None:
    text = f"# settings\nname = x\ntoken = {TOKEN}\nagain = {TOKEN}\n"
    (seen,) = observe(text, "backup/app.conf")
    assert seen.summary == "GitHub personal access token, line 3, 2 times"
    assert seen.numbers == {"places": 2}
    assert seen.offset == text.index(TOKEN)
    assert seen.severity is Severity.HIGH
    assert TOKEN not in repr(seen)


def test_the_same_secret_in_two_files_and_in_a_scan_has_one_fingerprint() -> None:
    one, two = observe(f"token={TOKEN}", "a.txt"), observe(f'{{"gh": "{TOKEN}"}}', "b.json")
    assert one[0].fingerprint == two[0].fingerprint == Secret(TOKEN).fingerprint


def test_a_password_that_a_person_chose_has_a_fingerprint_of_this_run_only() -> None:
    (seen,) = observe(f'DB_PASSWORD="{PASSWORD}"\n', "srv/.env")
    assert seen.severity is Severity.MEDIUM
    assert seen.fingerprint.startswith("tgr-")
    assert seen.fingerprint != Secret(PASSWORD).fingerprint


def test_our_own_rules_tell_keys_of_storage_once(ours: Secrets) -> None:
    found = ours.observe(AWS, "home/anna/.aws/credentials")
    assert [each.summary for each in found] == ["AWS secret access key, line 2"]
    assert found[0].severity is Severity.CRITICAL


def test_a_private_key_has_the_fingerprint_that_a_scan_gives_it(ours: Secrets) -> None:
    (seen,) = ours.observe(PEM, "home/anna/.ssh/id_rsa")
    assert seen.kind == "private_key"
    assert seen.severity is Severity.CRITICAL
    assert seen.fingerprint == of_private_key(PEM) == observe(PEM, "x/id_rsa")[0].fingerprint


@given(st.text(alphabet="AB9+/=\\\nnr -:abcENDBGI", max_size=200))
def test_the_body_of_a_key_is_the_one_that_detection_takes(text: str) -> None:
    pem = f"-----BEGIN X-----{text}-----END X-----"
    assert own_pem_body(pem) == pem_body(pem)


@pytest.mark.parametrize(
    "path", ["src/tests/certs/key.pem", "lib/site-packages/a/b.py", "x/node_modules/y/z.js", "a/key_test.go"]
)
def test_the_path_lowers_what_is_public_material(path: str, ours: Secrets) -> None:
    found = ours.observe(f"{PEM}\n{TOKEN}\n", path)
    assert len(found) == 2
    assert worst(found) is Severity.LOW
    assert all("(" in each.summary for each in found)


@pytest.mark.parametrize(
    "path", ["backup/test-server/id_rsa", "home/contest/.env", "latest/key.pem", "testament.txt"]
)
def test_a_word_that_only_begins_like_test_lowers_nothing(path: str) -> None:
    assert public_by_path(path) is None


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['DB_PASSWORD']",
        "password: ${DB_PASSWORD}",
        "DB_PASSWORD=changeme",
        'client_secret: "your-client-secret-here"',
        "proxy = http://user:password@example.com:8080/",
        'integrity "sha512-z3fjbVl9jKcOUzqFB5eXv4tKxJAJ0nKQ7bFzS6Yl9m8cM5aGQ0mCkpPpOLp3D5VnD3pXW2l0yW8k0C7gQ=="',
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
        "token_url = https://login.contoso.com/oauth2/v2.0/token",
        "commit 3f2a9c8d7e6b5a4f3c2d1e0f9a8b7c6d5e4f3a2b",
        "id: 6f1ed002-ab5a-4cd1-9b8f-1c2d3e4f5a6b",
    ],
)
def test_placeholders_code_hashes_and_addresses_raise_no_alarm(text: str) -> None:
    assert worst(observe(text, "srv/app.conf")).rank < Severity.MEDIUM.rank


def test_many_secrets_of_one_type_are_twenty_lines_and_a_sum() -> None:
    text = "".join(f"k{n} = {TOKEN[:-3]}{n:03d}\n" for n in range(200, 300))
    found = observe(text, "dump/keys.txt")
    assert len(found) <= 21
    assert sum(each.count for each in found) == 100


def test_utf_16_is_read() -> None:
    assert observe(f"token = {TOKEN}".encode("utf-16"), "a.txt")[0].severity is Severity.HIGH


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(["a.env", "x.py", "", "a/b\\c", "\0"]))
def test_any_bytes_end_in_a_list(data: bytes, name: str) -> None:
    assert isinstance(observe(data, name), list)


def test_a_token_that_its_own_name_calls_a_sample_counts_low():
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA2cD4eF6gH8"
    for line, severity in (
        ("token", Severity.HIGH),
        ("sampleToken", Severity.LOW),
        ("counterexample", Severity.HIGH),
    ):
        found = observe(f'const {line} = "{token}"\n', "src/x.go")
        assert [each.severity for each in found] == [severity], line


def test_a_field_of_a_struct_is_no_token_of_vault():
    line = "\ts.OauthClientRsaPublicKey2 = &OauthClientRsaPublicKey2\n\tvault := 1\n"
    assert [each for each in observe(line, "src/x.go") if "Vault" in each.summary] == []
