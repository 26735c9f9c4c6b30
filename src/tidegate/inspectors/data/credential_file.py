"""Files in which programs keep credentials: clouds, registries, clusters, VPN. Never used, never shown."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._credentials import Form, Lines, Words, form_of
from tidegate.inspectors.data._hosts import remote_sessions
from tidegate.inspectors.data._named import named
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
from tidegate.inspectors.data._text import plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Observation
from tidegate.model.severity import Severity

_MOST_BYTES: Final = 512 << 10
_HINT_BYTES: Final = 4096
_OF_A_FILE: Final = frozenset(("kubeconfig", "terraform_state"))
"""Kinds that are a whole file: code with the text of one in it is code."""


class CredentialFile:
    """Asks each form whose hint stands in the first bytes."""

    id = "credential_file"
    order = 30

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell whether it may be one; the whole text decides."""
        del tail
        text = plain(head)
        return text is not None and size_bytes >= 16 and bool(form_of(text, base(name)))

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what opens what, and how many."""
        raw = data.read(0, min(data.size_bytes, _MOST_BYTES))
        text = plain(raw)
        if text is None:
            return nothing()
        code = named(name) == "source_code"
        sampled: list[Observation] | None = None
        for form in form_of(text[:_HINT_BYTES], base(name)):
            if code and form.kind in _OF_A_FILE:
                continue  # a test that writes one down
            count = form.count(text)
            if not count:
                continue
            if sampled is None:
                sampled = context.sample(text, name)
            if isinstance(form.count, Lines | Words):
                muted = muted_by_rules(sampled)
                count = sum(not muted(value) for value in form.count.values(text))
            if count:
                made = _told(form, count, name, data.size_bytes, len(raw))
                made.observations += sampled
                return made
        return nothing()


def _told(form: Form, count: int, name: str, size_bytes: int, read: int) -> Judgement:
    tested = of_a_test(name)
    if form.kind == "terraform_state":
        held = f"of {plural(count, 'resource')}" if count > 0 else "without resources"
        words, numbers = f"{form.words} {held}", {"resources": max(0, count)}
    elif form.kind == "kubeconfig":
        words, numbers = f"{form.words} with {plural(count, 'login')}", {"credentials": count}
    elif form.count is remote_sessions:
        kept = plural(count, "password") if count > 0 else "no password"
        words, numbers = f"{form.words}, with {kept} in it", {"credentials": max(0, count)}
    else:
        words = form.words if count == 1 else f"{form.words}: {count:,}"
        numbers = {"credentials": count}
    words += "; its path says it is material of a test suite, or a template" if tested else ""
    severity = Severity.LOW if tested else None
    if count < 0:
        severity = Severity.MEDIUM if form.kind == "vpn_profile" and not tested else severity or Severity.INFO
    step = step_of(size_bytes, read)
    note = seen(form.kind, words, inspector="credential_file", severity=severity, step=step, numbers=numbers)
    return judged(form.kind, note)


PLUGIN = CredentialFile()
