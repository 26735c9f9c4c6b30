"""A small S3 that answers in Amazon's own words where the emulators use others, or never say it.

The bodies follow captured ones: expired and not yet valid links (github.com/aws/aws-sdk-js/issues/3493,
github.com/minio/minio/issues/2638), wrong regions (github.com/ai-dock/comfyui/issues/34,
github.com/minio/s3verify/issues/128), and what docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html shows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from services.s3_signatures import Asked, Shown, fits, shown

Answer = tuple[int, dict[str, str], bytes]
_AMAZON = ".amazonaws.com"
_SKEW = timedelta(minutes=15)


@dataclass
class Bucket:
    """A bucket and what is in it."""

    region: str = "us-east-1"
    objects: dict[str, bytes] = field(default_factory=dict)
    listed_by_anyone: bool = False
    read_by_anyone: bool = False
    acl: str = ""
    """The document that anyone may read; empty: nobody may."""


@dataclass
class FakeKey:
    """An access key; `rights` of `list_buckets`, `list`, `read`."""

    secret: str
    token: str = ""
    rights: frozenset[str] = frozenset({"list_buckets", "list", "read"})


@dataclass
class S3Fake:
    """The service. What its fields say may change between requests."""

    url: str = ""
    buckets: dict[str, Bucket] = field(default_factory=dict)
    keys: dict[str, FakeKey] = field(default_factory=dict)
    forced: dict[str, Answer] = field(default_factory=dict)
    """Bucket, or `""` for the service, -> what is answered whatever is asked with a good signature."""
    forced_before: dict[str, Answer] = field(default_factory=dict)
    """The same, before anything is checked."""
    ahead: timedelta = timedelta()
    """Of its clock."""
    asked: list[Asked] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def error(status: int, code: str, message: str, more: str = "", **headers: str) -> Answer:
    """Make a refusal as S3 writes it."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>{more}'
        "<RequestId>4442587FB7D0A2F9</RequestId><HostId>madeUpHostId</HostId></Error>"
    )
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return (
        status,
        {"content-type": "application/xml", "x-amz-request-id": "4442587FB7D0A2F9", **headers},
        body.encode(),
    )


@contextmanager
def running(fake: S3Fake) -> Iterator[S3Fake]:
    """Serve on a free port of the loopback until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    server.fake = fake  # type: ignore[attr-defined]
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        fake: S3Fake = self.server.fake  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(
            method=self.command, host=headers["host"], path=parts.path, query=parts.query, headers=headers
        )
        fake.asked.append(asked)
        status, told, body = answer(fake, asked)
        self.send_response_only(status)
        common = {"date": format_datetime(fake.now, usegmt=True), "server": "AmazonS3"}
        for name, value in {**common, "content-length": str(len(body)), **told}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the base class calls it so

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def answer(fake: S3Fake, asked: Asked) -> Answer:
    """Answer one request: time, key, signature, region, right, object, in this order, as Amazon does."""
    name, key = _place(fake, asked)
    if name in fake.forced_before:
        return fake.forced_before[name]
    proof = shown(asked)
    bucket = fake.buckets.get(name)
    if proof is not None and (refusal := _unproved(fake, asked, proof, name)):
        return refusal
    if proof is not None and bucket is not None and (refusal := _wrong_region(asked, proof, bucket)):
        return refusal
    if proof is None and bucket is not None and bucket.region != "us-east-1" and _global(asked.host):
        return error(
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint.",
            f"<Endpoint>{name}.s3.{bucket.region}.amazonaws.com</Endpoint><Bucket>{name}</Bucket>",
            x_amz_bucket_region=bucket.region,
        )
    if name in fake.forced:
        return fake.forced[name]
    rights = fake.keys[proof.key_id].rights if proof is not None else frozenset()
    if not name:
        return _buckets(fake, rights)
    if bucket is None:
        return error(
            404, "NoSuchBucket", "The specified bucket does not exist", f"<BucketName>{name}</BucketName>"
        )
    if "acl" in asked.values:
        return (200, {"content-type": "application/xml"}, bucket.acl.encode()) if bucket.acl else _denied()
    if not key:
        return _names(bucket, asked) if "list" in rights or bucket.listed_by_anyone else _denied()
    if not ("read" in rights or bucket.read_by_anyone):
        return _denied()
    return _content(bucket, key, asked)


def _place(fake: S3Fake, asked: Asked) -> tuple[str, str]:
    """Return (bucket, key) by the host, or by the path."""
    host = asked.host.partition(":")[0]
    path = unquote(asked.path).removeprefix("/")
    before, dot, service = host.partition(".s3")
    if dot and service.endswith(_AMAZON):
        return before, path
    name, _, key = path.partition("/")
    return name, key


def _unproved(fake: S3Fake, asked: Asked, proof: Shown, bucket: str) -> Answer | None:
    if proof.ends_at is not None and proof.ends_at < fake.now:
        age = (
            f"<X-Amz-Expires>{asked.values.get('x-amz-expires', '')}</X-Amz-Expires>"
            if proof.version == 4
            else ""
        )
        ended, server = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (proof.ends_at, fake.now))
        times = f"{age}<Expires>{ended}</Expires><ServerTime>{server}</ServerTime>"
        return error(403, "AccessDenied", "Request has expired", times)
    if proof.in_query and proof.at is not None and proof.at > fake.now + _SKEW:
        return error(403, "AccessDenied", "Request is not yet valid")
    if not proof.in_query and proof.at is not None and abs(proof.at - fake.now) > _SKEW:
        message = "The difference between the request time and the current time is too large."
        return error(403, "RequestTimeTooSkewed", message)
    held = fake.keys.get(proof.key_id)
    if held is None:
        message = "The AWS Access Key Id you provided does not exist in our records."
        return error(403, "InvalidAccessKeyId", message, f"<AWSAccessKeyId>{proof.key_id}</AWSAccessKeyId>")
    if proof.token != held.token:
        return error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
    if not fits(asked, proof, held.secret, bucket):
        # Amazon repeats the signature, and all that was signed: none of it may get into a report.
        told = f"<SignatureProvided>{proof.signature}</SignatureProvided><CanonicalRequest>{escape(asked.query)}</CanonicalRequest>"
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        )
        return error(403, "SignatureDoesNotMatch", message, told)
    return None


def _wrong_region(asked: Asked, proof: Shown, bucket: Bucket) -> Answer | None:
    if proof.version == 2 or proof.region == bucket.region:
        return None
    told = f"the region '{proof.region}' is wrong; expecting '{bucket.region}'"
    region = f"<Region>{bucket.region}</Region>"
    if proof.in_query:
        message = f"Error parsing the X-Amz-Credential parameter; {told}"
        return error(400, "AuthorizationQueryParametersError", message, region)
    return error(
        400, "AuthorizationHeaderMalformed", f"The authorization header is malformed; {told}", region
    )


def _global(host: str) -> bool:
    return host.endswith("s3.amazonaws.com")


def _denied() -> Answer:
    return error(403, "AccessDenied", "Access Denied")


def _buckets(fake: S3Fake, rights: frozenset[str]) -> Answer:
    if "list_buckets" not in rights:
        message = (
            "User: arn:aws:iam::111122223333:user/made-up is not authorized to perform: s3:ListAllMyBuckets "
            "because no identity-based policy allows the s3:ListAllMyBuckets action"
        )
        return error(403, "AccessDenied", message)
    names = "".join(
        f"<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>"
        for name in fake.buckets
    )
    body = f"<ListAllMyBucketsResult><Owner><ID>0</ID></Owner><Buckets>{names}</Buckets></ListAllMyBucketsResult>"
    return 200, {"content-type": "application/xml", "x-amz-request-id": "1"}, body.encode()


def _names(bucket: Bucket, asked: Asked) -> Answer:
    values = asked.values
    after, prefix = values.get("start-after", ""), values.get("prefix", "")
    most = int(values.get("max-keys", "1000"))
    delimiter = values.get("delimiter", "")
    found: dict[str, bytes | None] = {}
    for name in sorted(bucket.objects):
        if name <= after or not name.startswith(prefix):
            continue
        rest = name[len(prefix) :]
        if delimiter and delimiter in rest:
            found.setdefault(prefix + rest[: rest.index(delimiter) + 1], None)
        else:
            found[name] = bucket.objects[name]
    page = dict(list(found.items())[:most])
    items = "".join(
        f"<Contents><Key>{quote(name, safe='/')}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
        f"<ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>{len(body)}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
        for name, body in page.items()
        if body is not None
    )
    prefixes = "".join(
        f"<CommonPrefixes><Prefix>{quote(name, safe='/')}</Prefix></CommonPrefixes>"
        for name, body in page.items()
        if body is None
    )
    cut = "true" if len(found) > len(page) else "false"
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<EncodingType>url</EncodingType><IsTruncated>{cut}</IsTruncated>{items}{prefixes}</ListBucketResult>"
    )
    return 200, {"content-type": "application/xml", "x-amz-request-id": "1"}, body.encode()


def _content(bucket: Bucket, key: str, asked: Asked) -> Answer:
    body = bucket.objects.get(key)
    if body is None:
        return error(404, "NoSuchKey", "The specified key does not exist.", f"<Key>{escape(key)}</Key>")
    told = {"content-type": "application/octet-stream", "etag": '"5d41402abc4b2a76b9719d911017c592"'}
    wanted = asked.headers.get("range", "").removeprefix("bytes=")
    if not wanted:
        return 200, told, body
    first, last = (int(each) for each in wanted.split("-"))
    if first >= len(body):
        return error(
            416,
            "InvalidRange",
            "The requested range is not satisfiable",
            f"<ActualObjectSize>{len(body)}</ActualObjectSize>",
        )
    part = body[first : last + 1]
    return 206, {**told, "content-range": f"bytes {first}-{first + len(part) - 1}/{len(body)}"}, part
