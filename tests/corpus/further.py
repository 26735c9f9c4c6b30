"""Forms thought of after the first were found: code that joins, tools that quote, wrappings inside of wrappings."""

from __future__ import annotations

import base64
import json
from html import escape
from urllib.parse import quote

from corpus import mint
from corpus import mint_clouds as clouds
from corpus.aws import pair
from corpus.azure_keys import connection, keyed
from corpus.azure_spelled import b64, json_ascii, spelled, wrapped
from corpus.azure_split import pieces, split
from corpus.containers import docx, env, gzipped, held, tarred, zipped
from corpus.google import signed
from corpus.mint import Sas


def _visual_basic(s: Sas) -> str:
    one, two, three = pieces(s)
    return f'Const Url = "https://{s.host}/raw?{one}" & _\n  "{two}" & _\n  "{three}"\n'


def _sql(s: Sas) -> str:
    one, two, three = pieces(s)
    return f"select 'https://{s.host}/raw?{one}' ||\n  '{two}' ||\n  '{three}' from dual;\n"


def _rust(s: Sas) -> str:
    one, two, three = pieces(s)
    return f'const U: &str = "https://{s.host}/raw?{one}\\\n    {two}\\\n    {three}";\n'


def _bash(s: Sas) -> str:
    one, two, three = pieces(s)
    return f'URL="https://{s.host}/raw?{one}"\nURL+="{two}"\nURL+="{three}"\n'


def _joined(s: Sas) -> str:
    parts = ",\n    ".join(f'"{p}"' for p in s.query.split("&"))
    return f'host = "https://{s.host}/raw?"\nurl = host + "&".join([\n    {parts},\n])\n'


def _har(s: Sas) -> str:
    pairs = [{"name": n, "value": v} for n, v in s.params.items()]
    request = {
        "method": "GET",
        "url": s.url,
        "queryString": pairs,
        "headers": [{"name": "Referer", "value": s.url}],
    }
    return json.dumps({"log": {"entries": [{"request": request}]}})


def _jwt(s: Sas) -> str:
    parts = (
        json.dumps(p, separators=(",", ":")).encode() for p in ({"alg": "HS256"}, {"sub": "7", "dl": s.url})
    )
    head, body = (base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts)
    return f"Authorization: Bearer {head}.{body}.{mint.letters('jwt', 43, clouds.BASE36)}\n"


def _headers(s: Sas) -> str:
    return f"> GET /{s.path}?{s.query} HTTP/1.1\n> Host: {s.host}\n> User-Agent: curl/8.5\n> Accept: */*\n"


spelled(
    "X100",
    "HTML inside of JSON",
    "a.json",
    lambda s: json.dumps({"html": f'<a href="{escape(s.url)}">x</a>'}),
)
spelled(
    "X101",
    "JSON inside of an HTML attribute",
    "a.html",
    lambda s: f'<div data-p="{escape(json_ascii(json.dumps({"u": s.url})))}"></div>\n',
)
spelled(
    "X102",
    "Slack's export: <address|label> and &amp; in JSON",
    "a.json",
    lambda s: json.dumps({"text": f"take <{escape(s.url)}|this>"}),
)
spelled(
    "X103",
    "a container's log: JSON lines with escapes",
    "c.log",
    lambda s: json_ascii(json.dumps({"log": f"GET {s.url} 200\n", "stream": "stdout"})) + "\n",
)
spelled("X104", "the claims of a JWT", "req.http", _jwt)
spelled("X105", "the same link in the fields and headers of a HAR", "a.har", _har)
spelled(
    "X106",
    "indented and broken at 72, as git log shows a message",
    "log.txt",
    lambda s: "commit 1\n\n    Link:\n    " + wrapped(s.url, 72).replace("\n", "\n    ") + "\n\n    Bye\n",
    lines=(4, 9),
)
spelled(
    "X107",
    "two layers: base64 in a percent-encoded form",
    "a.http",
    lambda s: f"SAMLRequest={b64(s.url).replace('+', '%2B').replace('/', '%2F').replace('=', '%3D')}&x=1\n",
)
spelled(
    "X108",
    "webloc: property list",
    "a.webloc",
    lambda s: f"<plist><dict><key>URL</key>\n<string>{escape(s.url)}</string></dict></plist>\n",
    lines=(2, 2),
)
spelled(
    "X109",
    "systemd unit: %% for every percent",
    "a.service",
    lambda s: f"[Service]\nEnvironment=DATA_URL={s.url.replace('%', '%%')}\n",
    lines=(2, 2),
)
split("X110", "Visual Basic: & _", "a.vbs", _visual_basic, lines=(1, 3), container="raw")
split("X111", "SQL: ||", "a.sql", _sql, lines=(1, 3), container="raw")
split(
    "X112", "Rust: a backslash ends the line inside of a string", "a.rs", _rust, lines=(1, 3), container="raw"
)
split("X113", "bash: +=", "a.sh", _bash, lines=(1, 3), container="raw")
split("X114", "Python: a list of parameters that is joined", "a.py", _joined, lines=(1, 9))
split(
    "X115",
    "curl -v: the path on one line, the host on the next",
    "curl.log",
    _headers,
    lines=(1, 1),
    container="raw",
)
split(
    "X116",
    "Databricks: a mount with extra_configs",
    "a.py",
    lambda s: (
        f'dbutils.fs.mount(\n  source="wasbs://raw@{s.host}",\n  mount_point="/mnt/x",\n  extra_configs={{'
        f'"fs.azure.sas.raw.{s.host}": "?{s.query}"}})\n'
    ),
    lines=(4, 4),
    container="raw",
)
split(
    "X117",
    "Azure Data Factory: sasUri and sasToken apart",
    "ls.json",
    lambda s: json.dumps({"typeProperties": {"sasUri": f"https://{s.host}/raw", "sasToken": "?" + s.query}}),
    lines=(1, 1),
    container="raw",
)

held(
    "X120",
    "cloud-init: gz+b64",
    "user-data.yml",
    lambda s: f"write_files:\n- encoding: gz+b64\n  content: {b64(gzipped(env(s)))}\n".encode(),
)
held(
    "X121",
    "UTF-16 at an odd place of a binary, as .NET keeps its strings",
    "app.dll",
    lambda s: mint.seeded("dll", 4_001) + s.url.encode("utf-16-le") + b"\x01" + mint.seeded("dll2", 3_000),
)
held(
    "X122",
    "docx: the target of a hyperlink",
    "a.docx",
    lambda s: zipped(
        {
            "word/document.xml": b"<w:t>x</w:t>",
            "word/_rels/document.xml.rels": f'<Relationship Target="{escape(s.url)}" TargetMode="External"/>'.encode(),
        }
    ),
    "!/word/_rels/document.xml.rels",
)
held(
    "X123",
    "pptx, cut into runs",
    "a.pptx",
    lambda s: zipped(
        {
            "ppt/slides/slide1.xml": (
                "<a:p>"
                + "".join(
                    f"<a:r><a:t>{escape(s.url[i : i + 31])}</a:t></a:r>" for i in range(0, len(s.url), 31)
                )
                + "</a:p>"
            ).encode()
        }
    ),
    "!/ppt/slides/slide1.xml*",
)
held(
    "X124",
    "mail with a zip attached",
    "a.eml",
    lambda s: (
        b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(zipped({"conf/.env": env(s)}))
    ),
)
held(
    "X125",
    "docx in a zip in a tar.gz",
    "a.tgz",
    lambda s: gzipped(tarred({"mail.zip": zipped({"a.docx": docx(["see ", s.url])})})),
    "!/mail.zip!/a.docx!/*",
)
held(
    "X126",
    "gzip with a name inside",
    "dump.gz",
    lambda s: b"\x1f\x8b\x08\x08\0\0\0\0\0\xffsettings.env\0" + gzipped(env(s))[10:],
    lines=(2, 2),
)
held(
    "X127",
    "zip with a comment and bytes before it: a self-extracting file",
    "setup.exe",
    lambda s: b"MZ" + mint.seeded("stub", 5_000) + zipped({"conf/.env": env(s)}),
    lines=(2, 2),
)

keyed(
    "K30",
    "Java: a connection string put together",
    "A.java",
    lambda a, k: (
        f'String c = "DefaultEndpointsProtocol=https;"\n  + "AccountName={a};"\n  + "AccountKey={k}";\n'
    ),
    lines=(1, 3),
)
keyed(
    "K31",
    "JSON: \\/ in the key",
    "a.json",
    lambda a, k: json.dumps({"conn": connection(a, k)}).replace("/", "\\/"),
)
keyed(
    "K32",
    "a mail that broke the key at 76 columns",
    "a.txt",
    lambda a, k: wrapped(connection(a, k)) + "\n",
    lines=(1, 4),
)
keyed(
    "K33",
    "Java properties: \\= in the connection string",
    "a.properties",
    lambda a, k: "conn=" + connection(a, k).replace("=", "\\=").replace(":", "\\:") + "\n",
)
keyed(
    "K34",
    "Helm values: key in quotes under storage.azure",
    "values.yaml",
    lambda a, k: f'azure:\n  storageAccount: "{a}"\n  storageKey: "{k}"\n',
    lines=(3, 3),
)
keyed(
    "K35",
    "fluent-bit: account_name and shared_key",
    "fluent.conf",
    lambda a, k: f"[OUTPUT]\n    name azure_blob\n    account_name {a}\n    shared_key {k}\n",
    lines=(4, 4),
    confidence=("high", "medium", "low"),
)
pair(
    "S26",
    "Dockerfile",
    "Dockerfile",
    lambda i, s: f"FROM x\nENV AWS_ACCESS_KEY_ID={i} \\\n    AWS_SECRET_ACCESS_KEY={s}\n",
    lines=(2, 3),
)
pair(
    "S27",
    "JSON in JSON",
    "a.json",
    lambda i, s: json.dumps({"env": json.dumps({"AWS_ACCESS_KEY_ID": i, "AWS_SECRET_ACCESS_KEY": s})}),
    lines=(1, 1),
)
pair(
    "S28",
    "XML",
    "a.xml",
    lambda i, s: f"<a>\n<accessKey>{i}</accessKey>\n<secretKey>{s}</secretKey>\n</a>\n",
    lines=(2, 3),
)
pair(
    "S29",
    "environment of a container: Kubernetes",
    "deployment.yaml",
    lambda i, s: f"- name: AWS_ACCESS_KEY_ID\n  value: {i}\n- name: AWS_SECRET_ACCESS_KEY\n  value: {s}\n",
    lines=(2, 4),
)
pair(
    "S30",
    "environment of a container: ECS",
    "task.json",
    lambda i, s: json.dumps(
        [{"name": "AWS_ACCESS_KEY_ID", "value": i}, {"name": "AWS_SECRET_ACCESS_KEY", "value": s}], indent=4
    ),
    lines=(4, 8),
)
pair(
    "S31",
    "a scheme of Xcode",
    "a.xcscheme",
    lambda i, s: (
        f'<EnvironmentVariable\n   key = "AWS_ACCESS_KEY_ID"\n   value = "{i}">\n</EnvironmentVariable>\n'
        f'<EnvironmentVariable\n   key = "AWS_SECRET_ACCESS_KEY"\n   value = "{s}">\n</EnvironmentVariable>\n'
    ),
    lines=(3, 7),
)
signed("G11", "signed link to put, version 2", 2, lambda u: f"PUT {u}\n", method="PUT", may=frozenset())
signed("G12", "signed link, version 4, in HTML", 4, lambda u: f'<a href="{escape(u)}">x</a>\n')
spelled(
    "X130",
    "an API's answer: base64 of a file in JSON, broken at 60 with \\n",
    "contents.json",
    lambda s: json.dumps({"name": ".env", "encoding": "base64", "content": wrapped(b64(env(s)), 60) + "\n"}),
)
spelled(
    "X131",
    "percent-encoded in a UTF-16 file",
    "a.reg",
    lambda s: f"u={quote(s.url, safe='')}\r\n",
    encoding="utf-16",
)
spelled(
    "X132", "base64 of percent-encoded", "a.txt", lambda s: f"state: {b64('next=' + quote(s.url, safe=''))}\n"
)
