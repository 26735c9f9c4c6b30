"""Presigned links that are made on purpose, and ended by a policy, on a service that checks both."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from s3_fill import BODY, PRIVATE, PUBLIC, new_user

from corpus.asked import repository
from corpus.shares import Shares, answers
from services.seaweedfs import KEY_ID, SECRET, SeaweedFS

pytestmark = pytest.mark.xdist_group("s3-services")
TARGET = f"s3://{PRIVATE}/a b+c%d/ü&.txt"


@pytest.fixture
def share(weed: SeaweedFS, tmp_path: Path) -> Iterator[Shares]:
    scope = (
        f'[scope]\ns3 = ["{PRIVATE}", "{PUBLIC}", "contoso-absent"]\n[endpoints]\ns3 = "{weed.endpoint}"\n'
    )
    owner = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    yield Shares(tmp_path, scope, owner)
    with weed.s3() as s3, contextlib.suppress(ClientError):
        s3.delete_bucket_policy(Bucket=PRIVATE)


def test_a_presigned_link_is_used_found_and_ended_by_a_policy_that_spares_all_else(
    share: Shares, weed: SeaweedFS, tmp_path: Path
) -> None:
    theirs = {
        "Sid": "Theirs",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": f"arn:aws:s3:::{PRIVATE}",
    }
    with weed.s3() as s3:
        s3.put_bucket_policy(
            Bucket=PRIVATE, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]})
        )
        made = share.json("create", TARGET, "--for", "2h", "--to", "Mara")
        other = share.json("create", f"s3://{PRIVATE}/c.bin", "--no-manifest")
        row = made["share"]
        assert (row["kind"], row["signer"], row["rights"]) == ("presigned_url", KEY_ID, "read")
        assert made["manifest"]["bytes"] == len(BODY)
        assert "deactivating the key" in row["revocation"]
        assert answers(made["link"]) == 200
        code, out, _ = share("check", repository(tmp_path / "repo", {"a.md": made["link"]}))
        assert (code, out.startswith(f"a.md:1  shared link {row['id']} (live)")) == (1, True)

        ended = share.json("revoke", row["id"])
        assert ended["verdict"] == "dead", ended
        assert [each["status"] for each in ended["probes"]] == [403, 403, 200]
        assert ended["probes"][1]["with"] == "a new link, not used"
        assert answers(made["link"]) == 403
        assert answers(other["link"]) == 200
        assert s3.get_object(Bucket=PRIVATE, Key="a b+c%d/ü&.txt")["Body"].read() == BODY
        kept = json.loads(s3.get_bucket_policy(Bucket=PRIVATE)["Policy"])["Statement"]
    assert [each["Sid"] for each in kept] == ["Theirs", "TidegateSh" + row["id"][3:].capitalize()]
    assert len(share.written()) == 1
    assert share.json("revoke", row["id"])["closed"]  # again: nothing more is written
    assert len(share.written()) == 1
    signature = made["link"].partition("X-Amz-Signature=")[2]
    assert signature.encode() not in share.kept()
    assert SECRET.encode() not in share.kept()


def test_a_list_is_shared_and_ended(share: Shares) -> None:
    made = share.json("create", f"s3://{PRIVATE}/b/", "--list")
    assert made["manifest"] is None
    assert answers(made["link"]) == 200
    assert share.json("revoke", made["share"]["id"])["verdict"] == "dead"
    assert answers(made["link"]) == 403


def test_a_link_dies_with_the_key_that_signed_it_and_that_is_proved(share: Shares, weed: SeaweedFS) -> None:
    user = new_user(weed, "sharer")
    made = share.json(
        "create", f"s3://{PRIVATE}/c.bin",
        AWS_ACCESS_KEY_ID=user.key_id, AWS_SECRET_ACCESS_KEY=user.secret,
    )  # fmt: skip
    with weed.iam() as iam:
        iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Inactive")
    # Another key is at hand now: the link cannot be made again, and is handed in.
    assert "cannot be made again" in share.json("revoke", made["share"]["id"], code=3)["notes"][-1]
    code, out, err = share("revoke", made["share"]["id"], "--link", "-", stdin=made["link"])
    assert code == 0, out + err
    assert "a forged copy" in out


def test_who_may_not_change_the_policy_is_told_and_the_link_is_not_called_dead(
    share: Shares, weed: SeaweedFS
) -> None:
    user = new_user(weed, "reading-sharer")
    mine = {"AWS_ACCESS_KEY_ID": user.key_id, "AWS_SECRET_ACCESS_KEY": user.secret}
    made = share.json("create", f"s3://{PRIVATE}/c.bin", "--no-manifest", **mine)
    code, out, err = share("revoke", made["share"]["id"], **mine)
    assert (code, out) == (2, ""), err
    assert "s3:GetBucketPolicy and s3:PutBucketPolicy" in err
    assert answers(made["link"]) == 200
    assert share.rows()[0]["status"] == "revoking"


def test_what_anyone_may_read_is_said_of_a_bucket(share: Shares) -> None:
    made = share.json("create", f"s3://{PUBLIC}/c.bin", "--no-manifest")
    assert any("anyone may read this without a link" in note for note in made["notes"])
    ended = share.json("revoke", made["share"]["id"], code=3)
    assert ended["notes"] == ["what it opened answers anyone, without any link: close that first"]
    assert share.written() == []


def test_a_link_that_writes_is_never_tried(share: Shares, weed: SeaweedFS) -> None:
    made = share.json("create", f"s3://{PRIVATE}/new.bin", "--write", "--for", "1h")
    assert answers(made["link"], "PUT", b"from outside") == 200
    ended = share.json("revoke", made["share"]["id"], code=3)
    assert ended["verdict"] == "denied but not proven"
    assert ended["probes"][0]["code"] == "a link that writes is not tried"
    assert answers(made["link"], "PUT", b"again") == 403
    with weed.s3() as s3:
        assert s3.get_object(Bucket=PRIVATE, Key="new.bin")["Body"].read() == b"from outside"
        s3.delete_object(Bucket=PRIVATE, Key="new.bin")
        with pytest.raises(ClientError):
            s3.head_object(Bucket=PRIVATE, Key="new.bin")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("s3://elsewhere/x",), 4, "not in scope"),
        ((f"s3://{PRIVATE}",), 2, "reads or writes one object"),
        ((f"s3://{PRIVATE}/c.bin", "--read", "--write"), 2, "one kind of request"),
        ((f"s3://{PRIVATE}/c.bin", "--list"), 2, "nothing to list"),
        ((f"s3://{PRIVATE}/c.bin", "--for", "8d"), 2, "seven days at most"),
        ((f"s3://{PRIVATE}/c.bin", "--ip", "203.0.113.7"), 2, "cannot be held to an address"),
        ((f"s3://{PRIVATE}/c.bin", "--kind", "policy"), 2, "--kind is for Azure"),
        ((f"s3://{PRIVATE}/../c.bin",), 2, "dots for folders"),
        ((f"s3://{PRIVATE}/absent",), 2, "no such object"),
        (("s3://contoso-absent/x",), 2, "could not find"),
        (("s3://No_Bucket/x",), 2, "no bucket has such a name"),
    ],
)
def test_what_a_presigned_link_cannot_be_is_refused(
    share: Shares, words: tuple[str, ...], code: int, said: str
) -> None:
    got, out, err = share("create", *words)
    assert (got, out) == (code, ""), err
    assert said in err


def test_without_a_key_nothing_is_asked(share: Shares) -> None:
    code, _, err = share("create", f"s3://{PRIVATE}/c.bin", AWS_ACCESS_KEY_ID="")
    assert (code, "no access key is at hand" in err) == (2, True)
    code, _, err = share("create", f"s3://{PRIVATE}/c.bin", AWS_SECRET_ACCESS_KEY="wrong-but-long-enough")
    assert (code, "could not find what is to be shared" in err) == (2, True)
