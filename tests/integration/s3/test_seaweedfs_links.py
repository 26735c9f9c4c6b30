"""Presigned links, asked of a service that checks them."""

from __future__ import annotations

import time

import pytest
from s3_fill import ABSENT, BUCKETS, PRIVATE, PUBLIC, new_user
from s3_setting import altered, link, way

from services.s3_clients import client
from services.seaweedfs import KEY_ID, SECRET, SeaweedFS
from tidegate.model.grant import Permission
from tidegate.model.reach import State

pytestmark = pytest.mark.xdist_group("s3-services")
GET = {"Bucket": PRIVATE, "Key": "c.bin"}


def signed(
    weed: SeaweedFS,
    operation: str = "get_object",
    *,
    ends_in_s: int = 600,
    method: str | None = None,
    **options,
):
    params = options.pop("params", GET)
    with weed.s3(**options) as s3:
        return s3.generate_presigned_url(operation, Params=params, ExpiresIn=ends_in_s, HttpMethod=method)


# SeaweedFS cannot check version 2 for a bucket in the host's name; `test_amazon_links` asks that.
@pytest.mark.parametrize("version", ["s3v4", "s3", "s3v4 for amazonaws.com"])
def test_a_live_link_is_open_and_proved_by_one_byte(weed: SeaweedFS, version: str) -> None:
    url = signed(weed, version=version) if " " not in version else signed_for_amazon()
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(url))
        assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))
        assert reach.reason == "The link reads the object; it is signed for this one method."
        assert ask.asked == ["read one byte without the link: 403", "read one byte: 206"]
        assert ask.audit.entries[-1].bytes == 1
        assert ask.only_reads((SECRET, link(url).secret.reveal()))


def signed_for_amazon() -> str:
    with client("s3", "https://s3.amazonaws.com", KEY_ID, SECRET, style="virtual") as s3:
        url = s3.generate_presigned_url("get_object", Params=GET, ExpiresIn=600)
    assert url.startswith(f"https://{PRIVATE}.s3.amazonaws.com/")
    return url


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_an_expired_link_is_closed_in_the_services_own_words(weed: SeaweedFS, version: str) -> None:
    url = signed(weed, ends_in_s=1, version=version)
    time.sleep(2.1)
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(url))
    assert (reach.state, reach.proved, reach.untried) == (State.CLOSED, (), ())
    assert reach.reason == "The link has expired (AccessDenied)."
    assert [answer.code for answer in reach.answers] == ["AccessDenied", "AccessDenied"]


def test_a_link_with_an_altered_signature_is_closed_when_it_says_that_it_is_for_reading(
    weed: SeaweedFS,
) -> None:
    params = {**GET, "ResponseContentType": "text/plain"}
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(altered(signed(weed, params=params))))
    assert reach.state is State.CLOSED
    assert reach.reason == (
        "The signature does not fit: altered, made with another secret, or for another request (SignatureDoesNotMatch)."
    )
    assert reach.answers[-1].asked == "read one byte with a wrong signature"


def test_a_link_that_may_be_for_writing_is_never_called_closed_for_its_signature(weed: SeaweedFS) -> None:
    with way(weed.endpoint, *BUCKETS) as ask:
        for url in (signed(weed, "put_object"), signed(weed, "delete_object"), altered(signed(weed))):
            reach = ask.probe(link(url))
            assert reach.state is State.UNKNOWN
            assert "granted, not tried" in reach.reason
            assert Permission.UNKNOWN in reach.untried
        assert ask.only_reads()


def test_a_link_for_writing_whose_key_was_deleted_is_closed_and_nothing_was_written(weed: SeaweedFS) -> None:
    user = new_user(weed, "uploader")
    url = signed(weed, "put_object", key_id=user.key_id, secret=user.secret)
    with weed.iam() as iam:
        iam.delete_access_key(UserName=user.name, AccessKeyId=user.key_id)
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(url))
        assert reach.state is State.CLOSED
        assert ask.only_reads()


def test_a_link_for_head_shows_size_and_type_but_no_content(weed: SeaweedFS) -> None:
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(signed(weed, "head_object")))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.PROPERTIES,))
    assert (
        reach.reason
        == "The link tells size and type of the object, not its content; it is signed for this one method."
    )


@pytest.mark.parametrize("how", ["inactive", "deleted"])
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_link_dies_with_its_key(weed: SeaweedFS, how: str, version: str) -> None:
    user = new_user(weed, f"signer-{how}-{version}")
    url = signed(weed, key_id=user.key_id, secret=user.secret, version=version)
    with way(weed.endpoint, *BUCKETS) as ask:
        assert ask.probe(link(url)).state is State.OPEN
        with weed.iam() as iam:
            if how == "inactive":
                iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Inactive")
            else:
                iam.delete_access_key(UserName=user.name, AccessKeyId=user.key_id)
        reach = ask.probe(link(url))
    assert (reach.state, reach.proved) == (State.CLOSED, ())
    assert "knows no such key" in reach.reason
    assert "(InvalidAccessKeyId)" in reach.reason


def test_a_link_whose_signer_lost_the_right_is_unknown_because_the_key_lives(weed: SeaweedFS) -> None:
    user = new_user(weed, "demoted")
    url = signed(weed, key_id=user.key_id, secret=user.secret)
    with weed.iam() as iam:
        iam.delete_user_policy(UserName=user.name, PolicyName="reader")
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(url))
    assert reach.state is State.UNKNOWN
    assert (
        reach.reason
        == "Access is denied (AccessDenied): its key is alive, but may not do this, or not from here."
    )


def test_a_link_to_what_is_gone_is_unknown(weed: SeaweedFS) -> None:
    with way(weed.endpoint, *BUCKETS, ABSENT) as ask:
        gone = ask.probe(link(signed(weed, params={"Bucket": PRIVATE, "Key": "gone"})))
        nowhere = ask.probe(link(signed(weed, params={"Bucket": ABSENT, "Key": "gone"})))
    assert (gone.state, gone.reason) == (State.UNKNOWN, "There is no such object (NoSuchKey).")
    assert (nowhere.state, nowhere.reason) == (State.UNKNOWN, "There is no such bucket (NoSuchBucket).")


def test_a_link_to_what_anyone_may_read_says_that_it_is_not_the_link_that_opens_it(weed: SeaweedFS) -> None:
    url = signed(weed, params={"Bucket": PUBLIC, "Key": "c.bin"})
    with way(weed.endpoint, *BUCKETS) as ask:
        live = ask.probe(link(url))
        dead = ask.probe(
            link(
                altered(signed(weed, params={"Bucket": PUBLIC, "Key": "c.bin", "ResponseContentType": "a/b"}))
            )
        )
    assert live.state is State.OPEN
    assert live.reason.endswith("and so does anyone without it: what it opens is public.")
    assert dead.state is State.CLOSED
    assert dead.reason.endswith("; but anyone may read the same without it.")


def test_a_link_to_an_object_without_content_is_open(weed: SeaweedFS) -> None:
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(signed(weed, params={"Bucket": PRIVATE, "Key": "empty"})))
    assert (reach.state, reach.proved) == (State.OPEN, (Permission.READ,))


def test_a_link_to_a_list_is_sent_as_it_was_signed(weed: SeaweedFS) -> None:
    url = signed(weed, "list_objects_v2", params={"Bucket": PRIVATE, "Prefix": "b/"})
    with way(weed.endpoint, *BUCKETS) as ask:
        reach = ask.probe(link(url))
        assert (reach.state, reach.proved) == (State.OPEN, (Permission.LIST,))
        (container,) = ask.containers(link(url))
        assert (container.name, container.prefix, container.single) == (PRIVATE, "b/", False)
        assert ask.names(link(url), container) == ["b/1", "b/2"]


def test_one_object_is_listed_by_the_headers_of_its_first_byte_and_read_in_ranges(weed: SeaweedFS) -> None:
    credential = link(signed(weed))
    with way(weed.endpoint, *BUCKETS) as ask:
        (container,) = ask.containers(credential)
        assert (container.name, container.prefix, container.single) == (PRIVATE, "c.bin", True)
        (page,) = ask.pages(credential, container)
        row = page.items.row(0, named=True)
        assert (row["name"], row["size_bytes"], row["state"], row["kind"]) == (
            "c.bin",
            12,
            "current",
            "object",
        )
        assert row["modified_at"] is not None
        assert ask.read(credential, container, "c.bin", 7, 12) == b"world"
        assert ask.read(credential, container, "c.bin", 7, 400) == b"world"
        assert ask.read(credential, container, "c.bin", 400, 500) == b""
