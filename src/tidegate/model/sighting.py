"""One credential seen at one spot, not yet understood."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.document import Spot
from tidegate.model.secret import Secret
from tidegate.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a rule matched, after unwrapping."""

    rule: str
    """Id of the rule."""
    provider: str
    """Which decoder understands it: `azure`, `s3`, `gcs`, `other`."""
    kind: str
    """The rule's `kind`: which of the decoder's forms it is."""
    text: Secret
    """The whole match, unwrapped: a link with its query, a bare token, a key."""
    secret: Secret
    """The part of it that must not be seen and that makes it this credential, in canonical form:
    the decoded signature, the key."""
    context: Mapping[str, str] = field(default_factory=dict)
    """What the rule captured beside the secret, or what stood near and was stitched to it:
    `account`, `container`, `endpoint`, `key_id`, … None of it secret."""
    stitched: bool = False
    """Part of `context` comes from another line of the document, chosen by nearness."""
    spot: Spot
    confidence: str = "high"
    """`high`, `medium` or `low`."""
    suppressed: str | None = None
    """Why it does not alarm (a documentation constant, an ignore comment), or `None`."""
