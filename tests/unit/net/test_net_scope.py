from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ConfigError, OutOfScopeError
from tidegate.net.limits import Budget, Limits
from tidegate.net.scope import Scope

WHOLE = """
[scope]
azure = ["contosomodels", "contoso-*", "data.contoso.com"]
s3 = ["contoso-public", "AKIAMADEUP"]
gcs = ["contoso-*"]
[endpoints]
azure = "http://127.0.0.1:10000/{account}/"
s3 = "http://127.0.0.1:9000"
[budget]
requests_per_second = 5
requests = 1000
bytes_read = "5 GiB"
seconds = 60
"""


def load(folder: Path, text: str) -> Scope:
    path = folder / "tidegate.toml"
    path.write_text(text)
    return Scope.load(path)


def test_a_scope_file_is_read(tmp_path: Path) -> None:
    scope = load(tmp_path, WHOLE)
    assert scope.names["azure"] == ("contosomodels", "contoso-*", "data.contoso.com")
    assert scope.endpoint("azure", "contosomodels", "queue") == "http://127.0.0.1:10000/contosomodels"
    assert scope.endpoint("s3", "contoso-public", "s3") == "http://127.0.0.1:9000"
    assert scope.endpoint("gcs", "contoso-a", "gcs") is None
    assert scope.budget == Budget(requests_per_second=5.0, requests=1000, bytes_read=5 << 30, seconds=60.0)


def test_an_empty_scope_file_allows_nothing(tmp_path: Path) -> None:
    scope = load(tmp_path, "")
    assert not any(
        scope.allows(provider, "contoso", "contoso.example") for provider in ("azure", "s3", "gcs")
    )
    assert scope.budget == Budget()


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ('[scope]\nazur = ["a"]', r"\[scope\]: unknown key 'azur'", "azure"),
        ("[scpe]", "unknown key 'scpe'", "scope"),
        ("[budget]\nrequest = 1", r"\[budget\]: unknown key 'request'", "requests"),
        ("[endpoints.azure]\nblobs = 'http://a'", "azure: unknown key 'blobs'", "blob"),
        ('[scope]\nazure = "contoso"', r"\[scope\] azure must be a list", "["),
        ("[scope]\nazure = [1]", r"\[scope\] azure must be a list", "["),
        ('[scope]\nazure = [""]', r"\[scope\] azure: '' names no account", "bare name"),
        ('[scope]\ns3 = ["s3://contoso"]', "names no account", "bare name"),
        ('[scope]\ns3 = ["contoso/x"]', "names no account", "bare name"),
        ('[scope]\nazure = ["https://contoso.example"]', "names no account", "bare name"),
        ('[scope]\nazure = ["-contoso"]', "names no account", "bare name"),
        ("scope = 3", "scope must be a table", "[scope]"),
        ("[scope", "is no TOML", ""),
        ("[endpoints]\ns3 = 9000", "must be an address", "http"),
        ('[endpoints]\ns3 = "127.0.0.1:9000"', "no plain http", "http"),
        ('[endpoints]\ns3 = "ftp://127.0.0.1"', "no plain http", "http"),
        ('[endpoints]\ns3 = "http://user@127.0.0.1"', "no plain http", "http"),
        ('[endpoints]\ns3 = "http://127.0.0.1:99999"', "no port", "http"),
        ('[endpoints]\ns3 = "http://127.0.0.1/?x=1"', "no query", ""),
        ('[endpoints]\nca = "nowhere.pem"', "there is no file", ""),
        (
            '[endpoints]\nazure = "http://127.0.0.1:10000/contoso"',
            "where the account's name goes",
            "{account}",
        ),
        ("[endpoints]\nca = 1", "ca must be the name of a file", ""),
        ('[budget]\nbytes_read = "5 parsecs"', "bytes_read: '5 parsecs' is no size", "GiB"),
        ("[budget]\nbytes_read = -1", "bytes_read must be a whole number", ""),
        ("[budget]\nrequests = 1.5", "requests must be a whole number", ""),
        ("[budget]\nrequests = true", "requests must be a whole number", ""),
        ("[budget]\nrequests_per_second = 0", "must be a number above 0", ""),
        ("[budget]\nrequests_per_second = inf", "must be a number above 0", ""),
        ("[budget]\nseconds = nan", "must be a number above 0", ""),
    ],
)
def test_what_is_wrong_in_a_scope_file_is_named(tmp_path: Path, text: str, where: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=where) as error:
        load(tmp_path, text)
    assert "tidegate.toml" in str(error.value)
    assert hint in error.value.hint


def test_a_scope_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        Scope.load(tmp_path / "nowhere.toml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is no TOML"):
        Scope.load(tmp_path / "binary")
    (tmp_path / "nested").write_text("a = " + "[" * 100_000)
    with pytest.raises(ConfigError, match="is no TOML"):
        Scope.load(tmp_path / "nested")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2 << 20)
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        Scope.load(tmp_path / "huge")


@given(st.text(max_size=200))
def test_any_text_is_a_scope_or_a_configuration_error(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tidegate.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            scope = Scope.load(path)
        except ConfigError as error:
            assert "tidegate.toml" in str(error)  # noqa: PT017 - both ends are right
        else:
            assert isinstance(scope, Scope)


@pytest.mark.parametrize(
    ("size", "expected"),
    [('"0"', 0), ("7", 7), ('"200 MB"', 200_000_000), ('"1.5 KiB"', 1536), ('"2TiB"', 2 << 40), ('"3 B"', 3)],
)
def test_sizes_are_read_with_their_units(tmp_path: Path, size: str, expected: int) -> None:
    assert load(tmp_path, f"[budget]\nbytes_read = {size}").budget.bytes_read == expected


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("contosomodels", True),
        ("CONTOSOMODELS", True),
        ("contoso-x", True),
        ("contoso-", True),
        ("contosomodels2", False),
        ("xcontosomodels", False),
        ("contoso", False),
        ("contoso-x/y", False),
        ("contoso-x\n", False),
        ("contoso-*", False),
        ("contoso-é", False),
        ("", False),
    ],
)
def test_only_whole_names_match(name: str, allowed: bool) -> None:
    assert Scope.of(azure=["contosomodels", "contoso-*"]).allows("azure", name) is allowed


def test_capitals_count_in_buckets_and_keys_but_not_in_accounts_and_hosts() -> None:
    scope = Scope.of(azure=["contoso"], s3=["Contoso", "files.contoso.com"])
    assert scope.allows("azure", "Contoso")
    assert not scope.allows("s3", "contoso")
    assert scope.names_host("s3", "FILES.contoso.com")


def test_a_name_in_the_scope_of_one_provider_says_nothing_of_another() -> None:
    scope = Scope.of(azure=["contoso"])
    assert not scope.allows("s3", "contoso")
    assert not scope.allows("other", "contoso")


def test_an_entry_with_a_dot_names_a_host_and_one_without_does_not() -> None:
    scope = Scope.of(azure=["data.contoso.com", "*"])
    assert scope.names_host("azure", "data.contoso.com")
    assert not scope.names_host("azure", "evil.example")


@pytest.mark.parametrize("pattern", ["contoso.*", "*.com", "data.*.com", "*", "*contoso.com", "contoso.*.*"])
def test_a_wildcard_for_buckets_opens_no_hosts_of_others(pattern: str) -> None:
    scope = Scope.of(s3=[pattern])
    assert not scope.names_host("s3", "contoso.evil.example")
    assert not scope.names_host("s3", "data.evil.com")
    assert not scope.names_host("s3", "evilcontoso.com")


def test_a_wildcard_in_front_of_a_domain_names_its_hosts() -> None:
    scope = Scope.of(s3=["*.contoso.com"])
    assert scope.names_host("s3", "a.b.contoso.com")
    assert not scope.names_host("s3", "contoso.com")


def test_a_dot_in_a_pattern_is_a_dot() -> None:
    assert not Scope.of(azure=["data.contoso.com"]).names_host("azure", "dataxcontoso.com")


def test_only_names_without_a_wildcard_are_given_by_name() -> None:
    assert Scope.of(s3=["a", "b-*", "c"]).named("s3") == ("a", "c")
    assert Scope().named("s3") == ()


def test_a_name_typed_on_purpose_joins_the_scope() -> None:
    scope = Scope.of(azure=["a"]).with_names(["b", "s3:c"])
    assert scope.names == {"azure": ("a", "b"), "s3": ("b", "c"), "gcs": ("b",)}


@pytest.mark.parametrize("name", ["", "*", "contoso-*", "b2:x", "azure:", "azure:*", "a/b", "https://x"])
def test_a_name_typed_on_purpose_is_one_name(name: str) -> None:
    with pytest.raises(ConfigError):
        Scope().with_names([name])


def test_a_service_without_an_endpoint_beside_others_that_have_one_is_refused() -> None:
    scope = Scope.of(azure=["a"], endpoints={"azure": {"blob": "http://127.0.0.1:10000/{account}"}})
    assert scope.endpoint("azure", "a", "blob") == "http://127.0.0.1:10000/a"
    with pytest.raises(OutOfScopeError) as error:
        scope.endpoint("azure", "a", "queue")
    assert "queue" in error.value.hint


def test_an_endpoint_may_name_its_service_in_the_address() -> None:
    scope = Scope.of(azure=["a"], endpoints={"azure": "https://{account}.{service}.storage.contoso.com"})
    assert scope.endpoint("azure", "a", "queue") == "https://a.queue.storage.contoso.com"


def test_the_id_of_a_scope_depends_on_its_names_alone() -> None:
    one = Scope.of(azure=["a", "b"], s3=["c"])
    assert one.id == Scope.of(s3=["c"], azure=["b", "a"], budget=Budget(seconds=1)).id
    assert one.id != Scope.of(azure=["a"]).id


def test_a_name_that_no_scope_can_hold_gets_no_line_to_add() -> None:
    assert Scope().line_for("azure", 'x"]\nazure=["*') == ""


def test_the_scope_file_of_the_documentation_is_one_and_shows_the_defaults(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/scope.md").read_text()
    shown = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert shown
    (tmp_path / "our-authority.pem").touch()
    assert load(tmp_path, shown[1]).budget == Budget()
    bounds = dict(
        re.findall(r"\| (connecting|silence in an answer|one attempt|one request)[^|]*\| (\d+) s", page)
    )
    limits = Limits()
    assert {name: float(value) for name, value in bounds.items()} == {
        "connecting": limits.connect_s,
        "silence in an answer": limits.idle_s,
        "one attempt": limits.attempt_s,
        "one request": limits.request_s,
    }
