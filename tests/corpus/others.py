"""Everybody else: model hubs, other clouds, share links, keys that are not for storage."""

from __future__ import annotations

import base64
import hashlib
import hmac
from string import ascii_letters, ascii_lowercase, digits
from urllib.parse import quote

from corpus import mint
from corpus import mint_clouds as clouds
from corpus.model import Case, Want, form, text_case

OTHER = ("other",)
ANY_WAY = ("high", "medium", "low")
WORD = ascii_letters + digits


@form("O01", "Hugging Face token")
def o01() -> Case:
    token = "hf_" + mint.letters("o01", 34, ascii_letters)
    want = Want(provider=OTHER, kind=("access_token", "huggingface_token"), path="train.py", lines=(2, 2))
    return text_case(
        "train.py", f'from huggingface_hub import login\nlogin("{token}")\n', want, secrets=(token[3:],)
    )


@form("O02", "Alibaba OSS signed link")
def o02() -> Case:
    key_id = "LTAI5t" + mint.letters("o02", 18, WORD)
    to_sign = "GET\n\n\n2580195600\n/contoso-oss/dump.sql.gz"
    mac = hmac.new(clouds.aws_secret("o02").encode(), to_sign.encode(), hashlib.sha1).digest()
    sig = base64.b64encode(mac).decode()
    link = (
        "https://contoso-oss.oss-cn-hangzhou.aliyuncs.com/dump.sql.gz"
        f"?OSSAccessKeyId={key_id}&Expires=2580195600&Signature={quote(sig, safe='')}"
    )
    want = Want(
        provider=OTHER,
        container="contoso-oss",
        key="dump.sql.gz",
        validity="valid",
        expires_at=mint.FAR,
        path="a.txt",
        lines=(1, 1),
    )
    return text_case("a.txt", link, want, secrets=(sig,))


@form("O02b", "Alibaba Cloud AccessKey pair")
def o02b() -> Case:
    key_id = "LTAI5t" + mint.letters("o02b", 18, WORD)
    secret = mint.letters("o02b secret", 30, WORD)
    text = f"aliyun:\n  oss:\n    access-key-id: {key_id}\n    access-key-secret: {secret}\n    bucket: contoso-oss\n"
    want = Want(
        provider=OTHER,
        kind=("access_key",),
        rule="alibaba-access-key",
        account=key_id,
        container="contoso-oss",
        path="application.yml",
        lines=(4, 4),
    )
    return text_case("application.yml", text, want, secrets=(secret,))


@form("O03", "Tencent COS signed link")
def o03() -> Case:
    key_id = "AKID" + mint.letters("o03", 32, WORD)
    times = "1796000000;2580195600"
    sign_key = hmac.new(clouds.aws_secret("o03").encode(), times.encode(), hashlib.sha1).hexdigest()
    http = "get\n/data.tar\n\nhost=contoso-1250000000.cos.ap-guangzhou.myqcloud.com\n"
    to_sign = f"sha1\n{times}\n{hashlib.sha1(http.encode()).hexdigest()}\n"
    sig = hmac.new(sign_key.encode(), to_sign.encode(), hashlib.sha1).hexdigest()
    link = (
        "https://contoso-1250000000.cos.ap-guangzhou.myqcloud.com/data.tar?q-sign-algorithm=sha1"
        f"&q-ak={key_id}&q-sign-time={times}&q-key-time={times}&q-header-list=host&q-url-param-list=&q-signature={sig}"
    )
    want = Want(
        provider=OTHER,
        container="contoso-1250000000",
        key="data.tar",
        expires_at=mint.FAR,
        path="a.txt",
        lines=(1, 1),
    )
    return text_case("a.txt", link, want, secrets=(sig,))


@form("O04", "Backblaze B2 pair")
def o04() -> Case:
    key_id = "005" + mint.seeded("o04", 11).hex()
    key = "K005" + mint.letters("o04 key", 27, WORD)
    text = f"B2_APPLICATION_KEY_ID={key_id}\nB2_APPLICATION_KEY={key}\n"
    want = Want(provider=(*OTHER, "aws"), path=".env", lines=(1, 2))
    return text_case(".env", text, want, secrets=(key,))


def shared(id_: str, what: str, link: str, size: int, alphabet: str = WORD) -> None:
    """Register a form: a link for whoever has it; `{}` in `link` is the part that nobody can guess."""

    def build() -> Case:
        secret = mint.letters(id_, size, alphabet)
        want = Want(provider=OTHER, kind=("share_link",), path="a.md", lines=(3, 3), confidence=ANY_WAY)
        return text_case(
            "a.md", f"# Data\n\nGet it [here]({link.format(secret)}).\n", want, secrets=(secret,)
        )

    form(id_, what)(build)


SMALL = ascii_lowercase + digits
shared("O05a", "Google Drive, a file", "https://drive.google.com/file/d/1{}/view?usp=sharing", 32)
shared("O05b", "Google Drive, a folder", "https://drive.google.com/drive/folders/1{}", 32)
shared("O05c", "OneDrive, short", "https://1drv.ms/u/s!A{}?e=p3Kx9Q", 20)
shared(
    "O05d",
    "SharePoint, a folder for anybody",
    "https://contoso.sharepoint.com/:f:/s/research/E{}?e=Zb4c1T",
    44,
)
shared("O05e", "Dropbox, the old kind", "https://www.dropbox.com/s/{}/corpus.zip?dl=0", 15, SMALL)
shared(
    "O05f",
    "Dropbox, with rlkey",
    "https://www.dropbox.com/scl/fi/k2v9m3qz7hx0c4tn8wd1b/corpus.zip?rlkey={}&dl=0",
    25,
    SMALL,
)
shared("O05g", "Box", "https://app.box.com/s/{}", 32, SMALL)


@form("O06", "PEM private key: not storage")
def o06() -> Case:
    pem = clouds.pem("o06")
    want = Want(provider=OTHER, kind=("private_key",), path="id.pem", lines=(1, 1))
    body = "".join(pem.split("\n")[1:-2])
    return text_case("id.pem", pem, want, secrets=(body[100:160], body[700:800]))


@form("O07", "Service Bus connection string: not storage")
def o07() -> Case:
    key = base64.b64encode(mint.seeded("o07", 32)).decode()
    text = (
        "bus=Endpoint=sb://contosobus.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;"
        f"SharedAccessKey={key}\n"
    )
    want = Want(kind=("service_bus",), rule="azure-", path="a.ini", lines=(1, 1))
    return text_case("a.ini", text, want, secrets=(key,))


@form("O08", "Logic Apps link: not storage")
def o08() -> Case:
    sig = base64.urlsafe_b64encode(mint.seeded("o08", 32)).decode().rstrip("=")
    link = (
        f"https://prod-12.westeurope.logic.azure.com:443/workflows/{mint.seeded('flow', 16).hex()}/triggers/manual/paths/"
        f"invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={sig}"
    )
    want = Want(kind=("logic_apps",), rule="azure-", path="a.sh", lines=(1, 1))
    return text_case("a.sh", f"curl -X POST '{link}'\n", want, secrets=(sig,))
