"""`tidegate decode` says what one credential permits, and shows nothing of its secret."""

from __future__ import annotations

import io
import json
import sys

import pytest
from report import samples

from cli.shared import LINK
from tidegate.cli import main

SECRET = samples.PLANTED.rstrip("=")


def test_a_link_is_told_in_a_sentence_a_matrix_and_how_to_end_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", LINK]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert "contosomodels" in out
    assert "2051-10-06" in out
    head = next(line for line in out.splitlines() if "overwrite" in line and "mint" in line)
    assert head.split()[:2] == ["list", "read"]
    assert [line.split()[0] for line in out.splitlines() if "●" in line] == ["blob", "file", "queue", "table"]
    assert " revoke " in out
    assert "sp=rwdlacup" in out
    assert SECRET not in out


def test_json_is_the_grant_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", LINK, "--format", "json"]) == 0
    out, _ = capfd.readouterr()
    grant = json.loads(out)
    assert grant["kind"] == "account_sas"
    assert grant["expires_at"] == "2051-10-06T07:00:00Z"
    assert SECRET not in out


def test_stdin_keeps_the_secret_out_of_the_list_of_processes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINK.encode() + b"\n")))
    assert main(["decode", "-"]) == 0
    assert "contosomodels" in capfd.readouterr().out
