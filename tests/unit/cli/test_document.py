"""One document on stdout, or in a file that appears whole; progress and notes only on stderr."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import stat
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from report import samples

from cli.shared import LINK, tidegate
from tidegate.cli import main
from tidegate.plugins import Reporter, load
from tidegate.report._terminal import columns

FORMS = sorted(load(Reporter, "tidegate.report"))


@pytest.mark.parametrize("form", FORMS)
def test_no_output_shows_the_secret_and_stderr_stays_silent(
    form: str, leaky: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", str(leaky), "--format", form]) == 1
    out, err = capfd.readouterr()
    assert samples.PLANTED.rstrip("=") not in out
    assert "contosomodels" in out
    assert err == ""


def test_json_on_stdout_is_one_object(leaky: Path) -> None:
    run = tidegate("scan", str(leaky), "--format", "json")
    assert json.loads(run.stdout)["schema"] == "tidegate/1"
    assert (run.returncode, run.stderr) == (1, b"")


def test_a_file_is_readable_by_its_owner_alone_and_stdout_stays_empty(
    leaky: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.json"
    file.write_text("old")
    file.chmod(0o644)
    main(["scan", str(leaky), "--format", "json", "-o", str(file)])
    assert json.loads(file.read_text("utf-8"))["findings"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leaky", "out.json"]
    out, err = capsys.readouterr()
    assert out == ""
    assert "1 critical" in err


def test_quiet_says_nothing_on_stderr(
    leaky: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["scan", str(leaky), "-o", str(tmp_path / "out.txt"), "--quiet"])
    assert capsys.readouterr() == ("", "")


def test_a_link_is_followed_and_stays_a_link(
    leaky: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "out.json"
    link.symlink_to(tmp_path / "real" / "out.json")
    main(["scan", str(leaky), "--format", "json", "-o", str(link)])
    assert link.is_symlink()
    assert json.loads((tmp_path / "real" / "out.json").read_text("utf-8"))["findings"]
    capsys.readouterr()


def test_a_device_is_written_to_and_not_replaced(leaky: Path) -> None:
    run = tidegate("scan", str(leaky), "-o", "/dev/stdout", "--quiet")
    assert b"contosomodels" in run.stdout
    assert run.returncode == 1


def test_a_pipe_is_written_to_once(leaky: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/cat", str(pipe)], stdout=subprocess.PIPE) as cat:
        assert tidegate("scan", str(leaky), "--format", "jsonl", "-o", str(pipe)).returncode == 1
        shown = cat.communicate(timeout=60)[0]
    assert json.loads(shown.splitlines()[-1])["type"] == "end"


@pytest.mark.parametrize("target", ["no/such/folder/out.json", "."], ids=["no folder", "a folder"])
def test_an_unwritable_output_is_an_error_before_any_work(
    target: str,
    leaky: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["scan", str(leaky), "-o", target]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"tidegate: cannot write {target}: ")
    assert err.count("\n") == 2


def test_a_full_disk_is_an_error_and_not_a_verdict(leaky: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "tidegate", "scan", str(leaky)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert run.returncode == 2
    assert run.stderr.startswith(b"tidegate: cannot write to standard output: No space left on device\n")
    assert b"Traceback" not in run.stderr


def test_a_reader_that_leaves_early_is_no_error(leaky: Path) -> None:
    for number in range(300):
        (leaky / f"{number}.md").write_text(LINK.replace("contosomodels", f"contoso{number}"))
    with subprocess.Popen(
        [sys.executable, "-m", "tidegate", "scan", str(leaky), "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.read(10)
        run.stdout.close()
        assert run.stderr.read() == b""
        assert run.wait(60) == 1


def test_a_closed_stdout_is_an_error_and_not_a_traceback(leaky: Path) -> None:
    run = subprocess.run(
        ["/bin/sh", "-c", f'exec "{sys.executable}" -m tidegate scan "{leaky}" >&-'],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 2
    assert b"standard output is closed" in run.stderr
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("args", "env", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_colour_only_where_it_is_wanted(
    args: list[str],
    env: dict[str, str],
    coloured: bool,
    leaky: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    main(["scan", str(leaky), *args])
    assert ("\x1b[" in capfd.readouterr().out) is coloured


def test_a_terminal_gets_colour_progress_is_wiped_and_the_width_is_kept(leaky: Path) -> None:
    """A real pseudo-terminal of 60 columns."""

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS"}} | {
        "TERM": "xterm"
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tidegate", "scan", str(leaky)], stdout=slave, stderr=slave, env=env
    ) as run:
        os.close(slave)
        shown = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux says EIO when the other end is closed
                break
            if not piece:
                break
            shown += piece
        assert run.wait(60) == 1
    os.close(master)
    assert b"\x1b[1;97;41m" in shown
    report = shown.decode().split("\x1b[K")[-1]
    assert max(columns(line) for line in report.replace("\r", "").splitlines()) <= 60


def test_the_program_speaks_utf8_formats_under_any_locale(leaky: Path) -> None:
    (leaky / "naïve 中文.md").write_text(LINK)
    run = tidegate("scan", str(leaky), "--format", "json", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    paths = {
        place["path"] for finding in json.loads(run.stdout)["findings"] for place in finding["occurrences"]
    }
    assert "naïve 中文.md" in paths
    text = tidegate("scan", str(leaky), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert text.stdout.isascii()
    assert text.returncode == 1
