"""From a repository alone: which of its links and keys to Cloud Storage are open, and what was sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gcs_setting import BUCKET, HOST, VIEW, Setting, v4

from corpus import mint_clouds as mint
from corpus.asked import by_path, repository, sent
from corpus.command import Command


@pytest.fixture(scope="session")
def tidegate(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("home"))


@pytest.fixture
def scope(gcs: Setting, tmp_path: Path) -> Path:
    file = tmp_path / "lab.toml"
    file.write_text(
        f'[scope]\ngcs = ["contoso-*", "{BUCKET}"]\n[endpoints]\ngcs = "{gcs.fake.url}"\n[budget]\nrequests_per_second = 1000\n'
    )
    return file


def test_a_repository_alone_says_which_of_its_links_and_keys_are_open(
    tidegate: Command, gcs: Setting, scope: Path, tmp_path: Path
) -> None:
    gcs.cloud.bucket("contoso-shown")
    gcs.cloud.put("contoso-shown", "x.txt", b"hello")
    gcs.cloud.allow("contoso-shown", "allUsers", VIEW)
    key_id, secret = mint.hmac_pair("live")
    live, typed = v4(), v4(query={"response-content-type": "text/plain"})
    links = {
        "live.md": live,
        "expired.md": v4(at=datetime.now(UTC) - timedelta(hours=3)),
        "altered.md": f"{live[:-4]}{'0000' if live[-4:] != '0000' else '1111'}",
        "put.md": v4(method="PUT"),
        "typed.md": typed,
        "open.md": f"{HOST}/contoso-shown/x.txt",
        "elsewhere.md": f"{HOST}/tg-elsewhere/x.txt",
        "hmac.md": f"GOOG_KEY={key_id}\nGOOG_SECRET={secret}",
        "key.json": json.dumps(gcs.key_file),
    }
    files = {name: text if name.endswith("json") else f"see {text}\n" for name, text in links.items()}
    folder, audit = repository(tmp_path / "repo", files), tmp_path / "audit.jsonl"
    answer = tidegate("scan", folder, "--probe", "--scope", scope, "--audit", audit, "--format", "json")
    found = by_path(answer)

    states = {name: each["reach"] and each["reach"]["state"] for name, each in found.items()}
    assert states == {
        "live.md": "open",
        "expired.md": "closed",
        "altered.md": "unknown",
        "put.md": "unknown",
        "typed.md": "open",
        "open.md": "open",
        "elsewhere.md": None,
        "hmac.md": "open",
        "key.json": "open",
    }
    assert (
        found["live.md"]["reach"]["reason"] == "The link reads the object; it is signed for this one method."
    )
    assert (
        found["expired.md"]["reach"]["reason"] == "The service says that the link has expired (ExpiredToken)."
    )
    assert "which is not tried" in found["put.md"]["reach"]["reason"]
    assert "it may read" in found["live.md"]["reasons"]
    assert found["key.json"]["reach"]["reason"] == f"The key lists and reads in {BUCKET}."
    assert found["open.md"]["contents"] == {**found["open.md"]["contents"], "items": 1, "bytes": 5}
    assert found["expired.md"]["severity"] == "info"
    gaps = [(gap["subject"], gap["reason"]) for gap in answer.report["gaps"] if gap["stage"] == "reach"]
    assert gaps == [("tg-elsewhere", "not in scope, so that nothing was asked")]
    assert answer.code == 1

    assert {each["method"] for each in sent(audit)} <= {"GET", "HEAD"}
    secrets = [
        link.partition("X-Goog-Signature=")[2].partition("&")[0]
        for link in links.values()
        if "X-Goog" in link
    ]
    for text in (answer.out, answer.err, audit.read_text()):
        assert not any(each in text for each in (*secrets, secret))


def test_links_and_keys_die_with_what_signed_them(
    tidegate: Command, gcs: Setting, scope: Path, tmp_path: Path
) -> None:
    key_id, secret = mint.hmac_pair("live")
    texts = {
        "key": json.dumps(gcs.key_file),
        "hmac": f"GOOG_KEY={key_id}\nGOOG_SECRET={secret}",
        "link": v4(),
        "typed link": v4(query={"response-content-type": "text/plain"}),
    }

    def probed() -> dict[str, tuple[str, str]]:
        told = {}
        for name, text in texts.items():
            answer = tidegate(
                "probe",
                "-",
                "--scope",
                scope,
                "--audit",
                tmp_path / "a",
                "--format",
                "json",
                data=text.encode(),
            )
            (finding,) = answer.report["findings"]
            told[name] = (finding["reach"]["state"], finding["reach"]["reason"])
        return told

    assert {state for state, _ in probed().values()} == {"open"}
    gcs.rotate()
    gcs.cloud.hmac_keys[key_id].active = False
    dead = probed()
    assert dead["key"][0] == "closed"
    assert dead["hmac"][0] == "closed"
    # Google says of a link whose key is gone what it says of one for another method: it is no proof of death,
    # unless the link asks for a header of the answer, as only one for reading does.
    assert dead["link"][0] == "unknown"
    assert dead["typed link"][0] == "closed"
    assert all(words[0].isupper() and words.endswith(".") for _, words in dead.values())
