"""Azure tokens that stand apart from their account, or are put together by code."""

from __future__ import annotations

from collections.abc import Callable

from corpus import mint
from corpus.azure_kinds import ALL_OF_AN_ACCOUNT, PORTAL_ACCOUNT, PORTAL_SERVICE, far
from corpus.mint import Sas
from corpus.model import Case, form, lines_of, text_case


def split(
    id_: str,
    what: str,
    path: str,
    text: Callable[[Sas], str],
    *,
    lines: tuple[int, int],
    container: str | None = "*",
    account: str | None = "",
    whole_account: bool = False,
) -> None:
    """Register a form of one token; the account is named after the id, or `None` when nobody could know it."""
    name = "contoso" + id_.lower()

    def build() -> Case:
        if whole_account:
            sas = mint.account_sas(name, sp="rwdlacup").ordered(PORTAL_ACCOUNT)
        else:
            sas = mint.container_sas(name, "raw").ordered(PORTAL_SERVICE)
        want = far(
            "account_sas" if whole_account else "service_sas",
            name if account == "" else account,
            path,
            lines=lines,
            container=container,
            scope="account" if whole_account else "container",
        )
        return text_case(path, text(sas), want, secrets=(sas.sig,))

    form(id_, what)(build)


def pieces(sas: Sas) -> tuple[str, str, str]:
    """Return the query in three: the second cut goes through the middle of the signature."""
    middle = sas.query.index("&se=")
    last = sas.query.index("sig=") + 17
    return sas.query[:middle], sas.query[middle:last], sas.query[last:]


def _python(s: Sas) -> str:
    one, two, three = pieces(s)
    return (
        f'import os\n\nHOST = "https://{s.host}"\nURL = (HOST + "/raw/train.parquet"\n    "?{one}"\n'
        f'    "{two}"\n    "{three}")\n'
    )


def _javascript(s: Sas) -> str:
    one, two, three = pieces(s)
    return f"const url = 'https://{s.host}/raw' +\n  '?{one}' +\n  '{two}' +\n  '{three}';\n"


def _java(s: Sas) -> str:
    one, two, three = pieces(s)
    return (
        f'class A {{\n  static final String U = "https://{s.host}/raw?"\n      + "{one}"\n      + "{two}"\n'
        f'      + "{three}";\n}}\n'
    )


def _powershell(s: Sas) -> str:
    one, two, three = pieces(s)
    return f'$u = "https://{s.host}/raw?{one}" + `\n  "{two}" + `\n  "{three}"\n'


def _c(s: Sas) -> str:
    one, two, three = pieces(s)
    return f'static const char *u =\n  "https://{s.host}/raw?{one}"\n  "{two}"\n  "{three}";\n'


def _dots(s: Sas) -> str:
    one, two, three = pieces(s)
    return f"<?php\n$u = 'https://{s.host}/raw?' .\n  '{one}' .\n  '{two}' .\n  '{three}';\n"


def _shell(s: Sas) -> str:
    one, two, three = pieces(s)
    return f'curl -o x "https://{s.host}/raw?{one}\\\n{two}\\\n{three}"\n'


def _yaml(s: Sas) -> str:
    one, two, three = pieces(s)
    return f'store:\n  url: "https://{s.host}/raw?{one}\\\n    {two}\\\n    {three}"\n'


split(
    "A22",
    "account and token in two environment variables",
    ".env",
    lambda s: f"AZURE_STORAGE_ACCOUNT={s.host.split('.')[0]}\nDEBUG=1\nAZURE_STORAGE_SAS_TOKEN='{s.query}'\n",
    lines=(3, 3),
)
split(
    "A23",
    "Python: adjacent string literals, the host from a variable",
    "a.py",
    _python,
    lines=(3, 7),
    container="raw",
)
split("A24", "JavaScript: + over lines", "a.js", _javascript, lines=(1, 4), container="raw")
split(
    "A24b",
    "JavaScript: a template literal, the host from a constant",
    "a.ts",
    lambda s: f"const base = 'https://{s.host}';\nconst url = `${{base}}/raw?{s.query}`;\n",
    lines=(1, 2),
)
split(
    "A34",
    "Spark: fs.azure.sas.<container>.<account> and a bare token",
    "job.py",
    lambda s: f'spark.conf.set(\n    "fs.azure.sas.raw.{s.host}",\n    "{s.query}",\n)\n',
    lines=(2, 3),
    container="raw",
)
split(
    "A40",
    "Terraform state: a bare `sas` attribute",
    "terraform.tfstate",
    lambda s: (
        '{"resources": [{"type": "azurerm_storage_account_sas", "instances": [{"attributes": {\n'
        f'  "sas": "?{s.query.replace("&", chr(92) + "u0026")}"\n}}}}]}}]}}\n'
    ),
    lines=(2, 2),
    account=None,
    whole_account=True,
)
split(
    "A41",
    "Snowflake stage: azure:// and AZURE_SAS_TOKEN",
    "stage.sql",
    lambda s: (
        f"CREATE STAGE load\n  URL='azure://{s.host}/raw/files/'\n"
        f"  CREDENTIALS=(AZURE_SAS_TOKEN='?{s.query}');\n"
    ),
    lines=(2, 3),
    container="raw",
)
split("X40", "shell: a backslash ends the line", "get.sh", _shell, lines=(1, 3), container="raw")
split("X41", "YAML: a double-quoted scalar over lines", "a.yaml", _yaml, lines=(2, 4), container="raw")
split("X42", "Java: + at the beginning of lines", "A.java", _java, lines=(2, 5), container="raw")
split("X43", "PowerShell: + and a backtick end the line", "a.ps1", _powershell, lines=(1, 3), container="raw")
split("X44", "C: adjacent literals", "a.c", _c, lines=(2, 4), container="raw")
split("X45", "PHP: full stops join", "a.php", _dots, lines=(2, 5), container="raw")
split(
    "X46",
    "C#: verbatim string",
    "A.cs",
    lambda s: f'class A {{\n  const string U = @"{s.url}";\n}}\n',
    lines=(2, 2),
)
split(
    "X47",
    "C#: interpolation, the host from a constant",
    "A.cs",
    lambda s: f'const string Host = "https://{s.host}";\nvar u = $"{{Host}}/raw?{s.query}";\n',
    lines=(1, 2),
)
split(
    "X48",
    "a token alone: nobody can know the account, and it is a finding all the same",
    "a.txt",
    lambda s: f"use ?{s.query}\n",
    lines=(1, 1),
    account=None,
)
split(
    "X49",
    "Python: f-string with the account from a constant",
    "a.py",
    lambda s: (
        f'ACCOUNT = "{s.host.split(".")[0]}"\nSAS = "{s.query}"\n'
        'url = f"https://{ACCOUNT}.blob.core.windows.net/raw?{SAS}"\n'
    ),
    lines=(2, 2),
)
split(
    "X50",
    "rclone: sas_url",
    "rclone.conf",
    lambda s: f"[az]\ntype = azureblob\nsas_url = {s.url}\n",
    lines=(3, 3),
)
split(
    "X51",
    "az command: --account-name and --sas-token",
    "a.sh",
    lambda s: (
        f'az storage blob list --account-name {s.host.split(".")[0]} -c raw \\\n  --sas-token "{s.query}"\n'
    ),
    lines=(1, 2),
)
split(
    "X52",
    "JSON settings: accountName and sasToken, in a nest",
    "appsettings.json",
    lambda s: (
        f'{{"Storage": {{\n  "AccountName": "{s.host.split(".")[0]}",\n  "Timeout": 30,\n'
        f'  "SasToken": "?{s.query}"\n}}}}\n'
    ),
    lines=(4, 4),
)
split(
    "X53",
    "Python client: account_url and credential",
    "a.py",
    lambda s: (
        f'c = BlobServiceClient(\n    account_url="https://{s.host}",\n    credential="{s.query}",\n)\n'
    ),
    lines=(2, 3),
)
split(
    "X54",
    "wasbs:// address and a token beside it",
    "a.scala",
    lambda s: f'val src = "wasbs://raw@{s.host}/x"\nval sas = "{s.query}"\n',
    lines=(2, 2),
)


@form("A31", "connection string with SharedAccessSignature and four endpoints")
def a31() -> Case:
    sas = mint.account_sas("contosoconn", sp="rwdlacup", ss="bfqt").ordered(PORTAL_ACCOUNT)
    ends = "".join(
        f"{s.title()}Endpoint=https://contosoconn.{s}.core.windows.net/;"
        for s in ("blob", "queue", "file", "table")
    )
    text = f"[azure]\nconnection = {ends}SharedAccessSignature={sas.query}\n"
    want = far("account_sas", "contosoconn", "a.ini", lines=(2, 2), scope="account", may=ALL_OF_AN_ACCOUNT)
    return text_case("a.ini", text, want, secrets=(sas.sig,))


@form("A47", "two accounts and two tokens in one file: each to its own")
def a47() -> Case:
    one = mint.container_sas("contosofirst", "raw").ordered(PORTAL_SERVICE)
    two = mint.container_sas("contososecond", "raw").ordered(PORTAL_SERVICE)
    text = (
        f"SRC_ACCOUNT=contosofirst\nSRC_URL=https://contosofirst.blob.core.windows.net/raw\nSRC_SAS={one.query}\n\n"
        f"DST_ACCOUNT=contososecond\nDST_URL=https://contososecond.blob.core.windows.net/raw\nDST_SAS={two.query}\n"
    )
    wants = (
        far("service_sas", "contosofirst", "copy.env", lines=(3, 3)),
        far("service_sas", "contososecond", "copy.env", lines=(7, 7)),
    )
    return text_case("copy.env", text, *wants, secrets=(one.sig, two.sig))


@form("X55", "two links on one line")
def x55() -> Case:
    one = mint.container_sas("contosoleft", "a").ordered(PORTAL_SERVICE)
    two = mint.container_sas("contosoright", "b").ordered(PORTAL_SERVICE)
    wants = (
        far("service_sas", "contosoleft", "a.txt", container="a"),
        far("service_sas", "contosoright", "a.txt", container="b"),
    )
    return text_case("a.txt", f"{one.url} {two.url}\n", *wants, secrets=(one.sig, two.sig))


@form("X56", "one token in five spellings in three files is one finding")
def x56() -> Case:
    sas = mint.container_sas("contosomany", "raw").ordered(PORTAL_SERVICE)
    shuffled = sas.ordered("sig sr sv")
    text = f'{sas.url}\n"{sas.url.replace("&", chr(92) + "u0026")}"\n<a href="{sas.url.replace("&", "&amp;")}">\n'
    want = far("service_sas", "contosomany", "one.txt", lines=lines_of(text, "https"))
    files = {
        "one.txt": text.encode(),
        "two.txt": f"\n{shuffled.url}\n".encode(),
        "three.txt": sas.url.encode("utf-16"),
    }
    return Case(files=files, wants=(want,), secrets=(sas.sig,))
