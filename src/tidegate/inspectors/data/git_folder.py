"""Settings of a git repository: a remote's address may hold a password or a token."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._named import named
from tidegate.inspectors.data._notes import judged, seen, step_of
from tidegate.inspectors.data._text import plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_SECTION: Final = re.compile(rb'(?m)^\[(?:core|remote "[^"\n]{1,200}")\]')
_HEAD: Final = re.compile(rb"ref: refs/heads/[^\s]{1,200}\n?")
_URL: Final = re.compile(rb"(?m)^\s*url\s*=\s*(\S+)")
_LOGIN: Final = re.compile(
    rb"\A\w+://[^/@\s:]*(?::[^/@\s]+|(?:ghp_|github_pat_|glpat-|x-access-token)[^/@\s]*)@"
)


class GitFolder:
    """Reads `.git/config`, and the one line of `HEAD`."""

    id = "git_folder"
    order = 40

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its sections."""
        del tail, size_bytes
        if _HEAD.fullmatch(head):
            return True
        if named(name) == "source_code":
            return False  # a test that writes one down
        return _SECTION.search(head[:2048]) is not None and plain(head) is not None

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count remotes, and those whose address holds a login."""
        raw = data.read(0, min(data.size_bytes, 64 << 10))
        if _HEAD.fullmatch(raw):
            note = seen("git_repository", "the branch that a git repository is on", severity=Severity.INFO)
            return judged("git_repository", note)
        urls = _URL.findall(raw)
        with_login = sum(bool(_LOGIN.match(url)) for url in urls)
        step = step_of(data.size_bytes, len(raw))
        words = "settings of a git repository"
        if with_login:
            words += (
                f": the address of {'a remote' if with_login == 1 else f'{with_login} remotes'} holds a login"
            )
        note = seen(
            "git_repository",
            words,
            severity=Severity.HIGH if with_login else Severity.INFO,
            step=step,
            numbers={"remotes": len(urls), "credentials": with_login},
        )
        return judged("git_repository", note, *context.sample(raw, name))


PLUGIN = GitFolder()
