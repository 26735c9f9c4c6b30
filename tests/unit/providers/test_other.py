from __future__ import annotations

from datetime import UTC, datetime

import pytest
from provider_sightings import DECODERS, NOW, decode, redact, sighting

from tidegate.model.grant import Permission, Scope, Validity

P = Permission

SHARES = [
    (
        "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOp/view?usp=sharing",
        "Google Drive",
        Scope.OBJECT,
        False,
    ),
    ("https://drive.google.com/drive/folders/1AbCdEfGhIjKlMnOp", "Google Drive", Scope.DIRECTORY, False),
    (
        "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOp/edit#gid=0",
        "Google Docs",
        Scope.OBJECT,
        True,
    ),
    ("https://1drv.ms/f/s!AbCdEfGhIjKlMnOp", "OneDrive", Scope.DIRECTORY, False),
    ("https://1drv.ms/u/s!AbCdEfGhIjKlMnOp", "OneDrive", Scope.OBJECT, False),
    ("https://onedrive.live.com/?authkey=%21AbCdEfGh&id=1", "OneDrive", Scope.UNKNOWN, False),
    (
        "https://contoso.sharepoint.com/:f:/s/Team/AbCdEfGhIjKlMnOp?e=abc",
        "SharePoint",
        Scope.DIRECTORY,
        False,
    ),
    (
        "https://contoso-my.sharepoint.com/:x:/g/personal/a/AbCdEfGhIjKlMnOp",
        "SharePoint",
        Scope.OBJECT,
        False,
    ),
    ("https://www.dropbox.com/s/abcdefghijklmno/model.ckpt?dl=0", "Dropbox", Scope.OBJECT, False),
    ("https://www.dropbox.com/sh/abcdefghijklmno/AAAabcdefg", "Dropbox", Scope.DIRECTORY, False),
    ("https://www.dropbox.com/scl/fo/abcdefghijklmno/h?rlkey=zyxwvutsrq", "Dropbox", Scope.DIRECTORY, False),
    ("https://www.dropbox.com/request/abcdefghijklmno", "Dropbox", Scope.DIRECTORY, True),
    ("https://contoso.app.box.com/s/abcdefghijklmnopqrst", "Box", Scope.UNKNOWN, False),
    ("https://mega.nz/folder/AbCdEfGh#KeyKeyKeyKeyKey", "MEGA", Scope.DIRECTORY, False),
    ("https://files.contoso.example/s/AbCdEfGhIjKlMnOp", "file sharing", Scope.UNKNOWN, False),
]


@pytest.mark.parametrize(("url", "service", "scope", "writes"), SHARES)
def test_a_share_link_is_read_as_its_service_and_breadth(
    url: str, service: str, scope: Scope, writes: bool
) -> None:
    grant = decode("other", "share_link", url, url)
    assert (grant.kind, grant.services, grant.scope) == ("share_link", (service,), scope)
    assert (P.WRITE in grant.permissions) is writes
    assert grant.validity is Validity.UNKNOWN


@pytest.mark.parametrize("url", [url for url, *_ in SHARES])
def test_the_redacted_share_link_does_not_let_anyone_in(url: str) -> None:
    shown = redact("other", "share_link", url, url)
    for part in ("AbCdEfGh", "abcdefghij", "rlkey=z", "KeyKey"):
        assert part not in shown


OSS = "https://contoso-public.oss-cn-hangzhou.aliyuncs.com/a/b.bin"
COS = "https://contoso-1250000000.cos.ap-shanghai.myqcloud.com/a/b.bin"


def test_an_oss_link_of_version_1_is_one_object_until_its_epoch() -> None:
    url = f"{OSS}?OSSAccessKeyId=LTAIfakefakefake&Expires=1893456000&Signature=Zm9yZ2VkZm9yZ2Vk"
    grant = decode("other", "alibaba_oss", url, "Zm9yZ2VkZm9yZ2Vk")
    assert (grant.kind, grant.services, grant.account) == ("signed_url", ("oss",), "LTAIfakefakefake")
    assert (grant.container, grant.key, grant.scope) == ("contoso-public", "a/b.bin", Scope.OBJECT)
    assert grant.expires_at == datetime.fromtimestamp(1893456000, tz=UTC)
    assert redact("other", "alibaba_oss", url, "Zm9yZ2VkZm9yZ2Vk").endswith(
        "Expires=1893456000&Signature=REDACTED"
    )


def test_an_oss_link_of_version_4_ends_its_seconds_after_its_date() -> None:
    url = (
        f"{OSS}?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=LTAIfake%2F20261124%2Fcn-hangzhou%2Foss%2Faliyun_v4_request"
        f"&x-oss-date=20261124T110000Z&x-oss-expires=7200&x-oss-signature={'ab' * 32}"
    )
    grant = decode("other", "alibaba_oss", url, "ab" * 32)
    assert (grant.account, grant.validity) == ("LTAIfake", Validity.VALID)
    assert grant.expires_at == datetime(2026, 11, 24, 13, tzinfo=UTC)


def test_a_cos_link_lives_within_its_sign_time() -> None:
    url = (
        f"{COS}?q-sign-algorithm=sha1&q-ak=AKIDfakefakefake&q-sign-time=1764000000;1893456000&q-key-time=1764000000;1893456000"
        f"&q-header-list=host&q-url-param-list=&q-signature={'ab' * 20}"
    )
    grant = decode("other", "tencent_cos", url, "ab" * 20)
    assert (grant.services, grant.container, grant.key) == (("cos",), "contoso-1250000000", "a/b.bin")
    assert grant.starts_at == datetime.fromtimestamp(1764000000, tz=UTC)
    assert grant.expires_at == datetime.fromtimestamp(1893456000, tz=UTC)


def test_of_a_token_of_a_users_own_rule_nothing_is_known_but_what_the_rule_caught() -> None:
    token = "exs_" + "aBcD" * 8
    grant = decode("other", "access_token", token, token, service="exs", account="contoso")
    assert (grant.kind, grant.services, grant.account) == ("access_token", ("exs",), "contoso")
    assert grant.permissions == (P.UNKNOWN,)
    assert redact("other", "access_token", token, token) == "token REDACTED"


def test_a_hugging_face_tokens_rights_are_read_as_larger() -> None:
    token = "hf_" + "aBcD" * 8 + "ef"
    grant = decode("other", "huggingface_token", token, token)
    assert grant.kind == "access_token"
    assert P.UNKNOWN in grant.permissions
    assert redact("other", "huggingface_token", token, token) == "Hugging Face token REDACTED"


@pytest.mark.parametrize(("key_id", "master"), [("0123456789ab", True), ("0050123456789ab0000000001", False)])
def test_a_b2_master_key_is_told_from_an_application_key(key_id: str, master: bool) -> None:
    grant = decode(
        "other",
        "b2_key",
        "K005fakefakefakefakefakefakefake",
        "K005fakefakefakefakefakefakefake",
        key_id=key_id,
    )
    assert grant.kind == "application_key"
    assert ("master" in grant.facts) is master


def test_a_private_key_says_that_it_is_no_storage() -> None:
    text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIfake\n-----END ENCRYPTED PRIVATE KEY-----"
    grant = decode("other", "private_key", text, "MIIfakeMIIfake")
    assert grant.kind == "private_key"
    assert grant.facts["encrypted"] == "yes"
    assert any("no storage" in each for each in grant.warnings)


@pytest.mark.parametrize(
    ("kind", "text"), [("share_link", ""), ("alibaba_oss", OSS), ("tencent_cos", COS), ("new", "x")]
)
def test_what_carries_nothing_is_none(kind: str, text: str) -> None:
    assert DECODERS["other"].decode(sighting("other", kind, text), NOW) is None


@pytest.mark.parametrize(("view", "opens"), [("viewform?usp=sf_link", False), ("edit", True)])
def test_a_survey_to_fill_in_opens_nothing_and_its_editor_does(view: str, opens: bool) -> None:
    url = f"https://docs.google.com/forms/d/e/1FAIpQLSfAbCdEfGhIjKl/{view}"
    grant = DECODERS["other"].decode(sighting("other", "share_link", url, url), NOW)
    assert (grant is not None) is opens


ALIBABA_SECRET = "Qw9psJ005CzJrCERCc533aavUQ0T5E"


def test_an_alibaba_pair_may_do_whatever_its_owner_may() -> None:
    context = {"key_id": "LTAI5tTideGateFakeFake01", "bucket": "contoso-oss"}
    grant = decode("other", "access_key", ALIBABA_SECRET, ALIBABA_SECRET, **context)
    assert (grant.kind, grant.services, grant.scope) == ("access_key", ("oss",), Scope.ACCOUNT)
    assert (grant.account, grant.container) == ("LTAI5tTideGateFakeFake01", "contoso-oss")
    assert set(grant.permissions) == {P.MINT, P.ADMIN}
    assert grant.revocation.individually
    shown = redact("other", "access_key", ALIBABA_SECRET, ALIBABA_SECRET, **context)
    assert shown == "AccessKey secret REDACTED of LTAI5tTideGateFakeFake01"


@pytest.mark.parametrize(("token", "missing"), [("SecurityToken", False), ("", True)])
def test_an_alibaba_session_ends_by_itself_and_needs_its_token(token: str, missing: bool) -> None:
    context = {"key_id": "STS.NUTideGateFakeFakeFake01", "session_token": token}
    grant = decode("other", "access_key", ALIBABA_SECRET, ALIBABA_SECRET, **context)
    assert grant.facts["session"] == "yes"
    assert any("not seen" in each for each in grant.warnings) is missing


def test_an_alibaba_key_id_alone_opens_nothing() -> None:
    grant = decode(
        "other", "access_key_id", "LTAITideGateFake", "LTAITideGateFake", key_id="LTAITideGateFake"
    )
    assert (grant.kind, grant.account, grant.permissions) == ("access_key_id", "LTAITideGateFake", ())
