"""The rules' self-test: every example is seen, every counterexample is not."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.detect.engine import Detector
from tidegate.detect.rules import Example, Rule, compile_rule
from tidegate.model.sighting import Sighting


def check_rules(rules: Sequence[Rule]) -> list[str]:
    """Return what is wrong, one sentence each; empty when all is well.

    Every rule is tried among all the others, as it will be used. Raises `RuleError` when an expression does
    not compile, or a rule needs a name that nothing fills.
    """
    detector = Detector(rules)
    problems: list[str] = []
    for rule in rules:
        compile_rule(rule)
        for index, example in enumerate(rule.examples):
            seen = [s for s in detector.scan_text(example.text) if s.rule == rule.id]
            wrong = _wrong(example, seen)
            if wrong:
                problems.append(f"{rule.file}: examples[{index}]: {wrong}")
        for index, text in enumerate(rule.counterexamples):
            alarms = [s for s in detector.scan_text(text) if s.rule == rule.id and s.suppressed is None]
            if alarms:
                problems.append(f"{rule.file}: counterexamples[{index}]: the rule sees something in it")
    return problems


def _wrong(example: Example, seen: list[Sighting]) -> str:
    alarms = [s for s in seen if s.suppressed is None]
    if not seen:
        return "the rule sees nothing in it"
    if not alarms:
        return f"what the rule sees is suppressed as {seen[0].suppressed}"
    if example.secret is not None and all(s.secret.reveal() != example.secret for s in alarms):
        return "the rule sees another secret"
    for name, value in example.context.items():
        if all(s.context.get(name) != value for s in alarms):
            return f"{name} is {alarms[0].context.get(name)!r}, not {value!r}"
    return ""
