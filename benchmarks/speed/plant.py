"""Fabricated credentials, from a seed: no account, key or signature here belongs to anybody.

Every form has the shape that a scanner looks for and a value made of pseudo-random bytes. They are built
at run time, so that no file of this project holds one.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

ACCOUNTS = ("contosomodels", "contosobackups", "fabrikamdata", "northwindlogs")


@dataclass(frozen=True, slots=True)
class Planted:
    """One fabricated credential in one place."""

    form: str
    path: str
    line: int
    """From 1."""
    marker: str
    """A part of the secret as it is written: what a scanner that names no place must show."""


@dataclass(frozen=True, slots=True)
class Credential:
    form: str
    text: str
    """One line, without its end."""
    marker: str


def _b64(rng: random.Random, size: int) -> str:
    return base64.b64encode(rng.randbytes(size)).decode()


def _letters(rng: random.Random, size: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(rng.choices(alphabet, k=size))


def _azure_link(rng: random.Random, query: str, form: str, path: str) -> Credential:
    signature = quote(_b64(rng, 32), safe="")
    host = f"{rng.choice(ACCOUNTS)}{rng.randrange(100)}.blob.core.windows.net"
    return Credential(form, f"wget 'https://{host}/{path}?{query}&sig={signature}'", signature)


def account_sas(rng: random.Random) -> Credential:
    query = "sv=2020-08-04&ss=bfqt&srt=sco&sp=rwdlacuptfx&se=2051-10-06T07:09:59Z&spr=https"
    return _azure_link(rng, query, "account_sas", "models/weights.ckpt")


def container_sas(rng: random.Random) -> Credential:
    query = "sp=rl&st=2023-01-01T00:00:00Z&se=2033-01-01T00:00:00Z&spr=https&sv=2022-11-02&sr=c"
    return _azure_link(rng, query, "container_sas", "models")


def user_delegation_sas(rng: random.Random) -> Credential:
    ids = [f"{_hex(rng, 8)}-{_hex(rng, 4)}-4{_hex(rng, 3)}-8{_hex(rng, 3)}-{_hex(rng, 12)}" for _ in range(2)]
    query = (
        f"skoid={ids[0]}&sktid={ids[1]}&skt=2024-05-01T00%3A00%3A00Z&ske=2024-05-08T00%3A00%3A00Z&sks=b"
        "&skv=2022-11-02&sp=r&se=2024-05-08T00%3A00%3A00Z&spr=https&sv=2022-11-02&sr=b"
    )
    return _azure_link(rng, query, "user_delegation_sas", "data/train.csv")


def connection_string(rng: random.Random) -> Credential:
    key = _b64(rng, 64)
    account = f"{rng.choice(ACCOUNTS)}{rng.randrange(100)}"
    names = f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key}"
    return Credential("connection_string", f"{names};EndpointSuffix=core.windows.net", key)


def aws_pair(rng: random.Random) -> Credential:
    key_id = "AK" + "IA" + _letters(rng, 16, string.ascii_uppercase + "234567")
    return Credential("aws_pair", f"aws_access_key_id={key_id} aws_secret_access_key={_b64(rng, 30)}", key_id)


def presigned_v4(rng: random.Random) -> Credential:
    key_id = "AK" + "IA" + _letters(rng, 16, string.ascii_uppercase + "234567")
    signature = _hex(rng, 64)
    text = (
        f"https://contoso-public.s3.eu-west-1.amazonaws.com/data/part-{rng.randrange(999)}.parquet"
        f"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key_id}%2F20240501%2Feu-west-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date=20240501T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
    )
    return Credential("presigned_v4", text, signature)


def signed_v4(rng: random.Random) -> Credential:
    signature = _hex(rng, 512)
    text = (
        "https://storage.googleapis.com/contoso-media/films/a.mp4?X-Goog-Algorithm=GOOG4-RSA-SHA256"
        "&X-Goog-Credential=signer%40contoso-media.iam.gserviceaccount.com%2F20240501%2Fauto%2Fstorage%2Fgoog4_request"
        f"&X-Goog-Date=20240501T000000Z&X-Goog-Expires=86400&X-Goog-SignedHeaders=host&X-Goog-Signature={signature}"
    )
    return Credential("signed_v4", text, signature)


def hmac_key(rng: random.Random) -> Credential:
    key_id = "GOOG" + "1E" + _letters(rng, 55, string.ascii_uppercase + string.digits)
    return Credential("hmac_key", f"gs_access_key_id={key_id} gs_secret_access_key={_b64(rng, 30)}", key_id)


def hugging_face(rng: random.Random) -> Credential:
    token = "hf" + "_" + _letters(rng, 34, string.ascii_letters)
    return Credential("hugging_face", f"HF_TOKEN={token}", token)


def entra_secret(rng: random.Random) -> Credential:
    secret = f"{_letters(rng, 3)}8Q~{_letters(rng, 34)}"
    return Credential("entra_secret", f'AZURE_CLIENT_SECRET="{secret}"', secret)


def service_account(rng: random.Random) -> Credential:
    body = "\\n".join(_b64(rng, 48) for _ in range(12))
    key = f"-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n"
    text = (
        '{"type": "service_account", "project_id": "contoso-media", "private_key_id": "'
        f'{_hex(rng, 40)}", "private_key": "{key}", '
        '"client_email": "signer@contoso-media.iam.gserviceaccount.com"}'
    )
    return Credential("service_account", text, body[:40])


def _hex(rng: random.Random, size: int) -> str:
    return _letters(rng, size, "0123456789abcdef")


FORMS: tuple[Callable[[random.Random], Credential], ...] = (
    account_sas,
    container_sas,
    user_delegation_sas,
    connection_string,
    aws_pair,
    presigned_v4,
    signed_v4,
    hmac_key,
    hugging_face,
    entra_secret,
    service_account,
)


def credential(rng: random.Random, number: int) -> Credential:
    """The `number`-th credential: the forms in turn."""
    return FORMS[number % len(FORMS)](rng)


def insert_line(text: bytes, line: bytes, rng: random.Random) -> tuple[bytes, int]:
    """Put `line` between two lines of `text`, somewhere. Returns the text and the new line's number."""
    lines = text.split(b"\n")
    at = rng.randrange(len(lines))
    lines.insert(at, line)
    return b"\n".join(lines), at + 1
