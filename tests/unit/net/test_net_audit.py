from __future__ import annotations

import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from netting import QUICK, ask, net_to

from services import hostile as h
from services.hostile import hostile, in_turn, whole
from tidegate.errors import ConfigError, NoAnswerError
from tidegate.net.audit import AuditFile, Entry

ENTRY = Entry(
    time="2026-11-26T01:02:03.004+00:00",
    run="0a1b2c3d",
    n=1,
    provider="azure",
    name="acct",
    method="GET",
    url="https://acct.blob.core.windows.net/c",
    asked="list one container",
    status=200,
    error="",
    bytes=7,
    milliseconds=5,
)


def test_every_attempt_is_a_line_with_what_was_asked_and_what_came(tmp_path: Path) -> None:
    log = AuditFile(tmp_path / "audit.jsonl")
    with (
        hostile(in_turn(whole("503 Busy"), h.SHORT_BODY, whole("200 OK", b"four"))) as server,
        net_to(server.port, audit=log) as (net, _),
    ):
        net.send(ask(server.port, asked="list one container", method="GET"))
    log.close()
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [(line["n"], line["status"], line["error"], line["bytes"]) for line in lines] == [
        (1, 503, "", 0),
        (2, 200, "the answer was cut off", 9),
        (3, 200, "", 4),
    ]
    assert {line["asked"] for line in lines} == {"list one container"}
    assert {line["url"] for line in lines} == {f"http://127.0.0.1:{server.port}/acct/c?comp=list"}
    assert set(lines[0]) == {
        "time", "run", "n", "provider", "name", "method", "url", "asked", "status", "error", "bytes", "milliseconds",
    }  # fmt: skip


def test_only_its_owner_may_read_the_log(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.touch(mode=0o666)
    AuditFile(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_runs_are_appended_to_each_other(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    first, second = AuditFile(path), AuditFile(path)
    for n in range(4):
        (first, second)[n % 2].record(replace(ENTRY, n=n))
    first.close()
    second.close()
    assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [0, 1, 2, 3]


def test_nothing_in_a_line_steers_a_terminal_or_ends_the_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditFile(path)
    nasty = "\x1b]0;x\x07\r\n\u202e\u2028\x9b\x7f"
    log.record(replace(ENTRY, asked=nasty))
    log.close()
    data = path.read_bytes()
    assert data.endswith(b"}\n")
    assert data.count(b"\n") == 1
    assert not [byte for byte in data[:-1] if byte < 0x20 or (byte > 0x7E and byte != 0x7F)]
    assert json.loads(data)["asked"] == nasty


def test_a_log_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing/audit.jsonl", "."):
        with pytest.raises(ConfigError, match="audit log"):
            AuditFile(tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


def test_what_cannot_be_recorded_is_the_last_that_is_sent() -> None:
    class Full:
        def record(self, entry: Entry) -> None:
            raise ConfigError("the audit log cannot be written: no space left")

    with hostile(whole("200 OK")) as server, net_to(server.port, audit=Full()) as (net, _):
        for _ in range(3):
            with pytest.raises(ConfigError, match="no space left"):
                net.send(ask(server.port))
    assert len(server.heard) == 1


def test_a_full_disk_is_named() -> None:
    log = AuditFile.__new__(AuditFile)
    log._path, log._file = Path("/dev/full"), os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(ConfigError, match="No space left"):
        log.record(ENTRY)
    log.close()


def test_a_request_that_was_broken_off_is_recorded() -> None:
    limits = replace(QUICK, idle_s=30.0, attempt_s=30.0, request_s=60.0)
    with hostile(h.silent) as server:
        with net_to(server.port, limits=limits) as (net, audit):
            failed: list[Exception] = []

            def send() -> None:
                try:
                    net.send(ask(server.port))
                except NoAnswerError as error:
                    failed.append(error)

            thread = threading.Thread(target=send)
            thread.start()
            while not server.heard:
                thread.join(0.01)
        thread.join()
    assert str(failed[0]) == "the network was closed"
    assert [entry.error for entry in audit.entries] == ["broken off"]
