"""Messages as Slack exports them: an array a channel and day. Numbers alone leave here."""

from __future__ import annotations

import json
import re
from typing import Final

from tidegate.inspectors.messages.tally import Tally, seconds

_USER: Final = re.compile(rb'"id"\s{0,8}:\s{0,8}"([UW][A-Z0-9]{5,20})"')
_EVENTS: Final = frozenset(
    (
        "channel_join",
        "channel_leave",
        "channel_topic",
        "channel_purpose",
        "channel_name",
        "channel_archive",
        "channel_unarchive",
        "group_join",
        "group_leave",
        "group_topic",
        "pinned_item",
        "bot_add",
        "bot_remove",
    )
)


def people_in(text: bytes) -> int:
    """Return how many people a `users.json` lists."""
    return len({found[1] for found in _USER.finditer(text)})


def count_day(text: bytes, tally: Tally) -> bool:
    """Take in one channel and day; `False` when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, list):
        return False
    for each in found:
        if not isinstance(each, dict) or each.get("type") != "message":
            continue
        if each.get("subtype") in _EVENTS:
            tally.events += 1
            continue
        tally.messages += 1
        tally.person(str(each.get("user") or each.get("bot_id") or "")[:80])
        try:
            tally.at(seconds(float(str(each.get("ts"))[:40])))
        except (ValueError, OverflowError):
            continue
    return True
