"""Reading a credential again from where a report says it stands: reports hold none."""

from __future__ import annotations

from tidegate.detect.engine import Detector
from tidegate.engine.ask import credential_of
from tidegate.engine.collect import Collector
from tidegate.engine.findings import finding_id
from tidegate.engine.plan import Plan
from tidegate.model.credential import Credential
from tidegate.model.document import Tally
from tidegate.sources.targets import is_storage


def credential(plan: Plan, finding: str) -> Credential | None:
    """Return the credential of a finding, read from the plan's targets; `None` when it is there no more."""
    collector = Collector(plan, Detector(plan.rules, plan.cache_dir), Tally())
    for target in plan.targets:
        if is_storage(target):
            continue
        collector.read(target)
        for group in collector.groups.values():
            if finding_id(group.best, group.grant) == finding:
                return credential_of(group.best, group.grant)
    return None


def credential_in(text: str, plan: Plan, finding: str) -> Credential | None:
    """Return the credential of a finding from a text that holds it: a link, a connection string, a key."""
    plan_of_text = Collector(plan, Detector(plan.rules, plan.cache_dir), Tally())
    for sighting in plan_of_text._detector.scan_text(text):
        grant = plan_of_text._grant(sighting)
        if grant is not None and finding_id(sighting, grant) == finding:
            return credential_of(sighting, grant)
    return None
