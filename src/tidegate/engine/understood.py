"""Whether what a rule finds would be understood by anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tidegate import plugins
from tidegate.detect.engine import Detector
from tidegate.detect.rules import Rule
from tidegate.errors import RuleError


def check_understood(rules: Sequence[Rule], detector: Detector, now: datetime) -> None:
    """Refuse a rule of a user's whose sightings nobody would understand: they would all be lost.

    Those that come with Tidegate are tried by its tests. Raises `RuleError`.
    """
    own = [rule for rule in rules if not rule.built_in]
    decoders = plugins.load(plugins.Decoder, "tidegate.providers") if own else {}
    for rule in own:
        if rule.provider not in decoders:
            raise RuleError(f"{rule.file}: provider is {rule.provider!r}, not one of {', '.join(decoders)}")
        seen = [s for e in rule.examples for s in detector.scan_text(e.text) if s.rule == rule.id]
        if all(decoders[s.provider].decode(s, now) is None for s in seen):
            raise RuleError(
                f"{rule.file}: none of its examples is understood as kind {rule.kind!r} of {rule.provider!r}",
                hint="docs/rules.md has what is; `other` and `access_token` fit any token.",
            )
