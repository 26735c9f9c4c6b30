"""Azure account keys, connection strings and Entra secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from html import escape
from string import ascii_letters, digits
from urllib.parse import quote

from corpus import mint
from corpus.model import Case, Want, form, text_case

EVERYTHING = frozenset({"read", "write", "delete", "list"})


def keyed(
    id_: str,
    what: str,
    path: str,
    text: Callable[[str, str], str],
    *,
    lines: tuple[int, int] = (1, 1),
    account: str | None = "",
    identifiable: bool = False,
    confidence: tuple[str, ...] = ("high", "medium"),
    encoding: str = "utf-8",
) -> None:
    """Register a form: `text(account, key)`."""
    name = "contoso" + id_.lower()

    def build() -> Case:
        key = mint.identifiable_key(name) if identifiable else mint.legacy_key(name)
        want = Want(
            kind=("account_key",),
            rule="azure-",
            account=name if account == "" else account,
            scope="account",
            may=EVERYTHING,
            path=path,
            lines=lines,
            confidence=confidence,
            expires_at=None,
        )
        return Case(files={path: text(name, key).encode(encoding)}, wants=(want,), secrets=(key,))

    form(id_, what)(build)


def connection(account: str, key: str, suffix: str = "core.windows.net") -> str:
    """Return a connection string in the portal's order."""
    return f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key};EndpointSuffix={suffix}"


def _k8s(account: str, key: str) -> str:
    both = (base64.b64encode(v.encode()).decode() for v in (account, key))
    return "kind: Secret\ndata:\n  azurestorageaccountname: {}\n  azurestorageaccountkey: {}\n".format(*both)


def _json_escaped(account: str, key: str) -> str:
    escaped = connection(account, key).replace("=", "\\u003d").replace("+", "\\u002B")
    return f'{{"AzureWebJobsStorage": "{escaped}"}}\n'


def _state(account: str, key: str) -> str:
    attributes = {
        "id": f"/subscriptions/{mint.guid(account)}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/{account}",
        "location": "westeurope",
        "name": account,
        "primary_access_key": key,
        "primary_blob_endpoint": f"https://{account}.blob.core.windows.net/",
        "primary_connection_string": connection(account, key),
    }
    return json.dumps(
        {"resources": [{"type": "azurerm_storage_account", "instances": [attributes]}]}, indent=1
    )


keyed(
    "K01",
    "connection string, legacy key",
    "local.settings.json",
    lambda a, k: f'{{"Values": {{\n  "AzureWebJobsStorage": "{connection(a, k)}"\n}}}}\n',
    lines=(2, 2),
)
keyed(
    "K02",
    "connection string, identifiable key",
    ".env",
    lambda a, k: f"CONN={connection(a, k)}\n",
    identifiable=True,
    confidence=("high",),
)
keyed(
    "K03",
    "AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY",
    ".env",
    lambda a, k: f"AZURE_STORAGE_ACCOUNT={a}\nAZURE_STORAGE_KEY={k}\n",
    lines=(2, 2),
)
keyed(
    "K04",
    "connection string of a sovereign cloud",
    "a.cfg",
    lambda a, k: connection(a, k, "core.chinacloudapi.cn"),
)
keyed("K05", "JSON: \\u003d and \\u002B", "a.json", _json_escaped)
keyed(
    "K06",
    "percent-encoded",
    "a.txt",
    lambda a, k: f"https://x.example.org/?c={quote(connection(a, k), safe='')}\n",
)
keyed(
    "K07",
    "YAML: accountName and accountKey",
    "a.yaml",
    lambda a, k: f"storage:\n  accountName: {a}\n  container: x\n  accountKey: {k}\n",
    lines=(4, 4),
)
keyed(
    "K08",
    "Python: credential= beside account_url=",
    "a.py",
    lambda a, k: (
        f'c = BlobServiceClient(account_url="https://{a}.blob.core.windows.net",\n'
        f'                      credential="{k}")\n'
    ),
    lines=(2, 2),
)
keyed(
    "K09",
    "rclone: account and key",
    "rclone.conf",
    lambda a, k: f"[a]\ntype = azureblob\naccount = {a}\nkey = {k}\n",
    lines=(4, 4),
)
keyed(
    "K10",
    "XML attribute",
    "web.config",
    lambda a, k: f'<add name="S"\n connectionString="{escape(connection(a, k))}" />\n',
    lines=(2, 2),
)
keyed("K11", "base64: Kubernetes", "s.yaml", _k8s, lines=(4, 4))
keyed(
    "K12",
    "az … --account-key",
    "a.sh",
    lambda a, k: f"az storage blob upload --account-name {a} \\\n  --account-key {k} -f x\n",
    lines=(2, 2),
)
keyed(
    "K13",
    "AccountKey before AccountName",
    "a.txt",
    lambda a, k: f"DefaultEndpointsProtocol=https;AccountKey={k};AccountName={a}\n",
)
keyed("K16", "Terraform state: primary_access_key", "terraform.tfstate", _state, lines=(9, 11))
keyed(
    "K17",
    "Hadoop: fs.azure.account.key.<account>",
    "core-site.xml",
    lambda a, k: (
        f"<property>\n<name>fs.azure.account.key.{a}.dfs.core.windows.net</name>\n<value>{k}</value>\n"
        "</property>\n"
    ),
    lines=(2, 3),
)
keyed(
    "K18",
    "a bare legacy key: 88 characters under a word that says key",
    "a.txt",
    lambda a, k: f"the storage account key is\n\n{k}\n",
    lines=(3, 3),
    account=None,
    confidence=("low", "medium"),
)
keyed(
    "K19",
    "a bare identifiable key",
    "a.txt",
    lambda a, k: f"x\n{k}\n",
    lines=(2, 2),
    account=None,
    identifiable=True,
    confidence=("high",),
)
keyed(
    "K20",
    "SQL: SECRET of a database scoped credential for a storage account",
    "a.sql",
    lambda a, k: f"CREATE DATABASE SCOPED CREDENTIAL c WITH IDENTITY = '{a}',\n SECRET = '{k}';\n",
    lines=(2, 2),
    account="*",
    confidence=("high", "medium", "low"),
)
keyed(
    "K21",
    "curl output of listKeys: two keys of one account would be two; here one",
    "keys.json",
    lambda a, k: json.dumps([{"keyName": "key1", "permissions": "FULL", "value": k}]),
    account=None,
    identifiable=True,
)
keyed(
    "K22",
    "connection string over lines, with spaces round the semicolons",
    "a.yml",
    lambda a, k: (
        f"c: >-\n  DefaultEndpointsProtocol=https;\n  AccountName={a};\n  AccountKey={k};\n"
        "  EndpointSuffix=core.windows.net\n"
    ),
    lines=(2, 4),
)
keyed(
    "K23",
    "UTF-16 PowerShell script",
    "a.ps1",
    lambda a, k: f'$ctx = New-AzStorageContext -StorageAccountName "{a}" `\r\n -StorageAccountKey "{k}"\r\n',
    lines=(1, 2),
    encoding="utf-16",
)
keyed(
    "K24",
    "connection string in small letters with quotes inside quotes",
    "run.json",
    lambda a, k: json.dumps({"cmd": f'--conn "accountname={a};accountkey={k}"'}),
)
keyed(
    "K25",
    "fstab of a mounted share: username and password",
    "smb.cred",
    lambda a, k: f"username={a}\npassword={k}\n",
    lines=(2, 2),
    account="*",
    identifiable=True,
)


def entra_secret(name: str) -> str:
    """Return a client secret of the new kind: 40 characters with `8Q~` at the fourth."""
    return (
        mint.letters(name, 3, ascii_letters + digits)
        + "8Q~"
        + mint.letters(name + "2", 34, ascii_letters + digits)
    )


@form("K14", "Entra: tenant, client and secret")
def k14() -> Case:
    secret = entra_secret("k14")
    text = (
        f"AZURE_TENANT_ID={mint.guid('t')}\nAZURE_CLIENT_ID={mint.guid('c')}\nAZURE_CLIENT_SECRET={secret}\n"
    )
    return text_case(".env", text, Want(rule="azure-", path=".env", lines=(3, 3)), secrets=(secret,))


@form("K15", "Entra secret alone in prose")
def k15() -> Case:
    secret = entra_secret("k15")
    want = Want(rule="azure-", path="a.md", lines=(2, 2), account=None, confidence=("high", "medium", "low"))
    return text_case("a.md", f"Hi,\nthe app's secret is {secret} (till May).\n", want, secrets=(secret,))


@form("K26", "both keys of one account are two findings")
def k26() -> Case:
    one, two = mint.identifiable_key("k26 one"), mint.identifiable_key("k26 two")
    text = f"AccountName=contosoboth\nkey1: {one}\nkey2: {two}\n"
    wants = tuple(Want(kind=("account_key",), rule="azure-", path="a.yml", lines=(n, n)) for n in (2, 3))
    return text_case("a.yml", text, *wants, secrets=(one, two))


@form("K27", "a connection string with a key and a SAS link of the same account: two credentials")
def k27() -> Case:
    key = mint.legacy_key("contosotwofold")
    sas = mint.container_sas("contosotwofold", "raw")
    text = f"CONN={connection('contosotwofold', key)}\nURL={sas.url}\n"
    wants = (
        Want(kind=("account_key",), account="contosotwofold", lines=(1, 1)),
        Want(kind=("service_sas",), account="contosotwofold", container="raw", lines=(2, 2)),
    )
    return text_case(".env", text, *wants, secrets=(key, sas.sig))
