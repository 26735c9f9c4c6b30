"""From a repository alone: which of its links and keys to S3 are open, what they list, and what was sent."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from s3_fill import BODY, NAMES, PRIVATE, PUBLIC, VERSIONED, User, new_user
from s3_setting import altered

from corpus.asked import by_path, repository, sent
from corpus.command import Command
from services.s3_clients import client
from services.s3_fake import Bucket, FakeKey, S3Fake
from services.seaweedfs import SeaweedFS

pytestmark = pytest.mark.xdist_group("s3-services")
SIZE = len(BODY) * (len(NAMES) - 1)
"""One object is empty."""


@pytest.fixture(scope="session")
def tidegate(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("home"))


def scope_file(folder: Path, endpoint: str, *names: str) -> Path:
    file = folder / "lab.toml"
    file.write_text(
        f'[scope]\ns3 = {json.dumps(names)}\n[endpoints]\ns3 = "{endpoint}"\n[budget]\nrequests_per_second = 1000\n'
    )
    return file


def signed(weed: SeaweedFS, key_id: str, secret: str, operation: str = "get_object", **params: str) -> str:
    with weed.s3(key_id=key_id, secret=secret) as s3:
        given = {"Bucket": PRIVATE, "Key": "c.bin", **params}
        if operation.startswith("list"):
            del given["Key"]
        return s3.generate_presigned_url(operation, Params=given, ExpiresIn=600)


def key_as_amazon_makes_them(weed: SeaweedFS, user: User) -> User:
    """Return another key of the user. SeaweedFS makes ids of 36 letters and digits, Amazon of the 32 of base32."""
    with weed.iam() as iam:
        for _ in range(1000):
            made = iam.create_access_key(UserName=user.name)["AccessKey"]
            if re.fullmatch("AKIA[A-Z2-7]{16}", made["AccessKeyId"]):
                return User(user.name, made["AccessKeyId"], made["SecretAccessKey"])
            iam.delete_access_key(UserName=user.name, AccessKeyId=made["AccessKeyId"])
    raise AssertionError("of 1,000 keys of SeaweedFS none has an id as Amazon makes them")


def test_a_repository_alone_says_which_of_its_links_and_keys_are_open(
    tidegate: Command, weed: SeaweedFS, tmp_path: Path
) -> None:
    live, dead, off, denied = (new_user(weed, f"cli-{name}") for name in ("live", "dead", "off", "denied"))
    found_key = key_as_amazon_makes_them(weed, live)
    typed = {"ResponseContentType": "text/plain"}
    links = {
        "live.md": signed(weed, live.key_id, live.secret),
        "again.md": signed(weed, live.key_id, live.secret, **typed),
        "list.md": signed(weed, live.key_id, live.secret, "list_objects_v2"),
        "put.md": signed(weed, live.key_id, live.secret, "put_object"),
        "altered.md": altered(signed(weed, live.key_id, live.secret, **typed)),
        "deleted.md": signed(weed, dead.key_id, dead.secret),
        "inactive.md": signed(weed, off.key_id, off.secret),
        "policy.md": signed(weed, denied.key_id, denied.secret),
        "key.md": f"aws_access_key_id = {found_key.key_id}\naws_secret_access_key = {found_key.secret}",
        "open.md": f"https://{PUBLIC}.s3.amazonaws.com/c.bin",
        "elsewhere.md": "https://tg-elsewhere.s3.amazonaws.com/c.bin",
    }
    with weed.iam() as iam:
        iam.delete_access_key(UserName=dead.name, AccessKeyId=dead.key_id)
        iam.update_access_key(UserName=off.name, AccessKeyId=off.key_id, Status="Inactive")
        iam.delete_user_policy(UserName=denied.name, PolicyName="reader")
    folder = repository(tmp_path / "repo", {name: f"see {link}\n" for name, link in links.items()})
    scope, audit = scope_file(tmp_path, weed.endpoint, PRIVATE, PUBLIC, VERSIONED), tmp_path / "audit.jsonl"
    answer = tidegate("scan", folder, "--probe", "--scope", scope, "--audit", audit, "--format", "json")
    found = by_path(answer)

    told = {
        name: (each["reach"]["state"], each["reach"]["reason"])
        for name, each in found.items()
        if each["reach"]
    }
    reads = "The link reads the object"
    assert told == {
        "live.md": ("open", f"{reads}; it is signed for this one method."),
        "again.md": ("open", f"{reads}."),
        "list.md": ("open", "The link lists the bucket."),
        "put.md": ("unknown", told["put.md"][1]),
        "altered.md": (
            "closed",
            "The signature does not fit: altered, made with another secret, or for another request (SignatureDoesNotMatch).",
        ),
        "deleted.md": (
            "closed",
            "The service knows no such key: deleted, deactivated, or of another service (InvalidAccessKeyId).",
        ),
        "inactive.md": (
            "closed",
            "The service knows no such key: deleted, deactivated, or of another service (InvalidAccessKeyId).",
        ),
        "policy.md": (
            "unknown",
            "Access is denied (AccessDenied): its key is alive, but may not do this, or not from here.",
        ),
        "key.md": ("open", f"The key lists and reads in {PRIVATE}."),
        "open.md": ("open", "Anyone may list the bucket and read from it."),
    }  # fmt: skip
    assert "granted, not tried" in told["put.md"][1]
    assert found["live.md"]["reach"]["untried"] == []
    assert "it may read" in found["live.md"]["reasons"]
    assert found["put.md"]["reach"]["untried"] == ["read", "unknown"]
    assert {found[name]["severity"] for name in ("altered.md", "deleted.md", "inactive.md")} == {"info"}
    assert found["key.md"]["severity"] == "critical"
    assert (found["live.md"]["contents"]["items"], found["live.md"]["contents"]["bytes"]) == (1, len(BODY))
    for name in ("list.md", "open.md"):
        assert (found[name]["contents"]["items"], found[name]["contents"]["bytes"]) == (len(NAMES), SIZE)
    gaps = [(gap["subject"], gap["reason"]) for gap in answer.report["gaps"] if gap["stage"] == "reach"]
    assert gaps == [("tg-elsewhere/c.bin", "not in scope, so that nothing was asked")]
    assert answer.code == 1

    # The object that two links lead to was listed once.
    asked = [each["asked"] for each in sent(audit)]
    assert asked.count("read one byte of c.bin") == 1
    assert {each["method"] for each in sent(audit)} <= {"GET", "HEAD"}
    secrets = [
        link.partition("X-Amz-Signature=")[2].partition("&")[0]
        for link in links.values()
        if "Signature" in link
    ]
    for text in (answer.out, answer.err, audit.read_text()):
        assert not any(secret in text for secret in (*secrets, live.secret, dead.secret, found_key.secret))


def test_an_expired_link_is_closed_in_amazons_words_and_the_report_says_what_it_was(
    tidegate: Command, weed: SeaweedFS, amazon: S3Fake, tmp_path: Path
) -> None:
    key_id, secret = "AKIATIDEGATEFAKECLI7", "made-up/secret+of+a+test/for0the0fake0aa"
    amazon.buckets["contoso-models"] = Bucket(objects={"a.ckpt": b"weights"})
    amazon.keys[key_id] = FakeKey(secret)
    with client("s3", "https://s3.amazonaws.com", key_id, secret, style="virtual") as s3:
        params = {"Bucket": "contoso-models", "Key": "a.ckpt"}
        link = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=600)
    scope = scope_file(tmp_path, amazon.url, "contoso-models")

    def probed(*more: str) -> str:
        answer = tidegate(
            "probe", "-", "--scope", scope, "--audit", tmp_path / "a", *more, data=link.encode()
        )
        return " ".join(answer.out.split())

    assert "OPEN, shown: read. The link reads the object" in probed()
    assert "perhaps write" not in probed()
    amazon.ahead = timedelta(hours=1)
    assert "CLOSED. The link has expired (AccessDenied)." in probed()
    sarif = json.loads(probed("--format", "sarif"))["runs"][0]["results"][0]
    assert sarif["message"]["text"].startswith(
        "The service refuses this link; if it worked, anyone with it could read"
    )


def test_a_bucket_of_the_same_name_at_another_service_is_refused_with_the_line_to_add(
    tidegate: Command, tmp_path: Path
) -> None:
    file, audit = tmp_path / "lab.toml", tmp_path / "audit.jsonl"
    file.write_text('[scope]\ns3 = ["contoso-public"]\n')
    address = "https://contoso-public.nyc3.digitaloceanspaces.com/"
    answer = tidegate("probe", address, "--scope", file, "--audit", audit)
    assert answer.code == 4
    assert '"contoso-public.nyc3.digitaloceanspaces.com"' in answer.err
    assert audit.read_text() == ""


@pytest.mark.parametrize(("bucket", "state"), [(PUBLIC, "open"), (PRIVATE, "closed")])
def test_the_address_in_a_link_to_a_private_cloud_is_asked_there_without_the_signature(
    tidegate: Command, weed: SeaweedFS, tmp_path: Path, bucket: str, state: str
) -> None:
    """Path-style, as MinIO's links are: nothing but the signature tells that the host speaks S3."""
    user = new_user(weed, f"cli-bare-{bucket}")
    link = signed(weed, user.key_id, user.secret, Bucket=bucket)
    scope, audit = scope_file(tmp_path, weed.endpoint, bucket), tmp_path / "audit.jsonl"
    answer = tidegate("probe", "--anonymous", link, "--scope", scope, "--audit", audit, "--format", "json")
    (finding,) = answer.report["findings"]
    assert (finding["grant"]["kind"], finding["grant"]["container"]) == ("anonymous", bucket)
    assert finding["reach"]["state"] == state
    assert all(each["url"].startswith(f"{weed.endpoint}/{bucket}") for each in sent(audit))
    record = audit.read_text()
    signature = link.partition("X-Amz-Signature=")[2].partition("&")[0]
    assert not any(word in text for word in (signature, user.key_id) for text in (record, answer.out))
    assert "Amz" not in record
