"""What must not alarm: constants of documentation, placeholders, emulators, and what only looks alike.

A plain address of a container may still be told as `info`: something to ask a probe about.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

from corpus import mint
from corpus import mint_clouds as clouds
from corpus.model import Case, form

EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Public: learn.microsoft.com/azure/storage/common/storage-use-azurite."""
AWS_SAMPLE_ID = "AKIAIOSFODNN7EXAMPLE"
AWS_SAMPLE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"""Public: docs.aws.amazon.com, "Authenticating requests"."""


def silent(id_: str, what: str, path: str, text: Callable[[], str], *, suppressed: int = 0) -> None:
    """Register a form that must give no finding. `suppressed`: so many must be counted, at least."""
    form(id_, what)(lambda: Case(files={path: text().encode()}, suppressed=suppressed))


def _placeholders() -> str:
    return "\n".join(
        [
            "SAS=sv=2022-11-02&ss=b&srt=sco&sp=rwdl&se=2051-10-06T09:00:00Z&sig=<signature>",
            "URL=https://contosodata.blob.core.windows.net/raw?sv=2022-11-02&sr=c&sp=rl&sig=REDACTED",
            "URL2=https://contosodata.blob.core.windows.net/raw?sv=2022-11-02&sr=c&sp=rl&sig=XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "URL3=https://<account>.blob.core.windows.net/<container>?<sas-token>",
            "URL4=https://contosodata.blob.core.windows.net/raw?sv=2022-11-02&sr=c&sp=rl&sig=your_signature_here",
            "CONN=DefaultEndpointsProtocol=https;AccountName=contosodata;AccountKey=<your-key>;EndpointSuffix=core.windows.net",
            "CONN2=DefaultEndpointsProtocol=https;AccountName=contosodata;AccountKey=" + "A" * 86 + "==",
            "CONN3=DefaultEndpointsProtocol=https;AccountName=contosodata;AccountKey=***;EndpointSuffix=core.windows.net",
            "AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY}",
            "aws_access_key_id = AKIAXXXXXXXXXXXXXXXX",
            "HF_TOKEN=hf_" + "x" * 34,
            "HF_TOKEN=hf_your_token_here",
            "KEY={{ secrets.AZURE_STORAGE_KEY }}",
        ]
    )


def _documented_sas() -> str:
    end = "sip=168.1.5.60-168.1.5.70&spr=https&sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D"
    return (
        "https://myaccount.blob.core.windows.net/sascontainer/sasblob.txt?sv=2015-04-05"
        f"&st=2015-04-29T22%3A18%3A26Z&se=2015-04-30T02%3A23%3A26Z&sr=b&sp=rw&{end}\n"
        "https://myaccount.blob.core.windows.net/?restype=service&comp=properties&sv=2019-02-02&ss=bf&srt=s"
        f"&st=2019-08-01T22%3A18%3A26Z&se=2019-08-10T02%3A23%3A26Z&sr=b&sp=rw&{end}\n"
    )


def _emulator() -> str:
    return (
        f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={EMULATOR_KEY};"
        "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;\nUseDevelopmentStorage=true\n"
        f'key = "{EMULATOR_KEY}"\n'
    )


def _documented_aws() -> str:
    return (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={AWS_SAMPLE_ID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
        "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404\n"
        f"aws_access_key_id = {AWS_SAMPLE_ID}\naws_secret_access_key = {AWS_SAMPLE_SECRET}\n"
        "aws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n"
    )


def _other_hosts() -> str:
    sig = hashlib.sha1(b"video").hexdigest().upper()
    jot = base64.urlsafe_b64encode(mint.seeded("n05", 32)).decode().rstrip("=")
    return (
        f"https://r3---sn.video.example.com/videoplayback?expire=1796000000&ei=x&ip=0.0.0.0&id=o-A&itag=18&sig={sig}\n"
        f"https://img.example.net/resize?w=200&sv=2&sig={jot}\n"
        f"https://maps.example.org/staticmap?center=a&zoom=12&signature={jot}=\n"
        f"GET /callback?state=abc&sp=1&si=2&sig={jot}\n"
    )


def _code() -> str:
    return """\
def sign(account, container, permissions, expiry, key):
    to_sign = "\\n".join([permissions, "", expiry, f"/blob/{account}/{container}", "", "", "https", "2022-11-02"])
    sig = base64.b64encode(hmac.new(b64decode(key), to_sign.encode(), sha256).digest()).decode()
    return f"sv=2022-11-02&sr=c&sp={permissions}&se={quote(expiry)}&spr=https&sig={quote(sig)}"

url = "https://" + account + ".blob.core.windows.net/" + container + "?" + sas
url = `https://${account}.blob.core.windows.net/${container}?sv=${sv}&sp=${sp}&sig=${encodeURIComponent(sig)}`
uri = String.format("https://%s.blob.core.windows.net/%s?sv=%s&sr=b&sig=%s", a, c, sv, sig)
conn = f"DefaultEndpointsProtocol=https;AccountName={name};AccountKey={key};EndpointSuffix=core.windows.net"
conn = "DefaultEndpointsProtocol=https;AccountName=" + name + ";AccountKey=" + key
PATTERN = re.compile(r"sv=\\d{4}-\\d{2}-\\d{2}&.*?sig=[A-Za-z0-9%]{43,63}%3D")
KEY_ID = re.compile(r"(?:AKIA|ASIA)[0-9A-Z]{16}")
query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + cred + "&X-Amz-Signature=" + signature
"""


def _locks() -> str:
    lines = []
    for n in range(300):
        digest = base64.b64encode(hashlib.sha512(b"%d" % n).digest()).decode()
        lines.append(f'    "node_modules/p{n}": {{"version": "1.0.{n}", "integrity": "sha512-{digest}"}},')
    return '{"packages": {\n' + "\n".join(lines) + "\n}}\n"


def _minified() -> str:
    words = [mint.letters(f"m{n}", 11, clouds.BASE36.lower()) for n in range(6_000)]
    return (
        "!function(){var "
        + ",".join(
            f'{w[0]}{w[1:4]}="{w}"' if w[0].isalpha() else f"a{w[:3]}={n}" for n, w in enumerate(words)
        )
        + "}();"
    )


def _images() -> str:
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + mint.seeded("image", 60_000)).decode()
    return f'<img src="data:image/png;base64,{picture}">\n.icon{{background:url(data:font/woff2;base64,{picture[:9000]})}}\n'


def _ids() -> str:
    return "\n".join(
        f"{mint.guid(str(n))},{hashlib.sha256(b'%d' % n).hexdigest()},{hashlib.md5(b'%d' % n).hexdigest()}"
        for n in range(500)
    )


def _sums() -> str:
    out = []
    for n in range(200):
        b64 = base64.b64encode(hashlib.sha256(b"%d" % n).digest()).decode()
        out.append(f"example.org/m{n} v1.{n}.0 h1:{b64}\nexample.org/m{n} v1.{n}.0/go.mod h1:{b64}")
        out.append(f"  checksum: 10c0/{hashlib.sha512(b'%d' % n).hexdigest()}")
        out.append(f"- sha256-{b64}")
    return "\n".join(out)


def _public_material() -> str:
    body = base64.encodebytes(mint.seeded("certificate", 900)).decode()
    ssh = base64.b64encode(b"\0\0\0\x07ssh-rsa" + mint.seeded("ssh", 270)).decode()
    return (
        f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
        f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"
        f"-----BEGIN PGP SIGNATURE-----\n\n{body}=abcd\n-----END PGP SIGNATURE-----\nssh-rsa {ssh} me@contoso\n"
    )


def _samples() -> str:
    return (
        "AZURE_STORAGE_ACCOUNT=<your-account>\nAZURE_STORAGE_KEY=<your-key>\nAZURE_STORAGE_SAS_TOKEN=\n"
        "AWS_ACCESS_KEY_ID=changeme\nAWS_SECRET_ACCESS_KEY=changeme\nGOOGLE_APPLICATION_CREDENTIALS=/path/to/key.json\n"
        'AZURE_CLIENT_SECRET="your-client-secret"\nAZURE_STORAGE_CONNECTION_STRING=""\n'
    )


def _workflow() -> str:
    return (
        "env:\n  KEY: ${{ secrets.STORAGE_KEY }}\n  SAS: ${{ secrets.SAS }}\nsteps:\n"
        "  - run: az storage blob upload --account-name contosodata --account-key $KEY\n"
        '  - run: azcopy copy x "https://contosodata.blob.core.windows.net/raw?$SAS"\n'
        "resources:\n  key: azurerm_storage_account.main.primary_access_key\n"
    )


def _tokens() -> str:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(d).encode()).decode().rstrip("=")
        for d in (
            {"alg": "HS256", "typ": "JWT"},
            {"sub": "1234567890", "sv": "2022-11-02", "sig": "none", "sp": "rl"},
        )
    )
    return f"Authorization: Bearer {head}.{body}.{mint.letters('jwt', 43, clouds.BASE36)}\nset-cookie: sig=1; sp=2; sv=3\n"


def _inside_base64() -> str:
    # Twenty characters that look like a key id, in the middle of a longer run.
    return (
        "blob: "
        + mint.letters("ib", 37, clouds.BASE32)
        + "AKIA"
        + mint.letters("ic", 60, clouds.BASE36)
        + "\n"
    )


def _prose() -> str:
    return (
        "A shared access signature has sv, sp, se and sig. Set sp=r&se=tomorrow and never share sig=.\n"
        "The AccountKey= part of a connection string must stay secret; see AccountName=, too.\n"
        "Example (shortened): ?sv=2022-11-02&ss=b&srt=sco&sp=rwdl&se=2023-01-01&sig=abc...\n"
        "?sv=2022-11-02&sr=c&sp=rl&sig=%s or sig={0} or sig=%SIG% or sig=$sig or sig=[signature] or sig=…\n"
    )


def _names() -> str:
    return (
        "class S3Mount(TypedDict):\n    endpoint_url: str\n    access_key_id: WorkdayProxySecret\n"
        "    secret_access_key: WorkdayProxySecret\n\n"
        "class Auth(BaseModel):\n    access_key_id: GatewayConfigAuthAwsAccessKeyID\n\n"
        "    secret_access_key: GatewayConfigAuthAwsSecretAccessKey\n\n"
        'endpoint = "s3.local"\nfs = S3Store(access_key=access_key, secret_key=secret_key_of_the_mount,)\n'
        "_, fs, host, access_key, secret_key = store_example_simple\n"
        'uri = "s3://{}:{}@b?scheme=http&endpoint_override={}".format(\n     access_key, secret_key, host)\n'
        "const s3 = {accessKeyId: configServiceAwsAccessKeyId, secretAccessKey: configServiceAwsSecretAccessKey};\n"
    )


def _surveys() -> str:
    form = mint.letters("form", 43, clouds.BASE36)
    return f"Take the survey: https://docs.google.com/forms/d/1{form}/viewform\n"


silent("N01", "placeholders", "deploy.env", _placeholders, suppressed=3)
silent("N02", "Microsoft's documented sample SAS", "doc.md", _documented_sas, suppressed=1)
silent("N03", "the emulator's key", "local.settings.json", _emulator, suppressed=1)
silent(
    "N04",
    "a public blob's address without a SAS",
    "a.md",
    lambda: (
        "![x](https://contosopublic.blob.core.windows.net/site/logo.png)\nhttps://contoso-pub.s3.amazonaws.com/a.js\n"
    ),
)
silent("N05", "sig= on hosts that are not Azure", "links.txt", _other_hosts)
silent("N06", "AWS's documented link and keys", "doc.md", _documented_aws, suppressed=2)
silent("N07", "code that builds a SAS", "sign.py", _code)
silent("N08", "lock file: sha512- and 88 characters", "package-lock.json", _locks)
silent("N10", "minified script", "app.min.js", _minified)
silent("N11", "pictures in base64", "a.html", _images)
silent("N12", "lists of GUIDs and digests", "ids.csv", _ids)
silent("N13", "go.sum, yarn.lock, integrity lists", "go.sum", _sums)
silent("N14", "certificates, public keys, signatures", "bundle.pem", _public_material)
silent("N15", "a sample settings file", ".env.sample", _samples)
silent("N16", "a workflow that reads its secrets from the store", "ci.yml", _workflow)
silent("N17", "a JWT and cookies", "req.http", _tokens)
silent("N18", "a key id's shape inside a longer run", "a.txt", _inside_base64)
silent("N19", "prose on signatures", "guide.md", _prose)
silent(
    "N20",
    "a sha512 in base64 alone on a line",
    "sums.txt",
    lambda: "\n".join(base64.b64encode(hashlib.sha512(b"s%d" % n).digest()).decode() for n in range(50)),
)
silent("N21", "names and types of variables beside an S3 endpoint", "store.py", _names)
silent("N22", "a survey's form: nothing is stored behind it", "README.md", _surveys)
