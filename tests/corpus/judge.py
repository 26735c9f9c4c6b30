"""Compares a report, as JSON, with what a form expects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from typing import Any

from corpus.model import ANY, Case, Want

Found = Mapping[str, Any]
WINDOW = 10
"""So many characters of a secret in a row are too many to show."""


def problems(case: Case, report: Mapping[str, Any]) -> list[str]:
    """Return what is wrong, a sentence each; empty when the report says what the form expects."""
    told = [f for f in report["findings"] if f["grant"]["kind"] != "anonymous"]
    plain = [f for f in report["findings"] if f["grant"]["kind"] == "anonymous"]
    out = [f"a plain address alarms: {_brief(f)}" for f in plain if f["severity"] != "info"]
    if len(told) != len(case.wants):
        out.append(f"{len(told)} findings, not {len(case.wants)}: {[_brief(f) for f in told]}")
    else:
        out += _best(case.wants, told)
    muted = sum(s["count"] for s in report["suppressed"])
    if muted < case.suppressed:
        out.append(f"{muted} suppressed, not {case.suppressed}: {report['suppressed']}")
    if len(report["gaps"]) < case.gaps or (report["gaps"] and not case.gaps):
        out.append(f"gaps: {report['gaps']}")
    return out


def _best(wants: Sequence[Want], told: Sequence[Found]) -> list[str]:
    """Give each expectation the finding that suits it best, and return what is still wrong."""
    tries = (
        [p for w, f in zip(wants, order, strict=True) for p in differences(w, f)]
        for order in permutations(told)
    )
    return min(tries, key=len, default=[])


def differences(want: Want, found: Found) -> list[str]:
    """Return how a finding differs from what was expected."""
    grant = found["grant"]
    out = []
    for name in ("account", "container", "key", "scope", "validity", "expires_at"):
        expected = getattr(want, name)
        if expected != ANY and grant[name] != expected:
            out.append(f"{name} is {grant[name]!r}, not {expected!r}")
    if grant["provider"] not in want.provider:
        out.append(f"provider is {grant['provider']}, not {want.provider}")
    if want.kind and grant["kind"] not in want.kind:
        out.append(f"kind is {grant['kind']}, not {want.kind}")
    if not found["rule"].startswith(want.rule):
        out.append(f"rule is {found['rule']}, not {want.rule}…")
    if found["confidence"] not in want.confidence:
        out.append(f"confidence is {found['confidence']}, not {want.confidence}")
    held = set(grant["permissions"])
    if want.may - held:
        out.append(f"permissions lack {sorted(want.may - held)}")
    if want.may_not & held:
        out.append(f"permissions hold {sorted(want.may_not & held)}")
    if not any(stands(want, o) for o in found["occurrences"]):
        places = [(o["path"], o["line"]) for o in found["occurrences"]]
        out.append(f"stands at {places}, not at {want.path}:{want.lines}")
    return out


def stands(want: Want, place: Mapping[str, Any]) -> bool:
    """Tell whether an occurrence is the expected one."""
    path = place["path"]
    named = path.startswith(want.path[:-1]) if want.path.endswith("*") else path == want.path
    return named and want.lines[0] <= place["line"] <= want.lines[1]


def leaks(secrets: Iterable[str], text: str) -> list[str]:
    """Return each run of ten characters of a secret that `text` shows."""
    shown = {text[i : i + WINDOW] for i in range(len(text) - WINDOW + 1)}
    runs = (s[i : i + WINDOW] for s in secrets for i in range(len(s) - WINDOW + 1))
    return [r for r in runs if r in shown]


def _brief(found: Found) -> str:
    grant = found["grant"]
    return f"{found['rule']}/{grant['kind']}/{grant['account']}/{grant['container']}"
