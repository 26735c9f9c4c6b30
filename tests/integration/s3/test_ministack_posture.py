"""Access lists and Block Public Access, asked of a service that has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from s3_setting import link, open_address, way

from services.ministack import MiniStack
from tidegate.model.grant import Permission
from tidegate.model.reach import State

pytestmark = pytest.mark.xdist_group("s3-services")
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
P = Permission


@dataclass(frozen=True)
class Owner:
    name: str
    key_id: str
    secret: str


@pytest.fixture(scope="session")
def owner(stack: MiniStack) -> Owner:
    with stack.iam() as iam:
        iam.create_user(UserName="owner")
        made = iam.create_access_key(UserName="owner")["AccessKey"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
        iam.put_user_policy(UserName="owner", PolicyName="all", PolicyDocument=json.dumps(policy))
    return Owner("owner", made["AccessKeyId"], made["SecretAccessKey"])


def make_open(s3: Any, bucket: str, acl: str) -> None:
    """Make a bucket as before April 2023: no block, access lists in force."""
    s3.create_bucket(Bucket=bucket, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="open.txt", Body=b"hello", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="shut.txt", Body=b"hello")
    s3.put_bucket_acl(Bucket=bucket, ACL=acl)


def test_an_object_that_anyone_may_read_is_closed_by_block_public_access(
    stack: MiniStack, owner: Owner
) -> None:
    address = open_address("https://contoso-object.s3.amazonaws.com/open.txt")
    with stack.s3(owner.key_id, owner.secret) as s3, way(stack.endpoint, "contoso-object") as ask:
        make_open(s3, "contoso-object", "private")
        before = ask.probe(address)
        assert (before.state, before.proved) == (State.OPEN, (P.READ,))
        assert before.reason == "Anyone may read this object; the bucket does not show its names."
        (container,) = ask.containers(address)
        assert (container.prefix, container.single) == ("open.txt", True)
        s3.put_public_access_block(Bucket="contoso-object", PublicAccessBlockConfiguration=BLOCKED)
        after = ask.probe(address)
        assert (after.state, after.proved) == (State.CLOSED, ())
        assert after.reason == (
            "Nobody gets the object, or a list of names, without a credential: access is denied (AccessDenied)."
        )
        assert ask.only_reads()


def test_a_list_that_anyone_may_read_is_closed_by_block_public_access(stack: MiniStack, owner: Owner) -> None:
    with stack.s3(owner.key_id, owner.secret) as s3, way(stack.endpoint, "contoso-list") as ask:
        make_open(s3, "contoso-list", "public-read")
        before = ask.probe(open_address("s3://contoso-list"))
        assert (before.state, before.proved) == (State.OPEN, (P.READ, P.LIST))
        s3.put_public_access_block(Bucket="contoso-list", PublicAccessBlockConfiguration=BLOCKED)
        assert ask.probe(open_address("s3://contoso-list")).state is State.CLOSED


def test_a_private_object_in_an_open_list_is_listed_but_not_read(stack: MiniStack, owner: Owner) -> None:
    with stack.s3(owner.key_id, owner.secret) as s3, way(stack.endpoint, "contoso-mixed") as ask:
        make_open(s3, "contoso-mixed", "public-read")
        s3.put_object_acl(Bucket="contoso-mixed", Key="open.txt", ACL="private")
        reach = ask.probe(open_address("s3://contoso-mixed"))
    assert (reach.state, reach.proved) == (State.OPEN, (P.LIST,))
    assert reach.reason.startswith("Anyone may list the bucket, but not read the object that was tried")


def test_block_public_access_does_not_close_a_link(stack: MiniStack, owner: Owner) -> None:
    with stack.s3(owner.key_id, owner.secret) as s3, way(stack.endpoint, "contoso-linked") as ask:
        make_open(s3, "contoso-linked", "private")
        s3.put_public_access_block(Bucket="contoso-linked", PublicAccessBlockConfiguration=BLOCKED)
        url = s3.generate_presigned_url(
            "get_object", Params={"Bucket": "contoso-linked", "Key": "shut.txt"}, ExpiresIn=600
        )
        reach = ask.probe(link(url))
    assert (reach.state, reach.proved) == (State.OPEN, (P.READ,))


def test_an_absent_bucket_is_unknown(stack: MiniStack) -> None:
    with way(stack.endpoint, "contoso-absent") as ask:
        reach = ask.probe(open_address("s3://contoso-absent"))
    assert (reach.state, reach.reason) == (State.UNKNOWN, "There is no such bucket (NoSuchBucket).")
