"""Signed links of Google's, made on purpose: used, found, and honest about how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gcs_setting import BUCKET, SIGNER, VIEW, Setting

from corpus import mint_clouds as mint
from corpus.asked import repository
from corpus.shares import Shares, answers
from tidegate.share.look import Looked

TARGET = f"gs://{BUCKET}/2026/film.mp4"


@pytest.fixture
def share(gcs: Setting, tmp_path: Path) -> Shares:
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"type": "service_account", **gcs.key_file}))
    scope = f'[scope]\ngcs = ["{BUCKET}"]\n[endpoints]\ngcs = "{gcs.fake.url}"\n'
    return Shares(tmp_path, scope, {"GOOGLE_APPLICATION_CREDENTIALS": str(file)})


@pytest.fixture
def by_hmac() -> dict[str, str]:
    key_id, secret = mint.hmac_pair("live")
    return {"GS_ACCESS_KEY_ID": key_id, "GS_SECRET_ACCESS_KEY": secret}


@pytest.mark.parametrize("how", ["service account", "hmac"])
def test_a_signed_link_is_used_found_and_dead_once_its_key_is_gone(
    share: Shares, gcs: Setting, by_hmac: dict[str, str], tmp_path: Path, how: str
) -> None:
    mine = by_hmac if how == "hmac" else {}
    made = share.json("create", TARGET, "--for", "3d", **mine)
    row = made["share"]
    assert row["kind"] == "signed_url"
    assert row["signer"] == (by_hmac["GS_ACCESS_KEY_ID"] if mine else gcs.key_file["client_email"])
    assert made["manifest"]["bytes"] == 12
    assert any("no way to end one signed link alone" in note for note in made["notes"])
    assert answers(made["link"]) == 200
    code, out, _ = share("check", repository(tmp_path / "repo", {"a.md": made["link"]}))
    assert (code, out.startswith(f"a.md:1  shared link {row['id']} (live)")) == (1, True)

    other = share.json("create", f"gs://{BUCKET}/2025/notes.txt", "--no-manifest", **mine)
    ended = share.json("revoke", row["id"], code=3, **mine)
    assert (ended["verdict"], ended["others"]) == ("still alive", [other["share"]["id"]])
    assert "cannot be ended alone" in ended["notes"][0]
    assert answers(made["link"]) == 200
    assert {each["status"] for each in share.rows()} == {"live"}

    # Its owner switches the key off, and signs with another one from now on.
    if mine:
        gcs.cloud.hmac_keys[by_hmac["GS_ACCESS_KEY_ID"]].active = False
    else:
        gcs.rotate()
        gcs.cloud.register(gcs.key_file, mint.rsa_key("gcp-new"))
        pem = mint.pem("gcp-new")
        (tmp_path / "key.json").write_text(
            json.dumps({"type": "service_account", **gcs.key_file, "private_key": pem})
        )
    code, out, err = share("revoke", row["id"], "--link", "-", stdin=made["link"])
    assert code == 0, out + err
    assert "is dead" in out
    signature = made["link"].partition("X-Goog-Signature=")[2]
    assert signature.encode() not in share.kept()
    assert share.written() == []


def test_a_key_is_switched_off_by_a_plan_that_was_looked_at_and_all_its_links_are_proved_dead(
    share: Shares, gcs: Setting, by_hmac: dict[str, str], tmp_path: Path
) -> None:
    owner = mint.service_account_json("owner")
    gcs.cloud.register(owner, mint.rsa_key("gcp"))
    gcs.cloud.owners.add(f"serviceAccount:{owner['client_email']}")
    gcs.cloud.allow(BUCKET, f"serviceAccount:{owner['client_email']}", VIEW)
    (tmp_path / "owner.json").write_text(json.dumps(owner))
    (tmp_path / "tidegate.toml").write_text(
        f'[scope]\ngcs = ["{BUCKET}", "{by_hmac["GS_ACCESS_KEY_ID"]}"]\n'
        f'[endpoints]\ngcs = "{gcs.fake.url}"\ngcs_management = "{gcs.fake.url}"\n'
    )
    mine = {
        **by_hmac,
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "owner.json"),
        "NO_GCE_CHECK": "true",
        "CLOUDSDK_CONFIG": str(tmp_path / "none"),
    }
    first = share.json("create", TARGET, **mine)
    second = share.json("create", f"gs://{BUCKET}/2025/notes.txt", "--no-manifest", **mine)
    ids = [each["share"]["id"] for each in (first, second)]

    code, out, err = share("revoke", ids[0], "--wide", **mine)
    assert code == 3, out + err
    assert "nothing was changed" in out
    assert ids[1] in out  # who else is hit is said
    digest = out.partition("--wide --yes ")[2].split()[0].rstrip(";")
    assert answers(first["link"]) == 200
    assert share("revoke", ids[0], "--wide", "--yes", "0" * 16, **mine)[0] == 2

    code, out, err = share("revoke", ids[0], "--wide", "--yes", digest, **mine)
    assert code == 0, out + err
    assert f"{ids[0]} is dead" in out
    assert f"proved dead with it: {ids[1]}" in out
    assert [answers(each["link"]) for each in (first, second)] == [403, 403]
    assert {each["status"] for each in share.rows()} == {"revoked"}
    assert len(share.written()) == 1


def test_a_list_below_a_prefix_is_shared(share: Shares) -> None:
    made = share.json("create", f"gs://{BUCKET}/2026/", "--list")
    assert answers(made["link"]) == 200


@pytest.mark.parametrize(
    ("words", "environment", "code", "said"),
    [
        (("gs://elsewhere/x",), {}, 4, "not in scope"),
        ((f"gs://{BUCKET}/absent",), {}, 2, "could not find"),
        ((f"gs://{BUCKET}/x", "--for", "8d"), {}, 2, "seven days at most"),
        ((TARGET,), {"GOOGLE_APPLICATION_CREDENTIALS": ""}, 2, "no key that can sign is at hand"),
        (
            (TARGET,),
            {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"},
            2,
            "is no file of a service account's key",
        ),
        ((TARGET,), {"GS_ACCESS_KEY_ID": "x", "GS_SECRET_ACCESS_KEY": "y"}, 2, "no id of an HMAC key"),
    ],
)
def test_what_cannot_be_signed_is_refused(
    share: Shares, words: tuple[str, ...], environment: dict[str, str], code: int, said: str
) -> None:
    got, out, err = share("create", *words, **environment)
    assert (got, out) == (code, ""), err
    assert said in err


def test_a_signer_without_the_right_is_told(share: Shares, gcs: Setting) -> None:
    gcs.cloud.buckets[BUCKET].iam[SIGNER].clear()
    code, _, err = share("create", TARGET)
    assert code == 2
    assert "a link can do no more than its signer" in err
    assert share.rows() == []


def test_nothing_looked_at_warns_of_nothing() -> None:
    Looked().refuse()
    assert Looked().warnings() == []
