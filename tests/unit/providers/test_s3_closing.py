"""What lets anyone into a bucket is found in its policy, whatever form it has, and only that is taken out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.providers.s3.closing import keys
from tidegate.providers.s3.closing.buckets import without_public


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::contoso/*", **more}


@pytest.mark.parametrize(
    "principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::1:root", "*"]}, {"CanonicalUser": "*"}]
)
def test_anyone_in_any_form_is_taken_out(principal: Any) -> None:
    left, removed, conditional = without_public({"Statement": [statement(Principal=principal)]})
    assert (left, conditional) == (None, [])
    assert removed == ["statement 1: s3:GetObject"]


def test_all_but_some_is_anyone_and_a_condition_stays_and_is_told() -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            statement(NotPrincipal={"AWS": "arn:aws:iam::1:root"}),
            statement(
                Principal="*", Condition={"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, Sid="Office"
            ),
            statement(Principal="*", Effect="Deny"),
        ],
    }
    left, removed, conditional = without_public(policy)
    assert left == {"Version": "2012-10-17", "Statement": policy["Statement"][1:]}
    assert removed == ["statement 1: s3:GetObject"]
    assert conditional == ["statement 2 (Office): s3:GetObject"]


def test_a_single_statement_need_not_stand_in_a_list() -> None:
    assert without_public({"Statement": statement(Principal="*")})[0] is None


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("*"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Principal", "Effect", "Statement", "AWS", "Action", "Sid"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["Statement", "Version"]), json, max_size=2))
def test_no_policy_whatever_it_holds_ends_in_an_error(policy: dict[str, Any]) -> None:
    left, removed, _ = without_public(policy)
    assert left is not None or removed or not policy.get("Statement")


@pytest.mark.parametrize(
    ("url", "host", "owner"),
    [
        ("https://iam.amazonaws.com/", None, ""),
        ("https://iam.cn-north-1.amazonaws.com.cn/", None, ""),
        ("https://iam.us-gov.amazonaws.com/", None, ""),
        ("https://iam.amazonaws.com.evil.example/", None, None),
        ("https://evil.example/iam.amazonaws.com", None, None),
        ("https://user@iam.amazonaws.com/", None, None),
        ("http://127.0.0.1:9000/", "127.0.0.1:9000", ""),
        ("ftp://iam.amazonaws.com/", None, None),
    ],
)
def test_only_iam_is_iam(url: str, host: str | None, owner: str | None) -> None:
    assert keys.owner(url, host) == owner
