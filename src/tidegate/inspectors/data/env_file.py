"""Files of settings, a name and a value a line (`.env`): how many look secret. Never a value."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import (
    base,
    judged,
    muted_by_rules,
    nothing,
    of_a_test,
    plural,
    seen,
    step_of,
)
from tidegate.inspectors.data._text import lines, placeholder, plain, secret_name
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.severity import Severity

_SETTING: Final = re.compile(rb"\A(?:export |set )?([A-Za-z_][A-Za-z0-9_.]{0,100}) ?= ?(.*)\Z")
_UPPER: Final = re.compile(rb"\A(?:export )?[A-Z][A-Z0-9_]+=")
_NAMED: Final = re.compile(r"(?:\A|[._-])env(?:[.-]|rc|\Z)|\Aenvironment\Z")
_QUOTED: Final = re.compile(rb"=\s?([\"'`])(?:(?!\1).){0,4000}\1", re.DOTALL)
"""A value of several lines."""
_LABEL: Final = re.compile(r":\s*\Z|\A(?:\\u[0-9A-Fa-f]{4}){2}|\A&?[A-Z][a-z]+(?: [a-z]+)*\\?:?\Z")
"""What a program shows beside a field: "Password:", in translations by their numbers."""
_SENTENCE: Final = re.compile(r"[^\W\d_]{2,}[,.:]? [^\W\d_]{2,}")
"""Two words beside each other."""
_MOST_BYTES: Final = 128 << 10


class EnvFile:
    """Reads the whole file: they are short."""

    id = "env_file"
    order = 55

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its lines; where they are few or in lower case, by its name too."""
        del tail
        text = plain(head)
        return text is not None and size_bytes <= _MOST_BYTES and _shape(text, name)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Count settings, and those that look secret. Without any of these it is like any other text."""
        raw = data.read(0, min(data.size_bytes, _MOST_BYTES))
        text = plain(raw) or b""
        settings, values = 0, []
        called, said = bool(_NAMED.search(base(name))), 0
        for line in lines(text + b"\n", 5000):
            found = _SETTING.match(line.strip())
            if found is None:
                continue
            settings += 1
            value = found[2].decode("utf-8", "replace").split(" #")[0]
            if not called and _SENTENCE.search(value):
                said += 1  # what a program says to its user, line by line
                continue
            if secret_name(found[1].decode()) and not placeholder(value) and not _LABEL.search(value):
                values.append(value)
        if not values or said * 3 > settings:
            return nothing()
        sampled = context.sample(text, name)
        muted = muted_by_rules(sampled)
        secret = sum(not muted(value) for value in values)
        if not secret:
            return nothing()
        tested = of_a_test(name)
        words = (
            f"{plural(settings, 'setting')}, {secret:,} of them {'looks' if secret == 1 else 'look'} secret"
        )
        words += "; its path says it is a template or test material" if tested else ""
        note = seen(
            "env_file",
            words,
            severity=Severity.LOW if tested else None,
            step=step_of(data.size_bytes, len(raw)),
            numbers={"settings": settings, "secrets": secret},
            confidence="medium",
        )
        return judged("env_file", note, *sampled)


def _shape(text: bytes, name: str) -> bool:
    named = bool(_NAMED.search(base(name)))
    if named:
        text = _QUOTED.sub(b'=""', text)
    rows = [line.strip() for line in lines(text + b"\n", 200)]
    rows = [line for line in rows if line and not line.startswith((b"#", b";", b"//"))]
    if not rows or text.startswith(b"#!"):
        return False
    fits = sum(bool((_SETTING if named else _UPPER).match(line)) for line in rows)
    return fits * 10 >= len(rows) * (6 if named else 9) and (named or len(rows) >= 3)


PLUGIN = EnvFile()
