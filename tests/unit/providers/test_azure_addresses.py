"""Whose an address is, and which addresses a user may type."""

from __future__ import annotations

import pytest
from provider_sightings import NOW, SIG, sighting

from tidegate.model.credential import Credential
from tidegate.model.grant import Scope
from tidegate.providers.azure import PLUGIN
from tidegate.providers.azure.access import access_of
from tidegate.providers.azure.storage import STORAGE


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("https://contosomodels.blob.core.windows.net/models?comp=list", "contosomodels"),
        ("https://contosomodels.dfs.core.windows.net/lake", "contosomodels"),
        ("https://contosomodels-secondary.blob.core.windows.net/", "contosomodels"),
        ("https://contosomodels.privatelink.blob.core.windows.net/", "contosomodels"),
        ("https://contosomodels.z13.web.core.windows.net/index.html", "contosomodels"),
        ("https://contosomodels.z6.blob.storage.azure.net/c", "contosomodels"),
        ("https://contosomodels.table.core.usgovcloudapi.net/Tables", "contosomodels"),
        ("https://contosomodels.queue.core.chinacloudapi.cn/jobs", "contosomodels"),
        ("https://CONTOSOMODELS.Blob.core.windows.net/x", "contosomodels"),
        ("http://127.0.0.1:10000/contosomodels/models", "contosomodels"),
        ("http://localhost:10001/contosomodels", "contosomodels"),
        ("http://[::1]:10000/contosomodels/x", None),
        ("http://127.0.0.1:10000//contosomodels", None),
        ("http://127.0.0.1:10000/%63ontosomodels", None),
        ("http://127.0.0.1:10000/", None),
        ("https://example.com/contosomodels", None),
        ("https://contosomodels.blob.core.windows.net.example.com/", None),
        ("https://contosomodels.blob.core.windows.net@example.com/", None),
        ("https://example.com/?x=contosomodels.blob.core.windows.net", None),
        ("https://[broken/", None),
        ("", None),
    ],
)
def test_an_address_belongs_to_the_account_that_it_reaches(url: str, account: str | None) -> None:
    assert STORAGE.owner(url, None) == account


def test_the_host_header_decides_where_it_differs() -> None:
    assert (
        STORAGE.owner("http://127.0.0.1:1/other", "contosomodels.blob.core.windows.net:443")
        == "contosomodels"
    )
    assert STORAGE.owner("https://contosomodels.blob.core.windows.net/", "example.com") is None


@pytest.mark.parametrize(
    ("text", "container", "key", "scope"),
    [
        ("az://contosomodels/models/a/b.ckpt", "models", "a/b.ckpt", Scope.OBJECT),
        ("az://contosomodels/models", "models", None, Scope.CONTAINER),
        ("azure://contosomodels", None, None, Scope.ACCOUNT),
        ("AZ://ContosoModels/models/", "models", None, Scope.CONTAINER),
        ("azure://contosomodels.blob.core.windows.net/models", "models", None, Scope.CONTAINER),
        ("abfss://lake@contosomodels.dfs.core.windows.net/logs/x", "lake", "logs/x", Scope.OBJECT),
        ("wasbs://models@contosomodels.blob.core.windows.net/a", "models", "a", Scope.OBJECT),
        ("https://contosomodels.blob.core.windows.net/models/x%20y", "models", "x y", Scope.OBJECT),
        ("http://127.0.0.1:10000/contosomodels/models", "models", None, Scope.CONTAINER),
        ("https://contosomodels.z13.web.core.windows.net/index.html", "$web", "index.html", Scope.OBJECT),
    ],
)
def test_an_open_address_is_understood_however_it_is_spelled(
    text: str, container: str | None, key: str | None, scope: Scope
) -> None:
    credential = STORAGE.target(text)
    assert credential is not None
    grant = credential.grant
    assert (grant.account, grant.container, grant.key, grant.scope) == (
        "contosomodels",
        container,
        key,
        scope,
    )
    assert credential.anonymous
    assert grant.kind == "anonymous"


@pytest.mark.parametrize(
    "text",
    [
        f"https://contosomodels.blob.core.windows.net/models?sv=2020-08-04&sr=c&sp=r&sig={SIG}",
        "https://example.com/models",
        "s3://bucket/key",
        "gs://bucket",
        "http://127.0.0.1:9000/bucket",
        "az://",
        "az://no_account!/x",
        "README.md",
        "",
    ],
)
def test_what_is_no_open_address_of_azure_is_left_to_others(text: str) -> None:
    assert STORAGE.target(text) is None


def credential(kind: str, text: str, secret: str = SIG, **context: str) -> Credential:
    seen = sighting("azure", kind, text, secret, **context)
    grant = PLUGIN.decode(seen, NOW)
    assert grant is not None
    return Credential(grant=grant, text=seen.text, secret=seen.secret, context=context, kind=kind)


TOKEN = f"sv=2021-12-02&ss=bfqt&srt=sco&sp=rl&se=2051-10-06T07:00:00Z&sig={SIG}"


@pytest.mark.parametrize(
    ("link", "hosts"),
    [
        (
            f"https://contosomodels.blob.core.windows.net/x?{TOKEN}",
            ("contosomodels.queue.core.windows.net", "contosomodels.dfs.core.windows.net"),
        ),
        (
            f"https://contosomodels-secondary.blob.core.windows.net/?{TOKEN}",
            ("contosomodels.queue.core.windows.net", "contosomodels.dfs.core.windows.net"),
        ),
        (
            f"https://contosomodels.z6.blob.storage.azure.net/?{TOKEN}",
            ("contosomodels.z6.queue.storage.azure.net", "contosomodels.z6.dfs.storage.azure.net"),
        ),
        (
            f"https://contosomodels.blob.core.usgovcloudapi.net/?{TOKEN}",
            ("contosomodels.queue.core.usgovcloudapi.net", "contosomodels.dfs.core.usgovcloudapi.net"),
        ),
        (f"http://127.0.0.1:10000/contosomodels/x?{TOKEN}", ("127.0.0.1:10000", "127.0.0.1:10000")),
        (f"https://files.contoso.example/x?{TOKEN}", ("files.contoso.example", "files.contoso.example")),
    ],
)
def test_one_signature_is_taken_to_all_the_services_of_its_account(link: str, hosts: tuple[str, str]) -> None:
    access = access_of(credential("sas", link))
    assert access is not None
    assert (access.host("queue"), access.host("dfs")) == hosts


def test_only_what_was_signed_is_sent_again() -> None:
    link = f"https://contosomodels.blob.core.windows.net/x?restype=container&comp=list&timeout=9&{TOKEN}&x=y"
    access = access_of(credential("sas", link))
    assert access is not None
    query = access.query()
    assert query is not None
    names = [pair.partition("=")[0] for pair in query.reveal().split("&")]
    assert sorted(names) == ["se", "sig", "sp", "srt", "ss", "sv"]


def test_an_altered_copy_differs_in_one_character_and_is_still_a_signature() -> None:
    access = access_of(credential("sas", f"https://contosomodels.blob.core.windows.net/x?{TOKEN}"))
    assert access is not None
    mine, other = access.signature, access.altered().signature
    assert mine is not None
    assert other is not None
    assert len(mine) == len(other)
    assert sum(a != b for a, b in zip(mine.reveal(), other.reveal(), strict=True)) == 1


def test_no_text_of_an_access_shows_the_secret() -> None:
    link = f"https://contosomodels.blob.core.windows.net/x?{TOKEN}"
    assert SIG not in repr(access_of(credential("sas", link)))
    assert SIG not in repr(access_of(credential("account_key", SIG, account="contosomodels")))


def test_what_opens_no_storage_is_not_asked() -> None:
    assert access_of(credential("entra_secret", SIG, client_id="1", tenant="2")) is None
    assert access_of(credential("sas", TOKEN)) is None


@pytest.mark.parametrize("account", ["a", "evil.example/x", "x@y", "über", "a b", "-a", "a" * 80])
def test_a_name_that_no_account_has_is_not_made_into_a_host(account: str) -> None:
    assert access_of(credential("account_key", SIG, account=account)) is None


def test_the_accounts_that_azure_makes_for_disks_are_asked() -> None:
    link = f"https://md-abc123.z6.blob.storage.azure.net/x/abcd?sv=2021-12-02&sr=b&si=1&sig={SIG}"
    access = access_of(credential("sas", link))
    assert access is not None
    assert (access.name, access.host("blob")) == ("md-abc123", "md-abc123.z6.blob.storage.azure.net")
    assert STORAGE.owner(link, None) == "md-abc123"
