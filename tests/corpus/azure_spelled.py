"""Azure shared access signatures in the spellings that formats, shells and mailers give them."""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from corpus import mint
from corpus.azure_kinds import PORTAL_ACCOUNT, PORTAL_SERVICE, far
from corpus.mint import Sas
from corpus.model import Case, form


def spelled(
    id_: str,
    what: str,
    path: str,
    text: Callable[[Sas], str],
    *,
    lines: tuple[int, int] = (1, 1),
    whole_account: bool = False,
    signature_has: str = "",
    encoding: str = "utf-8",
) -> None:
    """Register a form: one token, and a text made of it. The account is named after the id."""
    account = "contoso" + id_.lower().replace("-", "")

    def make(seed: str) -> Sas:
        if whole_account:
            return mint.account_sas(account, sp="rwdlacup", seed=seed).ordered(PORTAL_ACCOUNT)
        return mint.container_sas(account, "raw", seed=seed).ordered(PORTAL_SERVICE)

    def build() -> Case:
        sas = mint.first_with(make, signature_has)
        kind = "account_sas" if whole_account else "service_sas"
        want = far(kind, account, path, lines=lines, scope="account" if whole_account else "container")
        return Case(files={path: text(sas).encode(encoding)}, wants=(want,), secrets=(sas.sig,))

    form(id_, what)(build)


def json_ascii(text: str) -> str:
    """Spell a JSON string as Go and .NET do: & < > as \\u0026 and so on."""
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def soft_wrapped(text: str) -> str:
    """Spell as quoted-printable, whose lines end in `=` after 75 characters."""
    return quopri.encodestring(text.encode()).decode()


def wrapped(text: str, columns: int = 76) -> str:
    """Break hard, as a terminal or an old mailer does."""
    return "\n".join(text[i : i + columns] for i in range(0, len(text), columns))


def b64(text: str | bytes) -> str:
    """Return standard base64 on one line."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def lowered_hex(query: str) -> str:
    """Spell percent escapes in small letters."""
    return query.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d")


spelled(
    "A17",
    "HTML: &amp;",
    "index.html",
    lambda s: f'<p>x</p>\n<a href="{escape(s.url)}">get</a>\n',
    lines=(2, 2),
)
spelled(
    "A17b",
    "HTML: &amp;, account SAS",
    "index.html",
    lambda s: f'<a href="{escape(s.url)}">get</a>\n',
    whole_account=True,
)
spelled("A18", "JSON: \\u0026", "a.json", lambda s: f'{{\n "u": "{json_ascii(s.url)}"\n}}\n', lines=(2, 2))
spelled(
    "A18b",
    "JSON: \\u0026, account SAS",
    "a.json",
    lambda s: f'{{"u": "{json_ascii(s.url)}"}}\n',
    whole_account=True,
)
spelled(
    "A19",
    "the whole link percent-encoded inside another link",
    "a.md",
    lambda s: f"https://viewer.example.org/open?src={quote(s.url, safe='')}&embed=1\n",
)
spelled(
    "A20",
    "raw + / = in the signature",
    "a.txt",
    lambda s: s.ordered(encode=mint.raw).url + "\n",
    signature_has="+/",
)
spelled(
    "A21",
    "escapes in small letters",
    "a.txt",
    lambda s: f"https://{s.host}/{s.path}?{lowered_hex(s.query)}\n",
    signature_has="+/",
)
spelled(
    "A25",
    "quoted-printable mail: =3D and soft breaks",
    "a.eml",
    lambda s: (
        "Content-Transfer-Encoding: quoted-printable\n\n" + soft_wrapped(f"Hello,\n\nlink: {s.url}\n\nBye\n")
    ),
    lines=(5, 11),
)
spelled(
    "A26",
    "broken at 76 columns",
    "a.txt",
    lambda s: "Link:\n" + wrapped(s.url) + "\n\nRegards\n",
    lines=(2, 6),
)
spelled(
    "A27",
    "base64 in a Kubernetes secret",
    "secret.yaml",
    lambda s: f"apiVersion: v1\nkind: Secret\ndata:\n  sas: {b64(s.url)}\n",
    lines=(4, 4),
)
spelled("A30", "YAML value", "conf.yml", lambda s: f"a: 1\nstore:\n  sas_url: {s.url}\n", lines=(3, 3))
spelled("A32", "azcopy command", "copy.ps1", lambda s: f"azcopy copy 'C:\\data' '{s.url}' --recursive\n")
spelled(
    "A33",
    "XML attribute: &amp;",
    "web.config",
    lambda s: f'<c>\n <add key="Blob"\n  value="{escape(s.url)}"/>\n</c>\n',
    lines=(3, 3),
)
spelled(
    "A35",
    "UTF-16, little end first, with a mark",
    "a.reg",
    lambda s: f'\r\n[HKEY]\r\n"Url"="{s.url}"\r\n',
    lines=(3, 3),
    encoding="utf-16",
)
spelled(
    "A39",
    "one minified line of 1.2 MB",
    "app.min.js",
    lambda s: "var a=1;" * 100_000 + f'var u="{s.url}";' + "b(2);" * 80_000,
)
spelled(
    "X01",
    "percent-encoded twice",
    "a.md",
    lambda s: f"https://login.example.org/?next={quote(quote(s.url, safe=''), safe='')}\n",
)
spelled(
    "X02",
    "percent-encoded three times",
    "a.log",
    lambda s: f"ref={quote(quote(quote(s.url, safe=''), safe=''), safe='')}\n",
)
spelled(
    "X03",
    "UTF-16, big end first, with a mark",
    "a.txt",
    lambda s: f"\ufeff\n{s.url}\n",
    lines=(2, 2),
    encoding="utf-16-be",
)
spelled(
    "X04",
    "UTF-16, little end first, no mark",
    "a.txt",
    lambda s: f"\n{s.url}\n",
    lines=(2, 2),
    encoding="utf-16-le",
)
spelled("X05", "UTF-32 with a mark", "a.txt", lambda s: f"first\n{s.url}\n", lines=(2, 2), encoding="utf-32")
spelled(
    "X06",
    "a byte order mark in the middle of the file",
    "a.csv",
    lambda s: f"a,b\n\ufeff{s.url},2\n",
    lines=(2, 2),
)
spelled(
    "X07",
    "JSON: \\/ for every slash",
    "a.json",
    lambda s: '{"u": "' + json_ascii(s.url).replace("/", "\\/") + '"}\n',
)
spelled(
    "X08",
    "HTML: numeric entities, hexadecimal",
    "a.htm",
    lambda s: f"<a href='{s.url.replace('&', '&#x26;').replace('=', '&#x3D;')}'>x</a>\n",
)
spelled(
    "X09",
    "HTML: numeric entities, decimal",
    "a.htm",
    lambda s: f"<a href='{s.url.replace('&', '&#38;')}'>x</a>\n",
)
spelled(
    "X10",
    "HTML escaped twice, as a saved page of a page",
    "a.html",
    lambda s: f"<pre>{escape(escape(s.url))}</pre>\n",
)
spelled(
    "X11",
    "URL-safe base64 without padding",
    "state.txt",
    lambda s: "state=" + base64.urlsafe_b64encode(s.url.encode()).decode().rstrip("=") + "\n",
)
spelled(
    "X12",
    "base64 of JSON with \\u0026",
    "a.yaml",
    lambda s: "config: " + b64('{"name": "x", "url": "' + json_ascii(s.url) + '"}') + "\n",
)
spelled(
    "X13",
    "base64 broken at 76 columns",
    "secret.yaml",
    lambda s: "data:\n  c: |\n    " + wrapped(b64(f"[a]\nurl={s.url}\n" * 2)).replace("\n", "\n    ") + "\n",
    lines=(3, 12),
)
spelled("X14", "base64 of base64", "a.txt", lambda s: f"v = {b64(b64(s.url))}\n")
spelled(
    "X15",
    "base64 of UTF-16: a PowerShell -EncodedCommand",
    "run.cmd",
    lambda s: f"powershell -enc {b64(('iwr ' + s.url).encode('utf-16-le'))}\n",
)
spelled(
    "X16",
    "a data: address with base64",
    "a.html",
    lambda s: '<iframe src="data:text/html;base64,' + b64(f"<a href={s.url}>x</a>") + '"></iframe>\n',
)
spelled(
    "X17",
    "Java properties: \\: and \\=",
    "app.properties",
    lambda s: "store.url=" + s.url.replace(":", "\\:").replace("=", "\\=") + "\n",
)
spelled("X18", "string escapes \\x26", "a.py", lambda s: "URL = '" + s.url.replace("&", "\\x26") + "'\n")
spelled(
    "X19",
    "shell: \\& and \\?",
    "a.sh",
    lambda s: "curl " + s.url.replace("&", "\\&").replace("?", "\\?") + " -o x\n",
)
spelled(
    "X20",
    "cmd: ^& and %% for every percent",
    "a.bat",
    lambda s: f"curl {s.url.replace('%', '%%').replace('&', '^&')}\r\n",
)
spelled(
    "X21",
    "LaTeX: \\& and \\%",
    "a.tex",
    lambda s: "\\href{" + s.url.replace("&", "\\&").replace("%", "\\%") + "}{data}\n",
)
spelled(
    "X22",
    "JSON inside a JSON string",
    "a.json",
    lambda s: json.dumps({"body": json_ascii(json.dumps({"u": s.url}))}) + "\n",
)
spelled(
    "X23",
    "RFC 2047 words in a mail header",
    "a.eml",
    lambda s: "Subject: =?utf-8?B?" + b64(f"see {s.url}") + "?=\n\nbody\n",
)
spelled("X24", "Windows line ends", "a.txt", lambda s: f"a\r\nb\r\n{s.url}\r\nc\r\n", lines=(3, 3))
spelled("X25", "old Mac line ends", "a.txt", lambda s: f"a\rb\r{s.url}\rc\r", lines=(1, 3))
spelled(
    "X26",
    "terminal colours around it",
    "ci.log",
    lambda s: f"\x1b[32mGET\x1b[0m \x1b[4m{s.url}\x1b[0m done\n",
)
spelled("X27", "Markdown link with a full stop after it", "a.md", lambda s: f"See [the set]({s.url}).\n")
spelled(
    "X28",
    "a quotation of a quotation in a mail, broken by the mailer",
    "a.txt",
    lambda s: "\n".join("> > " + part for part in wrapped(s.url, 72).split("\n")) + "\n",
    lines=(1, 8),
)
spelled("X29", "no space before Chinese text", "a.md", lambda s: f"数据集：{s.url}。请下载\n")
spelled(
    "X30",
    "CSV cell in doubled quotes",
    "a.csv",
    lambda s: f'id,note\n7,"see ""{s.url}"" please"\n',
    lines=(2, 2),
)
spelled(
    "X31",
    "a percent-encoded form body",
    "a.http",
    lambda s: f"POST / HTTP/1.1\nHost: x\n\nname=a+b&url={quote(s.url, safe='')}&go=1\n",
    lines=(4, 4),
)
spelled(
    "X32", "XML CDATA", "feed.xml", lambda s: f"<i>\n<link><![CDATA[{s.url}]]></link>\n</i>\n", lines=(2, 2)
)
spelled("X33", "a fragment after it", "a.txt", lambda s: f"{s.url}#page=3\n")
spelled(
    "X34",
    "further parameters before, between and after",
    "a.txt",
    lambda s: (
        s.url.replace("?", "?comp=list&restype=container&").replace("&se=", "&timeout=30&se=") + "&x=1\n"
    ),
)
spelled("X35", "&amp; in a Javadoc or Rust doc comment", "a.rs", lambda s: f"/// get `{escape(s.url)}`\n")
spelled(
    "X36",
    "ANSI C string, one character as octal",
    "a.c",
    lambda s: 'char *u = "' + s.url.replace("&", "\\046") + '";\n',
)
spelled(
    "X37",
    "RTF: the address of a field",
    "a.rtf",
    lambda s: '{\\rtf1{\\field{\\*\\fldinst HYPERLINK "' + s.url + '"}}}\n',
)
spelled(
    "X38",
    "punycode of nothing: user part before the host",
    "a.txt",
    lambda s: s.url.replace("https://", "https://anyone@") + "\n",
)
