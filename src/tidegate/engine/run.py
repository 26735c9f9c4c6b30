"""The order of the stages: read, detect, decode, ask, assess, report. Knows no provider's name.

Reading and detecting is done shard by shard, in worker processes when there is enough to do. Everything
after that is small and happens here. What goes wrong with one shard, or one credential, becomes a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate import plugins
from tidegate.detect.engine import Detector
from tidegate.detect.rules import Rule
from tidegate.engine.ask import credential_of, named_grant
from tidegate.engine.collect import Collector, Group
from tidegate.engine.plan import Plan
from tidegate.errors import OutOfScopeError
from tidegate.model.document import Tally
from tidegate.model.grant import Grant
from tidegate.model.report import Report
from tidegate.sources.targets import is_storage
from tidegate.version import VERSION

if TYPE_CHECKING:
    from tidegate.model.finding import Finding

__all__ = ["Plan", "decode", "run"]


def run(plan: Plan) -> Report:
    """Carry out the plan and return the report. Raises only `TidegateError`."""
    started = datetime.now(UTC)
    tally = Tally()
    detector = Detector(plan.rules, plan.cache_dir)
    if any(not rule.built_in for rule in plan.rules):
        from tidegate.engine.understood import check_understood  # noqa: PLC0415 - most have no rules of their own

        check_understood(plan.rules, detector, plan.now)
    collector = Collector(plan, detector, tally)
    for target in plan.targets:
        if plan.storage_only or is_storage(target):
            collector.take(target)
        else:
            collector.read(target)
    refused = _ask(collector, plan, tally) if plan.online is not None else None
    report = Report(
        version=VERSION,
        started_at=started,
        ended_at=datetime.now(UTC),
        targets=tuple(collector.said(target) for target in plan.targets),
        findings=_findings(collector, plan),
        gaps=tuple(collector.mask.gap(gap) for gap in tally.gaps),
        coverage=tally.coverage,
        suppressed=dict(sorted(collector.suppressed.items())),
    )
    if refused is not None:
        refused.done = report
        raise refused
    return report


def _findings(collector: Collector, plan: Plan) -> tuple[Finding, ...]:
    if not collector.groups:
        return ()
    from tidegate.engine.findings import findings  # noqa: PLC0415 - most commits hold nothing to judge

    return tuple(findings(collector, plan))


_UNASKABLE = frozenset({"access_key_id"})
"""What holds nothing to ask with: the id of a key without its secret opens nothing, and that is all of it."""


def _ask(collector: Collector, plan: Plan, tally: Tally) -> OutOfScopeError | None:
    """Ask about every group that alarms; what the scope does not name is a gap.

    Return the refusal of a target that the user named, where others were done; raises it where it is all.
    """
    assert plan.online is not None
    groups = {
        name: group
        for name, group in collector.groups.items()
        if group.named or (group.places and group.suppressed is None and group.grant.kind not in _UNASKABLE)
    }
    credentials = {
        name: group.credential or credential_of(group.best, group.grant) for name, group in groups.items()
    }
    answers = plan.online.ask_all(credentials, tally.coverage, plan.progress)
    refused: dict[str, tuple[Group, OutOfScopeError]] = {}
    for name, asked in answers.items():
        groups[name].asked = asked
        tally.gaps += asked.gaps
        if asked.refused is not None:
            refused.setdefault(asked.refused.hint, (groups[name], asked.refused))
    first = next((why for group, why in refused.values() if group.named), None)
    if first is not None and len(plan.targets) == 1:
        raise first
    for group, why in refused.values():
        # One reason for all: a repository may hold links to hundreds of accounts that are somebody else's.
        reason = "not in scope, so that nothing was asked" if why.unnamed else str(why)
        reason += f". {why.hint}" if group.named and why.hint else ""
        tally.gap("reach", named_grant(group.grant), reason)
    return first


def decode(text: str, rules: Sequence[Rule], now: datetime, cache_dir: Path | None) -> Iterator[Grant]:
    """Yield the grant of each credential in a text, in the order of the text; plain addresses last."""
    detector = Detector(rules, cache_dir)
    decoders = plugins.load(plugins.Decoder, "tidegate.providers")
    sightings = detector.scan_text(text)
    for sighting in sorted(sightings, key=lambda s: s.kind == "public_url"):
        grant = decoders[sighting.provider].decode(sighting, now)
        if grant is not None:
            yield grant
