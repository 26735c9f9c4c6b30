"""Google Cloud Storage and Firebase."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from corpus import mint_clouds as clouds
from corpus.azure_spelled import b64, json_ascii
from corpus.model import Case, Want, form, text_case

GCP = ("gcp",)
ENDS = "2026-12-01T06:00:00Z"


def signed(
    id_: str,
    what: str,
    version: int,
    text: Callable[[str], str],
    *,
    method: str = "GET",
    may: frozenset[str] = frozenset({"read"}),
    lines: tuple[int, int] = (1, 1),
) -> None:
    """Register a form: a signed link, spelled by `text`."""

    def build() -> Case:
        link = clouds.gcs_signed(
            id_.lower(), f"/contoso-media/2026/{id_}.mp4", version=version, method=method
        )
        query = parse_qs(urlsplit(link).query)
        secret = (query.get("X-Goog-Signature") or query["Signature"])[0]
        want = Want(
            provider=GCP,
            kind=("signed_url",),
            container="contoso-media",
            key=f"2026/{id_}.mp4",
            scope="object",
            may=may,
            validity="valid",
            expires_at=ENDS,
            path="a.txt",
            lines=lines,
        )
        return text_case("a.txt", text(link), want, secrets=(secret,))

    form(id_, what)(build)


signed("G01", "signed link, version 4, RSA", 4, lambda u: f"x\n{u}\n", lines=(2, 2))
signed("G02", "signed link, version 2: GoogleAccessId", 2, lambda u: u)
signed("G08", "signed link, version 4, in JSON", 4, lambda u: f'{{"u": "{json_ascii(u)}"}}')
signed("G09", "signed link, version 2, in base64", 2, lambda u: f"link: {b64(u)}\n")


def account_file(
    id_: str, what: str, path: str, text: Callable[[dict[str, str]], str], *, lines: tuple[int, int]
) -> None:
    """Register a form: a key file of a service account."""

    def build() -> Case:
        made = clouds.service_account_json(id_.lower())
        # One PEM serves all forms: to make another takes a second.
        want = Want(provider=GCP, kind=("service_account_key",), path=path, lines=lines)
        body = "".join(made["private_key"].split("\n")[1:-2])
        return text_case(path, text(made), want, secrets=(body[100:160], body[700:800]))

    form(id_, what)(build)


account_file("G04", "service account JSON", "sa.json", lambda d: json.dumps(d, indent=2), lines=(1, 10))
account_file(
    "G05",
    "service account JSON in one environment variable, escaped",
    ".env",
    lambda d: "A=1\nGOOGLE_CREDENTIALS=" + json.dumps(json.dumps(d)) + "\n",
    lines=(2, 2),
)
account_file(
    "G07",
    "service account JSON in base64",
    "a.yaml",
    lambda d: f"k:\n  key.json: {b64(json.dumps(d))}\n",
    lines=(2, 2),
)


@form("G03", "HMAC pair in .boto")
def g03() -> Case:
    key_id, secret = clouds.hmac_pair("g03")
    text = f"[Credentials]\ngs_access_key_id = {key_id}\ngs_secret_access_key = {secret}\n"
    want = Want(provider=GCP, kind=("hmac_key",), account=key_id, path=".boto", lines=(2, 3))
    return text_case(".boto", text, want, secrets=(secret,))


@form("G10", "HMAC pair in an S3 client's settings")
def g10() -> Case:
    key_id, secret = clouds.hmac_pair("g10")
    text = f"S3_ENDPOINT=https://storage.googleapis.com\nAWS_ACCESS_KEY_ID={key_id}\nAWS_SECRET_ACCESS_KEY={secret}\n"
    want = Want(provider=GCP, kind=("hmac_key",), account=key_id, path=".env", lines=(2, 3))
    return text_case(".env", text, want, secrets=(secret,))


@form("G30", "a person's sign-in, as gcloud keeps it")
def g30() -> Case:
    token = "1//0tidegateFakeRefreshTokenForTestsOnly0123456789AbCdEfGhIjKl"
    kept = {
        "client_id": "000000000000-tidegatefake.apps.googleusercontent.com",
        "client_secret": "d-tidegate-fake",
        "quota_project_id": "contoso-fake",
        "refresh_token": token,
        "type": "authorized_user",
    }
    want = Want(
        provider=GCP, kind=("user_credentials",), account="contoso-fake", path="adc.json", lines=(1, 7)
    )
    return text_case("adc.json", json.dumps(kept, indent=1), want, secrets=(token,))


@form("G06", "Firebase download token")
def g06() -> Case:
    token = clouds.firebase_token("g06")
    link = f"https://firebasestorage.googleapis.com/v0/b/contoso-app.appspot.com/o/backup%2Fdb.json?alt=media&token={token}"
    want = Want(
        provider=GCP,
        container="contoso-app.appspot.com",
        key="backup/db.json",
        scope="object",
        may=frozenset({"read"}),
        expires_at=None,
        path="a.js",
        lines=(1, 1),
    )
    return text_case("a.js", f"fetch('{link}')\n", want, secrets=(token,))
