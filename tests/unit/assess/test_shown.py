"""Where a service has answered, the paper gives way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tidegate.assess.fix import fixes
from tidegate.assess.severity import assess
from tidegate.assess.words import sentence
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity
from tidegate.model.reach import Answer, Reach, State

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["presigned_url", "signed_url"])
def test_a_link_that_was_shown_to_read_is_not_said_to_perhaps_write(kind: str) -> None:
    """A signature covers the method: what the text did not tell is settled by the answer."""
    given_ = Grant(
        provider="aws", kind=kind, container="contoso-models", key="a.ckpt", scope=Scope.OBJECT, services=("s3",),
        permissions=(Permission.READ, Permission.UNKNOWN), matrix={"s3": (Permission.READ, Permission.UNKNOWN)},
        expires_at=NOW + timedelta(days=3), validity=Validity.VALID,
        revocation=Revocation(means="m", collateral="c", individually=False),
    )  # fmt: skip
    reach = Reach(state=State.OPEN, proved=(Permission.READ,), checked_at=NOW, reason="The link reads.")
    assert "perhaps write" in sentence(given_, NOW)
    assert "perhaps write" not in sentence(given_, NOW, reach)
    paper, judged = assess(given_, now=NOW), assess(given_, now=NOW, reach=reach)
    assert any("may write" in reason for reason in paper.reasons)
    assert "it may read" in judged.reasons
    assert not any("write" in reason for reason in judged.reasons)


def test_a_refused_link_is_not_said_to_open_anything() -> None:
    given_ = Grant(
        provider="azure", kind="service_sas", account="contosomodels", container="models", scope=Scope.CONTAINER, services=("blob",),
        permissions=(Permission.READ,), expires_at=NOW + timedelta(days=3), validity=Validity.VALID,
        revocation=Revocation(means="m", collateral="c", individually=False),
    )  # fmt: skip
    refused = Reach(state=State.CLOSED, checked_at=NOW, reason="Its signature is wrong.")
    assert sentence(given_, NOW, refused) == (
        "The service refuses this link; if it worked, anyone with it could read every blob of the container "
        "models of the storage account contosomodels."
    )


def test_an_address_that_was_asked_is_not_said_to_be_unknown_until_it_is_probed() -> None:
    address = Grant(
        provider="aws", kind="anonymous", container="contoso-public", key="c.bin", scope=Scope.OBJECT, services=("s3",),
        validity=Validity.UNKNOWN, revocation=Revocation(means="m", collateral="c", individually=True),
    )  # fmt: skip
    asked = Answer(
        asked="list", permission=None, state=State.CLOSED, status=403, code="AccessDenied", words="no"
    )
    wide = Reach(
        state=State.OPEN,
        proved=(Permission.READ, Permission.LIST),
        checked_at=NOW,
        reason="Open.",
        answers=(asked,),
    )
    narrow = replace(wide, proved=(Permission.READ,))
    shut = replace(wide, state=State.CLOSED, proved=())
    assert (
        sentence(address, NOW, wide)
        == "Anyone can list and read the bucket contoso-public, without any credential."
    )
    assert sentence(address, NOW, narrow) == (
        "Anyone can read the object c.bin in the bucket contoso-public, without any credential."
    )
    assert sentence(address, NOW, shut).endswith("asked without a credential, the service refuses.")
    assert "until it is probed" in sentence(address, NOW)
    assert fixes(address, NOW, wide)[0] == "See whether it is meant to be open to anyone."
    assert fixes(address, NOW, shut) == ("Nothing to close: the service refuses who shows no credential.",)
