"""AWS and what speaks S3."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from html import escape
from string import ascii_letters, digits
from urllib.parse import parse_qs, quote, urlsplit

from corpus import mint
from corpus import mint_clouds as clouds
from corpus.azure_spelled import b64, json_ascii
from corpus.model import Case, Want, form, text_case

AWS = ("aws",)
ANY_S3 = ("aws", "other")
"""Who speaks S3 without being AWS may stand under either."""
ENDS = "2026-12-01T06:00:00Z"
"""Seven days after `SIGNED_AT`: the longest a version 4 link can live."""


def signature(link: str) -> str:
    """Return the signature of a link, decoded."""
    query = parse_qs(urlsplit(link).query)
    return (query.get("X-Amz-Signature") or query["Signature"])[0]


def presigned(
    id_: str,
    what: str,
    path: str,
    make: Callable[[], str],
    text: Callable[[str], str],
    *,
    lines: tuple[int, int] = (1, 1),
    **more: object,
) -> None:
    """Register a form: a presigned link, spelled by `text`."""

    def build() -> Case:
        link = make()
        given: dict[str, object] = {
            "provider": AWS,
            "kind": ("presigned_url",),
            "container": "contoso-raw",
            "key": "exports/q3 final.csv",
            "scope": "object",
            "may": frozenset({"read"}),
            "may_not": frozenset({"list", "delete", "write"}),
            "validity": "valid",
            "expires_at": ENDS,
            "path": path,
            "lines": lines,
            **more,
        }
        query = parse_qs(urlsplit(link).query)
        tokens = tuple(query.get("X-Amz-Security-Token", ()))
        return text_case(path, text(link), Want(**given), secrets=(signature(link), *tokens))  # type: ignore[arg-type]

    form(id_, what)(build)


def get(name: str, **more: object) -> Callable[[], str]:
    """Return a maker of a link to get one object."""
    params = {"Bucket": "contoso-raw", "Key": "exports/q3 final.csv"}
    return lambda: clouds.presign(name, "get_object", params, **more)  # type: ignore[arg-type]


def _session_token() -> str:
    return base64.b64encode(mint.seeded("session token", 300)).decode()


presigned("S01", "presigned, version 4, AKIA", "a.md", get("s01"), lambda u: f"x\n[q3]({u})\n", lines=(2, 2))
presigned(
    "S02",
    "presigned with a session token, ASIA",
    "a.txt",
    get("s02", key_id=clouds.aws_key_id("s02", "ASIA"), token=_session_token()),
    lambda u: u + "\n",
    expires_at="*",
)
presigned("S03", "presigned, version 2", "a.txt", get("s03", version="s3"), lambda u: u + "\n")
presigned(
    "S04",
    "presigned in JSON: \\u0026",
    "a.json",
    get("s04"),
    lambda u: f'{{"u":\n"{json_ascii(u)}"}}',
    lines=(2, 2),
)
presigned("S05", "presigned in HTML: &amp;", "a.html", get("s05"), lambda u: f'<img src="{escape(u)}">')
presigned(
    "S06",
    "presigned at R2: a key id of 32 hexadecimal digits",
    "a.txt",
    get(
        "s06",
        key_id=mint.seeded("r2", 16).hex(),
        region="auto",
        endpoint="https://" + mint.seeded("r2 account", 16).hex() + ".r2.cloudflarestorage.com",
    ),
    lambda u: u,
    provider=ANY_S3,
)
presigned(
    "S06b",
    "presigned at a MinIO of one's own",
    "a.txt",
    get(
        "s06b", key_id="contosominioaccess", region="us-east-1", endpoint="https://minio.contoso.example:9000"
    ),
    lambda u: u,
    provider=ANY_S3,
)
presigned(
    "S12",
    "presigned to put: the link does not say the method, so it may write",
    "a.sh",
    lambda: clouds.presign("s12", "put_object", {"Bucket": "contoso-raw", "Key": "in/x.bin"}),
    lambda u: f"curl -X PUT -T x.bin '{u}'\n",
    key="in/x.bin",
    may=frozenset({"unknown"}),
    may_not=frozenset(),
)
presigned(
    "S13",
    "presigned list of a bucket",
    "a.txt",
    lambda: clouds.presign("s13", "list_objects_v2", {"Bucket": "contoso-raw"}),
    lambda u: u,
    key="*",
    scope="container",
    may=frozenset({"list"}),
    may_not=frozenset({"delete"}),
)
presigned(
    "S14",
    "presigned in China, path style",
    "a.txt",
    get("s14", region="cn-north-1", style="path"),
    lambda u: u,
)
presigned(
    "S15",
    "presigned, past its end",
    "a.txt",
    get("s15", seconds=60),
    lambda u: u,
    validity="expired",
    expires_at="2026-11-24T06:01:00Z",
)
presigned(
    "S16",
    "presigned, whole link percent-encoded in another",
    "a.txt",
    get("s16"),
    lambda u: "https://viewer.example.org/?file=" + quote(u, safe=""),
)
presigned(
    "S17", "presigned, in base64", "a.yaml", get("s17"), lambda u: f"data:\n  link: {b64(u)}\n", lines=(2, 2)
)


def pair(
    id_: str,
    what: str,
    path: str,
    text: Callable[[str, str], str],
    *,
    lines: tuple[int, int],
    provider: tuple[str, ...] = AWS,
    key_id: str = "",
    secret: str = "",
    kind: tuple[str, ...] = ("access_key",),
    confidence: tuple[str, ...] = ("high", "medium"),
) -> None:
    """Register a form: a key id and its secret."""

    def build() -> Case:
        name = key_id or clouds.aws_key_id(id_)
        value = secret or clouds.aws_secret(id_)
        want = Want(
            provider=provider,
            kind=kind,
            account=name,
            path=path,
            lines=lines,
            expires_at="*",
            confidence=confidence,
        )
        return text_case(path, text(name, value), want, secrets=(value,))

    form(id_, what)(build)


pair(
    "S08",
    "credentials file",
    "credentials",
    lambda i, s: f"[default]\naws_access_key_id = {i}\naws_secret_access_key = {s}\nregion = eu-west-1\n",
    lines=(2, 3),
)
pair("S09", ".s3cfg", ".s3cfg", lambda i, s: f"[default]\naccess_key = {i}\nsecret_key = {s}\n", lines=(2, 3))
pair(
    "S11",
    "rclone, another provider: 20 and 40 characters",
    "rclone.conf",
    lambda i, s: f"[x]\ntype = s3\nprovider = Other\naccess_key_id = {i}\nsecret_access_key = {s}\n",
    lines=(4, 5),
    provider=ANY_S3,
    key_id=mint.letters("s11", 20, clouds.BASE36),
    secret=mint.letters("s11 secret", 40, ascii_letters + digits),
)
pair(
    "S18",
    "JSON: the secret before the id",
    "a.json",
    lambda i, s: json.dumps({"secretAccessKey": s, "region": "eu-west-1", "accessKeyId": i}, indent=1),
    lines=(2, 4),
)
pair(
    "S19",
    "the console's CSV",
    "rootkey.csv",
    lambda i, s: f"Access key ID,Secret access key\r\n{i},{s}\r\n",
    lines=(2, 2),
)
pair(
    "S20",
    "Python: two arguments of a client",
    "a.py",
    lambda i, s: f'boto3.client("s3",\n  aws_access_key_id="{i}",\n  aws_secret_access_key="{s}")\n',
    lines=(2, 3),
)
pair(
    "S21",
    "environment of a container in base64: Kubernetes",
    "s.yaml",
    lambda i, s: f"data:\n  AWS_ACCESS_KEY_ID: {b64(i)}\n  AWS_SECRET_ACCESS_KEY: {b64(s)}\n",
    lines=(2, 3),
)
pair(
    "S22",
    "user and password of an s3:// address",
    "a.cfg",
    lambda i, s: f"store = s3://{i}:{quote(s, safe='')}@contoso-raw/dumps\n",
    lines=(1, 1),
)
pair(
    "S23",
    "Terraform variables",
    "terraform.tfvars",
    lambda i, s: f'access_key = "{i}"\nsecret_key = "{s}"\n',
    lines=(1, 2),
)


@form("S07", "POST policy form: whoever holds it may upload")
def s07() -> Case:
    made = clouds.post_form("s07", "contoso-raw", "uploads/${filename}")
    fields = "".join(
        f'  <input type="hidden" name="{n}" value="{escape(v)}">\n' for n, v in made["fields"].items()
    )
    text = f'<form action="{made["url"]}" method="post" enctype="multipart/form-data">\n{fields}</form>\n'
    want = Want(
        provider=AWS,
        container="contoso-raw",
        may=frozenset({"write"}),
        validity="valid",
        expires_at="2026-11-25T06:00:00Z",
        path="up.html",
        lines=(1, 8),
    )
    return text_case("up.html", text, want, secrets=(made["fields"]["x-amz-signature"],))


@form("S10", "CloudFront signed link, canned policy")
def s10() -> Case:
    link = clouds.cloudfront("s10", "https://d3k9x0contoso1.cloudfront.net/video/keynote.mp4")
    want = Want(
        provider=AWS,
        may=frozenset({"read"}),
        validity="valid",
        expires_at=mint.FAR,
        path="a.txt",
        scope="object",
        lines=(1, 1),
    )
    return text_case("a.txt", link, want, secrets=(signature(link),))


@form("S10b", "CloudFront signed link, custom policy on a folder, own domain")
def s10b() -> Case:
    link = clouds.cloudfront("s10b", "https://cdn.contoso-media.org/video/keynote.mp4", policy=True)
    want = Want(
        provider=AWS,
        may=frozenset({"read"}),
        validity="valid",
        expires_at=mint.FAR,
        path="a.txt",
        lines=(1, 1),
    )
    return text_case("a.txt", link, want, secrets=(signature(link),))


@form("S24", "temporary credentials: id, secret and session token")
def s24() -> Case:
    key_id, secret, token = clouds.aws_key_id("s24", "ASIA"), clouds.aws_secret("s24"), _session_token()
    text = f"export AWS_ACCESS_KEY_ID={key_id}\nexport AWS_SECRET_ACCESS_KEY={secret}\nexport AWS_SESSION_TOKEN={token}\n"
    want = Want(provider=AWS, kind=("access_key",), account=key_id, path="a.sh", lines=(1, 3))
    return text_case("a.sh", text, want, secrets=(secret, token))


@form("S25", "two pairs in one file, each secret to its own id")
def s25() -> Case:
    names = ("s25 one", "s25 two")
    text = "".join(
        f"[p{n}]\naws_access_key_id={clouds.aws_key_id(x)}\naws_secret_access_key={clouds.aws_secret(x)}\n\n"
        for n, x in enumerate(names)
    )
    wants = tuple(
        Want(
            provider=AWS,
            kind=("access_key",),
            account=clouds.aws_key_id(x),
            path="c.ini",
            lines=(4 * n + 2, 4 * n + 3),
        )
        for n, x in enumerate(names)
    )
    return text_case("c.ini", text, *wants, secrets=tuple(clouds.aws_secret(x) for x in names))
