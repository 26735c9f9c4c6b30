"""The steps of the integrations, run as their services run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

from corpus.mint import account_sas
from corpus.repository import Repository

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "integrations" / "github-action"


def run_action(repository: Path, temp: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    temp.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(temp),
        "RUNNER_TEMP": str(temp),
        "GITHUB_OUTPUT": str(temp / "output"),
        "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        "ACTION_PATH": str(ACTION),
        "PYTHON": sys.executable,
        "TIDEGATE": str(Path(sys.executable).parent / "tidegate"),
        **inputs,
    }
    return subprocess.run(
        [str(ACTION / "scan.sh")],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def leaky(folder: Path) -> Path:
    repository = Repository(folder)
    sas = account_sas("contosomodels", sp="rwdlac", seed="action")
    repository.put("docs/READ ME,1.md", f"see\nhttps://{sas.host}/?{sas.query}\n", "leak")
    return folder


def test_the_action_annotates_sums_up_and_fails(tmp_path: Path) -> None:
    repository = leaky(tmp_path / "repo")
    done = run_action(repository, tmp_path / "t")
    assert done.returncode == 1, done.stderr
    assert "::error file=docs/READ ME%2C1.md,line=2,title=Tidegate%3A critical::" in done.stdout
    outputs = (tmp_path / "t" / "output").read_text().splitlines()
    assert "critical=1" in outputs
    assert "complete=true" in outputs
    assert json.loads((repository / "tidegate.sarif").read_text())["version"] == "2.1.0"
    assert "critical" in (tmp_path / "t" / "summary").read_text()


def test_what_is_given_to_the_action_never_becomes_a_command(tmp_path: Path) -> None:
    repository = leaky(tmp_path / "repo")
    marker = tmp_path / "ran"
    for number, inputs in enumerate(
        (
            {"PATHS": f"$(touch {marker})"},
            {"PATHS": f"; touch {marker}"},
            {"PATHS": "--output=/dev/null"},
            {"FAIL_ON": f"low; touch {marker}"},
            {"SARIF": f"x.sarif\nfindings=0; touch {marker}"},
        )
    ):
        run_action(repository, tmp_path / str(number), **inputs)
    assert not marker.exists()


def test_never_failing_still_tells(tmp_path: Path) -> None:
    done = run_action(leaky(tmp_path / "repo"), tmp_path / "t", FAIL_ON="never")
    assert done.returncode == 0
    assert "findings=1" in (tmp_path / "t" / "output").read_text()


def test_each_file_says_what_its_service_expects() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
    job = yaml.safe_load((ROOT / "integrations/gitlab/tidegate.gitlab-ci.yml").read_text())["tidegate"]
    assert job["artifacts"]["reports"]["secret_detection"] == "gl-secret-detection-report.json"
    hook = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
    assert hook["entry"] == "tidegate hook"
    assert hook["pass_filenames"] is False
