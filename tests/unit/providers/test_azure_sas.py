"""Links that Azure's own libraries sign, and links that people mangled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas
from provider_sightings import DECODERS, NOW, SIG, decode, redact, sighting
from test_azure_canonical import KEY, TOKENS, delegation_key

from tidegate.model.grant import Grant, Permission, Scope, Validity

P = Permission
HOST = "https://contosomodels.blob.core.windows.net"
END = datetime(2051, 10, 6, 7, 0, tzinfo=UTC)


def sas(query: str, where: str = f"{HOST}/models", **context: str) -> Grant:
    return decode("azure", "sas", f"{where}?{query}&sig=Zm9yZ2Vk", "Zm9yZ2Vk", **context)


EXPECTED: dict[str, tuple[str, str, Scope, str, set[Permission], Validity]] = {
    "account": (
        HOST + "/models",
        "account_sas",
        Scope.ACCOUNT,
        "blob",
        {P.READ, P.WRITE, P.DELETE},
        Validity.VALID,
    ),
    "blob": (
        HOST + "/models/a%20dir/model.ckpt",
        "service_sas",
        Scope.OBJECT,
        "blob",
        {P.READ},
        Validity.VALID,
    ),
    "snapshot": (HOST + "/models/x", "service_sas", Scope.OBJECT, "blob", {P.READ}, Validity.VALID),
    "container": (HOST + "/models", "service_sas", Scope.CONTAINER, "blob", {P.READ, P.LIST}, Validity.VALID),
    "policy": (HOST + "/models", "service_sas", Scope.CONTAINER, "blob", {P.UNKNOWN}, Validity.UNKNOWN),
    "delegated container": (
        HOST + "/models",
        "user_delegation_sas",
        Scope.CONTAINER,
        "blob",
        {P.READ, P.LIST},
        Validity.VALID,
    ),
    "directory": (
        "https://contosomodels.dfs.core.windows.net/models/a%20dir/sub/deeper/f",
        "service_sas",
        Scope.DIRECTORY,
        "blob",
        {P.READ, P.LIST},
        Validity.VALID,
    ),
    "share": (
        "https://contosomodels.file.core.windows.net/share",
        "service_sas",
        Scope.CONTAINER,
        "file",
        {P.READ, P.WRITE, P.DELETE, P.LIST},
        Validity.VALID,
    ),
    "file": (
        "https://contosomodels.file.core.windows.net/share/dir/f.txt",
        "service_sas",
        Scope.OBJECT,
        "file",
        {P.READ},
        Validity.VALID,
    ),
    "queue": (
        "https://contosomodels.queue.core.windows.net/jobs",
        "service_sas",
        Scope.CONTAINER,
        "queue",
        {P.READ, P.ADD, P.UPDATE, P.PROCESS},
        Validity.VALID,
    ),
    "delegated queue": (
        "https://contosomodels.queue.core.windows.net/jobs",
        "user_delegation_sas",
        Scope.CONTAINER,
        "queue",
        {P.READ},
        Validity.VALID,
    ),
    "table": (
        "https://contosomodels.table.core.windows.net/Runs",
        "service_sas",
        Scope.CONTAINER,
        "table",
        {P.READ, P.ADD},
        Validity.VALID,
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_link_signed_by_azures_library_is_read_as_what_it_is(name: str) -> None:
    where, kind, scope, service, rights, state = EXPECTED[name]
    token, _ = TOKENS[name]
    grant = decode("azure", "sas", f"{where}?{token}")
    assert (grant.kind, grant.scope, grant.account, grant.validity) == (kind, scope, "contosomodels", state)
    assert service in grant.services
    assert rights <= set(grant.permissions)
    if kind != "account_sas":
        assert rights == set(grant.permissions)


def test_the_2023_shape_is_an_account_wide_link_to_read_write_and_delete_until_2051() -> None:
    token = generate_account_sas(
        "contosomodels", KEY, "sco", "rwdlacupitfx", END, datetime(2021, 10, 6, tzinfo=UTC), services="bfqt"
    )
    grant = decode("azure", "sas", f"{HOST}/models/?{token}")
    assert grant.kind == "account_sas"
    assert grant.scope is Scope.ACCOUNT
    assert grant.services == ("blob", "file", "queue", "table")
    assert grant.container == "models"
    assert grant.expires_at == END
    assert set(grant.matrix["blob"]) >= {
        P.LIST_CONTAINERS,
        P.LIST,
        P.READ,
        P.WRITE,
        P.DELETE,
        P.DELETE_CONTAINERS,
    }
    assert P.MINT not in grant.permissions
    assert any("30 years" in each for each in grant.warnings)


# learn.microsoft.com/rest/api/storageservices/create-account-sas, "Account SAS permissions by operation".
EFFECTIVE = [
    ("b", "s", "r", {"blob": {P.PROPERTIES}}),
    ("b", "s", "l", {"blob": {P.LIST_CONTAINERS}}),
    ("b", "s", "w", {"blob": {P.SERVICE_SETTINGS}}),
    ("b", "s", "dcau", {"blob": set()}),
    ("b", "c", "l", {"blob": {P.LIST}}),
    ("b", "c", "d", {"blob": {P.DELETE_CONTAINERS}}),
    ("b", "c", "c", {"blob": {P.CREATE_CONTAINERS}}),
    ("b", "o", "rwdl", {"blob": {P.READ, P.WRITE, P.DELETE}}),
    ("b", "o", "xyti", {"blob": {P.DELETE_VERSION, P.PERMANENT_DELETE, P.TAGS, P.IMMUTABILITY}}),
    ("bfqt", "o", "u", {"blob": set(), "file": set(), "queue": {P.UPDATE}, "table": {P.UPDATE}}),
    ("bq", "o", "p", {"blob": set(), "queue": {P.PROCESS}}),
    ("fqt", "o", "a", {"file": set(), "queue": {P.ADD}, "table": {P.ADD}}),
    ("qt", "c", "l", {"queue": set(), "table": {P.LIST_CONTAINERS}}),
    ("bf", "sco", "f", {"blob": {P.FILTER_BY_TAGS}, "file": set()}),
    ("b", "o", "@", {"blob": {P.UNKNOWN}}),
    ("b", "oz", "r", {"blob": {P.READ, P.UNKNOWN}}),
]


@pytest.mark.parametrize(("ss", "srt", "sp", "expected"), EFFECTIVE)
def test_an_account_sas_permits_services_times_levels_times_letters(
    ss: str, srt: str, sp: str, expected: dict[str, set[Permission]]
) -> None:
    grant = sas(f"sv=2022-11-02&ss={ss}&srt={srt}&sp={sp}&se=2051-10-06")
    assert {service: set(rights) for service, rights in grant.matrix.items()} == expected


def test_a_letter_without_effect_is_said_to_have_none() -> None:
    grant = sas("sv=2022-11-02&ss=b&srt=o&sp=rl&se=2051-10-06")
    assert any("'l' has no effect" in each for each in grant.warnings)


@pytest.mark.parametrize("missing", ["ss", "srt", "sp"])
def test_what_an_account_sas_does_not_say_is_read_as_larger(missing: str) -> None:
    fields = {"ss": "b", "srt": "o", "sp": "r"}
    del fields[missing]
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    grant = sas(f"sv=2022-11-02&{query}&se=2051-10-06")
    assert grant.scope is Scope.ACCOUNT
    assert grant.permissions
    assert any(missing in each for each in grant.warnings)


CONTAINER_LETTERS = {
    "r": P.READ, "a": P.ADD, "c": P.CREATE, "w": P.WRITE, "d": P.DELETE, "x": P.DELETE_VERSION,
    "y": P.PERMANENT_DELETE, "l": P.LIST, "t": P.TAGS, "f": P.FILTER_BY_TAGS, "m": P.MOVE, "e": P.EXECUTE,
    "o": P.OWNERSHIP, "p": P.SET_POLICY, "i": P.IMMUTABILITY, "z": P.UNKNOWN,
}  # fmt: skip


@pytest.mark.parametrize(("letter", "right"), CONTAINER_LETTERS.items())
def test_each_letter_of_a_container_link_is_one_right(letter: str, right: Permission) -> None:
    assert sas(f"sv=2022-11-02&sr=c&sp={letter}&se=2051-10-06").permissions == (right,)


@pytest.mark.parametrize("right", ["raup", "rwu"])
def test_the_same_letter_means_another_thing_in_a_queue(right: str) -> None:
    grant = sas(
        f"sv=2022-11-02&sp={right}&se=2051-10-06", "https://contosomodels.queue.core.windows.net/jobs"
    )
    assert (P.PROCESS in grant.permissions) is ("p" in right)
    assert (P.UNKNOWN in grant.permissions) is ("w" in right)


HOSTS = [
    ("https://contosomodels.blob.core.chinacloudapi.cn/models", "contosomodels", "models", "21Vianet"),
    ("https://contosomodels.blob.core.usgovcloudapi.net/models", "contosomodels", "models", "US Government"),
    ("https://contosomodels.blob.core.cloudapi.de/models", "contosomodels", "models", "Germany"),
    ("https://contosomodels.privatelink.blob.core.windows.net/models", "contosomodels", "models", "public"),
    ("https://contosomodels.z12.blob.storage.azure.net/models", "contosomodels", "models", "public"),
    ("https://contosomodels-secondary.blob.core.windows.net/models", "contosomodels", "models", "public"),
    ("https://CONTOSOMODELS.BLOB.CORE.WINDOWS.NET/$web", "contosomodels", "$web", "public"),
    ("https://contosomodels.blob.core.windows.net:443/$logs", "contosomodels", "$logs", "public"),
    ("https://contosomodels.dfs.core.windows.net/models", "contosomodels", "models", "public"),
    ("https://contosomodels.z13.web.core.windows.net/index.html", "contosomodels", "$web", "public"),
    ("http://127.0.0.1:10000/devstoreaccount1/models", "devstoreaccount1", "models", "emulator"),
    ("http://azurite:10000/devstoreaccount1/models", "devstoreaccount1", "models", "emulator"),
    ("http://devstoreaccount1.blob.localhost:10000/models", "devstoreaccount1", "models", "emulator"),
    ("wasbs://models@contosomodels.blob.core.windows.net/", "contosomodels", "models", "public"),
    ("abfss://models@contosomodels.dfs.core.windows.net/dir", "contosomodels", "models", "public"),
    ("contosomodels.blob.core.windows.net/models", "contosomodels", "models", "public"),
]


@pytest.mark.parametrize(("where", "account", "container", "cloud"), HOSTS)
def test_the_account_is_read_from_every_form_of_host(
    where: str, account: str, container: str, cloud: str
) -> None:
    grant = sas("sv=2022-11-02&sr=c&sp=r&se=2051-10-06", where)
    assert (grant.account, grant.container) == (account, container)
    assert cloud in grant.facts["cloud"]


def test_a_custom_domain_hides_the_account_but_is_still_a_finding() -> None:
    grant = sas("sv=2022-11-02&sr=c&sp=r&se=2051-10-06", "https://data.contoso.example/models")
    assert (grant.account, grant.container, grant.endpoint) == (None, "models", "data.contoso.example")


def test_a_bare_token_takes_its_account_from_what_stood_near() -> None:
    text = "?sv=2022-11-02&sr=c&sp=rl&se=2051-10-06&sig=Zm9yZ2Vk"
    alone = decode("azure", "sas", text, "Zm9yZ2Vk")
    named = decode("azure", "sas", text, "Zm9yZ2Vk", account="contosomodels", container="models")
    near = decode("azure", "sas", text, "Zm9yZ2Vk", endpoint=f"{HOST}/models")
    assert (alone.account, alone.scope) == (None, Scope.CONTAINER)
    assert (named.account, named.container) == ("contosomodels", "models")
    assert (near.account, near.container) == ("contosomodels", "models")


def test_a_path_from_a_log_line_names_its_container() -> None:
    grant = decode(
        "azure", "sas", "/models/a.bin?sv=2022-11-02&sr=b&sp=r&se=2051-10-06&sig=Zm9yZ2Vk", "Zm9yZ2Vk"
    )
    assert (grant.container, grant.key, grant.account) == ("models", "a.bin", None)


def test_names_with_doubled_slashes_and_escapes_are_kept() -> None:
    grant = sas("sv=2022-11-02&sr=b&sp=r&se=2051-10-06", f"{HOST}/models/a//b%20c%2Fd.bin")
    assert (grant.container, grant.key) == ("models", "a//b c/d.bin")


def test_a_blob_without_container_lies_in_root() -> None:
    grant = sas("sv=2022-11-02&sr=b&sp=r&se=2051-10-06", f"{HOST}/robots.txt")
    assert (grant.container, grant.key) == ("$root", "robots.txt")


def test_a_directory_link_reaches_as_far_as_its_signed_depth() -> None:
    where = "https://contosomodels.dfs.core.windows.net/models/runs/7/log/x.txt"
    grant = sas("sv=2022-11-02&sr=d&sdd=2&sp=rl&se=2051-10-06", where)
    assert (grant.scope, grant.container, grant.key) == (Scope.DIRECTORY, "models", "runs/7")


DATES = [
    ("2051-10-06", datetime(2051, 10, 6, tzinfo=UTC)),
    ("2051-10-06T07:00Z", datetime(2051, 10, 6, 7, tzinfo=UTC)),
    ("2051-10-06T07%3A00%3A00Z", datetime(2051, 10, 6, 7, tzinfo=UTC)),
    ("2051-10-06T07:00:00.1234567Z", datetime(2051, 10, 6, 7, 0, 0, 123456, tzinfo=UTC)),
    ("2051-10-06T09:00:00+02:00", datetime(2051, 10, 6, 7, tzinfo=UTC)),
    ("2051-10-06T09:00:00%2B02:00", datetime(2051, 10, 6, 7, tzinfo=UTC)),
    ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ("9999-12-31T23:59:59-12:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_every_iso_form_of_a_date_is_read(text: str, expected: datetime) -> None:
    grant = sas(f"sv=2022-11-02&sr=c&sp=r&se={text}")
    assert grant.expires_at == expected
    assert grant.validity is Validity.VALID


@pytest.mark.parametrize("text", ["soon", "2051-13-40", "", "99999-01-01", "2051-10-06T25:00Z"])
def test_a_date_that_is_none_leaves_the_validity_unknown_and_is_said(text: str) -> None:
    grant = sas(f"sv=2022-11-02&sr=c&sp=r&se={text}")
    assert grant.expires_at is None
    assert grant.validity is Validity.UNKNOWN
    assert any("se=" in each for each in grant.warnings)


STATES = [
    ("st=2020-01-01&se=2026-11-24T12:00:01Z", Validity.VALID),
    ("st=2020-01-01&se=2026-11-24T11:59:59Z", Validity.EXPIRED),
    ("st=2026-11-25&se=2027-01-01", Validity.NOT_YET_VALID),
    ("se=2015-12-31", Validity.EXPIRED),
]


@pytest.mark.parametrize(("dates", "state"), STATES)
def test_validity_is_judged_by_the_dates_and_the_clock_handed_in(dates: str, state: Validity) -> None:
    assert sas(f"sv=2022-11-02&sr=c&sp=r&{dates}").validity is state


def test_a_user_delegation_link_ends_with_its_key_when_that_ends_first() -> None:
    token = generate_container_sas(
        "contosomodels", "models", user_delegation_key=delegation_key(), permission="rl", expiry=END
    )
    grant = decode("azure", "sas", f"{HOST}/models?{token}")
    assert grant.expires_at == datetime(2026, 11, 27, tzinfo=UTC)
    assert grant.signer == "11111111-2222-3333-4444-555555555555"
    assert "delegation keys" in grant.revocation.means


def test_a_dead_delegation_key_makes_the_link_expired_whatever_se_says() -> None:
    grant = sas(
        "sv=2022-11-02&sr=c&sp=r&se=2051-10-06&skoid=a&sktid=b&skt=2026-01-01&ske=2026-01-02&sks=b&skv=x"
    )
    assert grant.validity is Validity.EXPIRED


def test_a_link_bound_to_a_user_says_so() -> None:
    token = generate_blob_sas(
        "contosomodels",
        "models",
        "x",
        user_delegation_key=delegation_key(),
        permission="r",
        expiry=END,
        user_delegation_oid="99999999-2222-3333-4444-555555555555",
    )
    grant = decode("azure", "sas", f"{HOST}/models/x?{token}")
    assert grant.facts["sduoid"].startswith("9999")
    assert any("bound" in each for each in grant.warnings)


def test_a_policy_holds_what_the_link_does_not_say() -> None:
    grant = sas("sv=2022-11-02&sr=c&si=partners")
    assert grant.policy == "partners"
    assert grant.validity is Validity.UNKNOWN
    assert grant.permissions == (P.UNKNOWN,)
    assert grant.revocation.individually
    assert "revive" in grant.revocation.means


def test_the_protocol_is_both_unless_the_link_says_https() -> None:
    both = sas("sv=2022-11-02&sr=c&sp=r&se=2051-10-06")
    one = sas("sv=2022-11-02&sr=c&sp=r&se=2051-10-06&spr=https")
    assert both.protocols == ("https", "http")
    assert one.protocols == ("https",)
    assert any("plain http" in each for each in both.warnings)
    assert not any("plain http" in each for each in one.warnings)


def test_address_range_and_facts_are_the_providers_own_words() -> None:
    grant = sas(
        "sv=2022-11-02&sr=c&sp=racwdl&se=2051-10-06&st=2021-10-06&sip=203.0.113.4-203.0.113.9&spr=https"
    )
    assert grant.ip_range == "203.0.113.4-203.0.113.9"
    assert {name: grant.facts[name] for name in ("sp", "sr", "sv", "se", "st", "spr", "sip")} == {
        "sp": "racwdl",
        "sr": "c",
        "sv": "2022-11-02",
        "se": "2051-10-06",
        "st": "2021-10-06",
        "spr": "https",
        "sip": "203.0.113.4-203.0.113.9",
    }
    assert "sig" not in grant.facts


def test_any_order_and_any_spelling_of_the_query_reads_the_same() -> None:
    straight = sas("sv=2022-11-02&sr=c&sp=rl&se=2051-10-06T07:00:00Z")
    shuffled = decode(
        "azure",
        "sas",
        f"{HOST}/models?sig=Zm9yZ2Vk&se=2051-10-06T07%3A00%3A00Z&amp;sp=rl&sr=c&sv=2022-11-02",
        "Zm9yZ2Vk",
    )
    assert (straight.permissions, straight.scope, straight.expires_at) == (
        shuffled.permissions,
        shuffled.scope,
        shuffled.expires_at,
    )


def test_a_parameter_that_stands_twice_is_read_as_larger_and_said() -> None:
    grant = sas("sv=2022-11-02&sr=c&sp=r&sp=w&se=2027-01-01&se=2051-10-06")
    assert set(grant.permissions) == {P.READ, P.WRITE}
    assert grant.expires_at == datetime(2051, 10, 6, tzinfo=UTC)
    assert any("sp stands more than once" in each for each in grant.warnings)


@pytest.mark.parametrize("sr", ["zz", "bq"])
def test_a_kind_of_resource_we_do_not_know_has_an_unknown_scope(sr: str) -> None:
    assert sas(f"sv=2099-01-01&sr={sr}&sp=r&se=2051-10-06").scope is Scope.UNKNOWN


def test_a_service_and_an_account_sas_in_one_is_read_as_the_wider() -> None:
    grant = sas("sv=2022-11-02&sr=b&ss=b&srt=sco&sp=rwl&se=2051-10-06")
    assert grant.kind == "account_sas"
    assert any("mixes" in each for each in grant.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/?sig=abc",
        "",
        "no link",
        f"{HOST}/models?sv=2022-11-02&sr=c&sp=r",
        f"{HOST}/models?sig=",
    ],
)
def test_what_carries_no_sas_is_none(text: str) -> None:
    assert DECODERS["azure"].decode(sighting("azure", "sas", text), NOW) is None


def test_the_redacted_link_keeps_all_but_the_signature() -> None:
    text = (
        f"{HOST}/models?sv=2022-11-02&sr=c&sp=r&se=2051-10-06&sig={SIG.replace('=', '%3D')}&secret=hunter22"
    )
    shown = redact("azure", "sas", text)
    assert shown == f"{HOST}/models?sv=2022-11-02&sr=c&sp=r&se=2051-10-06&sig=REDACTED&secret=REDACTED"


def test_the_secret_is_hidden_even_where_a_hostile_text_puts_it_into_the_path() -> None:
    text = f"{HOST}/{SIG}/x?sv={SIG}&sr=c&sp=r&se=2051-10-06&si={SIG}&sig={SIG}"
    grant: Any = decode("azure", "sas", text)
    assert SIG not in repr(grant)
    assert SIG not in redact("azure", "sas", text)


def test_a_user_delegation_link_starts_with_its_key_when_that_starts_later() -> None:
    dates = "st=2026-11-01&se=2026-12-01&skt=2026-11-26&ske=2026-12-02"
    grant = sas(f"sv=2022-11-02&sr=c&sp=r&{dates}&skoid=a&sktid=b&sks=b&skv=x")
    assert grant.starts_at == datetime(2026, 11, 26, tzinfo=UTC)
    assert grant.validity is Validity.NOT_YET_VALID
