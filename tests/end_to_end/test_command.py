"""What scripts rely on: exit codes, one document on stdout, the keys of the contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus import mint
from corpus.azure_kinds import PORTAL_ACCOUNT, PORTAL_SERVICE
from corpus.command import Command
from corpus.containers import env
from corpus.judge import leaks
from corpus.negatives import EMULATOR_KEY

WIDE = mint.account_sas("contosowide", sp="rwdlacup").ordered(PORTAL_ACCOUNT)
OLD = mint.container_sas("contosoended", "raw", se=mint.PAST).ordered(PORTAL_SERVICE)
TOP = {"schema", "tool", "started_at", "ended_at", "targets", "complete", "gaps", "coverage", "findings"}
FINDING = {
    "id", "rule", "title", "severity", "score", "confidence", "reasons", "grant", "secret", "occurrences", "reach",
    "contents", "paths", "fix",
}  # fmt: skip
GRANT = {
    "provider", "kind", "account", "container", "key", "scope", "services", "permissions", "starts_at", "expires_at",
    "protocols", "ip_range", "policy", "validity", "revocation", "facts",
}  # fmt: skip
PLACE = {"source", "target", "path", "line", "column", "commit", "author", "committed_at", "unwrapped"}


def test_the_2023_incident_is_critical_and_exits_1(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"wget '{WIDE.url}'\n")
    answer = tidegate.scan(tmp_path)
    finding = answer.report["findings"][0]
    assert answer.code == 1
    assert finding["severity"] == "critical"
    assert finding["grant"]["expires_at"] == mint.FAR
    assert any("2051" in r for r in finding["reasons"])


def test_the_report_has_the_keys_of_the_contract(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"wget '{WIDE.url}'\n")
    report = tidegate.scan(tmp_path).report
    finding = report["findings"][0]
    assert report.keys() >= TOP
    assert report["schema"] == "tidegate/1"
    assert report["started_at"].endswith("Z")
    assert report["coverage"].keys() == {
        "documents",
        "bytes",
        "commits",
        "items_listed",
        "items_read",
        "bytes_read",
        "requests",
    }
    assert finding.keys() >= FINDING
    assert finding["id"].startswith("tg-")
    assert finding["secret"].keys() == {"redacted", "fingerprint"}
    assert finding["grant"].keys() >= GRANT
    assert finding["occurrences"][0].keys() >= PLACE
    assert finding["grant"]["revocation"].keys() >= {"means", "collateral"}
    assert 0 <= finding["score"] <= 100


def test_an_expired_token_is_told_and_exits_0(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(OLD.url)
    answer = tidegate.scan(tmp_path)
    assert answer.code == 0
    assert answer.report["findings"][0]["severity"] == "info"
    assert tidegate.scan("--fail-on", "info", tmp_path).code == 1


def test_a_clean_folder_exits_0(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing\n")
    answer = tidegate.scan(tmp_path)
    assert answer.code == 0
    assert answer.report["complete"] is True


def test_fail_on_decides_what_is_bad_enough(tidegate: Command, tmp_path: Path) -> None:
    sas = mint.blob_sas("contosoone", "raw", "a.bin")
    (tmp_path / "a.txt").write_text(sas.url)
    assert tidegate.scan("--fail-on", "low", tmp_path).code == 1
    assert tidegate.scan("--fail-on", "critical", tmp_path).code == 0


@pytest.mark.parametrize(
    "args",
    [
        ("scan",),
        ("scan", "--format", "nonsense", "."),
        ("scan", "--no-such-option", "."),
        ("scan", "--fail-on", "worst", "."),
        ("scan", "--jobs", "0", "."),
        ("scan", "--baseline", "no-such-file", "."),
        ("scan", "--rules", "no-such-file", "."),
        ("scan", "-o", "no/such/folder/x.json", "."),
        ("report", "no-such-file"),
        ("rules", "show", "no-such-rule"),
        ("nonsense",),
    ],
)
def test_a_wrong_command_exits_2_and_says_why(
    args: tuple[str, ...], tidegate: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("x\n")
    answer = tidegate(*args, cwd=tmp_path)
    assert answer.code == 2
    assert answer.err
    assert answer.out == ""


def test_decode_prints_the_grant(tidegate: Command) -> None:
    answer = tidegate("decode", "--format", "json", WIDE.url)
    grant = json.loads(answer.out)
    assert answer.code == 0
    assert grant["kind"] == "account_sas"
    assert grant["account"] == "contosowide"
    assert {"read", "write", "delete", "list_containers"} <= set(grant["permissions"])
    assert leaks([WIDE.sig], answer.out + answer.err) == []


@pytest.mark.parametrize("text", [WIDE.url, "?" + WIDE.query, WIDE.query])
def test_decode_reads_a_link_or_a_token_from_standard_input(text: str, tidegate: Command) -> None:
    answer = tidegate("decode", "-", data=text.encode() + b"\n")
    assert answer.code == 0
    assert "2051" in answer.out
    assert leaks([WIDE.sig], answer.out + answer.err) == []


def test_decode_of_nothing_exits_2_and_does_not_repeat_it(tidegate: Command) -> None:
    answer = tidegate("decode", "-", data=b"hello, this is nothing-at-all-1234567890\n")
    assert answer.code == 2
    assert "nothing-at-all" not in answer.err
    assert answer.out == ""


def test_a_saved_report_says_the_same_again(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.env").write_bytes(env(WIDE))
    saved = tmp_path / "report.json"
    assert tidegate.scan("-o", saved, tmp_path / "in").out == ""
    assert json.loads(tidegate("report", saved, "--format", "json").out) == json.loads(saved.read_text())
    assert "contosowide" in tidegate("report", saved).out


def test_json_lines_end_with_an_end(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_bytes(env(WIDE))
    (tmp_path / "cut.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\xff" * 20)
    lines = [json.loads(line) for line in tidegate("scan", "--format", "jsonl", tmp_path).out.splitlines()]
    assert [x["type"] for x in lines] == ["finding", "gap", "end"]
    assert (lines[-1]["complete"], lines[-1]["findings"]) == (False, 1)


def test_the_emulators_key_is_counted_and_shown_on_request(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(f"AccountName=devstoreaccount1;AccountKey={EMULATOR_KEY}\n")
    quiet = tidegate.scan(tmp_path)
    assert quiet.code == 0
    assert quiet.report["findings"] == []
    assert [s["count"] for s in quiet.report["suppressed"]] == [1]
    assert len(tidegate.scan("--include-suppressed", tmp_path).report["findings"]) == 1


def test_an_ignore_comment_is_counted(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'URL = "{WIDE.url}"  # tidegate:ignore\n')
    answer = tidegate.scan(tmp_path)
    assert answer.code == 0
    assert sum(s["count"] for s in answer.report["suppressed"]) == 1


def test_a_baseline_mutes_what_it_names_and_nothing_new(tidegate: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.env").write_bytes(env(WIDE))
    known = tmp_path / "known.json"
    tidegate.scan("--write-baseline", known, folder)
    again = tidegate.scan("--baseline", known, folder)
    assert again.code == 0
    assert sum(s["count"] for s in again.report["suppressed"]) >= 1
    (folder / "b.env").write_bytes(env(mint.container_sas("contosonew", "raw")))
    assert tidegate.scan("--baseline", known, folder).code == 1


def test_settings_inside_of_the_target_mute_nothing(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_bytes(env(WIDE))
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / "tidegate.toml").write_text("[scope]\n[scan]\nexclude = ['*']\n")
    (tmp_path / ".tidegateignore").write_text("*\n")
    assert tidegate.scan(tmp_path, cwd=tmp_path).code == 1


def test_standard_input_is_scanned(tidegate: Command) -> None:
    answer = tidegate.scan("-", data=b"a\nb " + WIDE.url.encode() + b"\n")
    place = answer.report["findings"][0]["occurrences"][0]
    assert answer.code == 1
    assert (place["source"], place["line"], place["column"]) == ("stdin", 2, 3)


def test_a_plain_address_is_info(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("https://contosopublic.blob.core.windows.net/site/logo.png\n")
    answer = tidegate.scan(tmp_path)
    finding = answer.report["findings"][0]
    assert answer.code == 0
    assert (finding["severity"], finding["grant"]["kind"]) == ("info", "anonymous")
    assert (finding["grant"]["account"], finding["grant"]["container"]) == ("contosopublic", "site")
