"""What somebody typed into a shell: how many commands; secrets in them are found by the sample."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import base, judged, nothing, of_a_test, plural, seen, step_of
from tidegate.inspectors.data._text import WHOLE_TEXT_BYTES, lines, plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step
from tidegate.model.severity import Severity

_NAMED: Final = re.compile(
    r"\A\.?(?:bash|zsh|sh|ash|ksh|fish|psql|mysql|python|node_repl|sqlite|rediscli|mongo|irb|lesshst)_?history\Z"
    r"|\A\.?(?:zhistory|histfile|dbshell|rediscli_history|consolehost_history\.txt|python_history)\Z|\A.*_history\Z"
)
_BY_NAME: Final = re.compile(r"\A\.(?:bash|zsh|sh|ash|ksh)_history(?:[._~-][^/]*)?\Z")
"""No other file is named so: whatever stands in it was typed, or was set aside by somebody."""
_CODE: Final = (
    ".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".go", ".rb", ".rs", ".java", ".php", ".pl", ".lua", ".c", ".h", ".mk",  # noqa: E501
    ".sh", ".bash", ".zsh", ".ps1", ".bat", ".cmd", ".md", ".rst", ".html", ".tcl", ".vim", ".cmake",
)  # fmt: skip
"""Names under which lines of commands are a program, or its manual."""
_ZSH: Final = re.compile(rb"\A: \d{9,10}:\d+;")
_TIMES: Final = re.compile(rb"\A#\+?\d{9,10}\Z")
_FISH: Final = re.compile(rb"\A(?:- cmd: |  when: \d{9,10}\Z)")
_COMMAND: Final = re.compile(
    rb"\A(?:sudo )?(?:ls|ll|cd|pwd|cat|less|vim?|nano|emacs|git|ssh|scp|rsync|curl|wget|docker|kubectl|helm|terraform|aws|az"  # noqa: E501
    rb"|gcloud|gsutil|python3?|pip3?|npm|yarn|node|make|cmake|apt(?:-get)?|yum|dnf|brew|systemctl|service|journalctl|tail"
    rb"|head|grep|find|rm|cp|mv|mkdir|rmdir|touch|chmod|chown|tar|unzip|ps|top|htop|kill|df|du|free|history|clear|exit"
    rb"|echo|export(?= \w+=)|source|which|man|screen|tmux|mysql|psql|redis-cli|go|cargo|java|mvn|gradle|php|composer|ruby|perl"  # noqa: E501
    rb"|crontab|ping|ifconfig|ip|netstat|nmap|su|passwd|whoami|uname|date|diff|sed|awk|openssl|Get-\w+|Set-\w+|dir|cls"
    rb"|ipconfig|Connect-\w+|Import-Module|Install-Module|conda|jupyter|nvidia-smi|code)(?:\s|\Z|;|\|)"
)


class ShellHistory:
    """Tells it by the time marks of shells, by name, or by commands line after line."""

    id = "shell_history"
    order = 45

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether most of the first lines are commands."""
        del tail, size_bytes
        text = plain(head)
        return text is not None and _shape(text, name)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count the commands."""
        raw = data.read(0, min(data.size_bytes, WHOLE_TEXT_BYTES))
        text = plain(raw)
        if text is None or not _shape(text[:4096], name):
            return nothing()
        step = step_of(data.size_bytes, len(raw))
        rows = [line for line in text.splitlines() if line.strip() and not _TIMES.match(line)]
        least = "" if step is Step.WHOLE else "at least "
        severity = Severity.LOW if of_a_test(name) else None
        words = f"what somebody typed into a shell: {least}{plural(len(rows), 'command')}"
        note = seen("shell_history", words, severity=severity, step=step, numbers={"commands": len(rows)})
        return judged("shell_history", note, *context.sample(text, name))


def _shape(text: bytes, name: str) -> bool:
    rows = [line for line in lines(text + b"\n", 300) if line.strip()]
    if not rows or text.startswith(b"#!"):
        return False
    marked = sum(bool(_ZSH.match(line) or _TIMES.match(line) or _FISH.match(line)) for line in rows)
    if (marked >= 2 and marked * 10 >= len(rows) * 4) or (marked >= 3 and marked * 5 >= len(rows)):
        return True
    commands = sum(bool(_COMMAND.match(line)) for line in rows)
    if _BY_NAME.match(base(name)):
        return True
    if _NAMED.match(base(name)):
        return commands * 10 >= len(rows) * 2 or len(rows) < 4
    if name.lower().endswith(_CODE):
        return False
    # Unnamed, a list of commands may as well be a script or a manual: those have comments, or indent.
    quiet = not any(line.startswith((b"#", b" ", b"\t", b"$ ")) for line in rows)
    return quiet and len(rows) >= 20 and commands * 10 >= len(rows) * 8


PLUGIN = ShellHistory()
