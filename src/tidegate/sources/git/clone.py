"""Copying a remote repository into a temporary folder, to read it there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tidegate.errors import SourceError
from tidegate.sources.gitcommand import program

_URL = re.compile(r"(?:https|ssh|file)://\S+|[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:[^-\s]\S*", re.ASCII)
_OTHER_URL = re.compile(r"[a-z][a-z0-9+.-]*://|[a-z0-9]+::", re.IGNORECASE)
_USER = re.compile(r"(://)[^/@\s]*@")
TIMEOUT_S = 3600.0


def is_url(target: str) -> bool:
    """Whether `target` is the address of a repository rather than a path. Refused protocols count as well."""
    return bool(_URL.fullmatch(target) or _OTHER_URL.match(target))


def without_user(text: str) -> str:
    """Return the text with user and password taken out of every address in it."""
    return _USER.sub(r"\1", text)


def clone_bare(url: str, folder: Path, *, timeout_s: float = TIMEOUT_S) -> Path:
    """Clone all refs of `url`, bare, into a new folder inside `folder`, and return it.

    Only https, ssh and file; no prompt, template, hook, submodule, alternate or hardlink. The user's own
    git configuration is honoured, for proxies and credentials: it is not the target's. Raises `SourceError`.
    """
    if not _URL.fullmatch(url):
        raise SourceError(
            f"{without_user(url)}: not an address we clone", hint="Use https://, ssh:// or git@host:path."
        )
    bare = folder / "repository.git"
    command = [
        program(),
        *("-c", "core.hooksPath=" + os.devnull),
        *("-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"),
        *("-c", "fetch.recurseSubmodules=false", "-c", "submodule.recurse=false"),
        *("clone", "--mirror", "--no-local", "--no-hardlinks", "--no-recurse-submodules"),
        *("--template=", "--quiet", "--", url, str(bare)),
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {
        **kept,
        "GIT_ALLOW_PROTOCOL": "https:ssh:file",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "60",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{without_user(url)}: not cloned within {timeout_s:g} s") from error
    if done.returncode:
        said = _reason(without_user(done.stderr.decode("utf-8", "replace")))
        reason = said or f"git ended with status {done.returncode}"
        raise SourceError(
            f"{without_user(url)}: {reason}", hint="Check the address, and your rights to read it."
        )
    return bare


def _reason(said: str) -> str:
    """Return the first thing that git complains of: what follows is advice that fits every failure."""
    lines = [line.strip() for line in said.splitlines()]
    beside = ("Cloning into ", "warning: ", "hint: ")
    first = next((line for line in lines if line and not line.startswith(beside)), "")
    return first.removeprefix("fatal: ")[:300]
