"""Slack's export of a workspace: a zip with lists of people and channels, and one JSON a channel and day.

Source: slack.com/help/articles/220556107 (how to read Slack data exports).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from tidegate.inspectors.containers.archive import Archive, Laid, Member
from tidegate.inspectors.merge import absorb, fold
from tidegate.inspectors.messages.slack import count_day, people_in
from tidegate.inspectors.messages.tally import Tally, moment, plural, rounded, span
from tidegate.inspectors.readable import OverBudgetError
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import kind
from tidegate.model.observation import Observation, Step

_DAY: Final = re.compile(r"\A(?:.{0,200}/)?([^/]{1,200})/(\d{4}-\d\d-\d\d)\.json\Z")
_LISTS: Final = frozenset(
    (
        "users.json",
        "org_users.json",
        "channels.json",
        "groups.json",
        "dms.json",
        "mpims.json",
        "integration_logs.json",
        "canvases.json",
        "lists.json",
    )
)
_COUNTED_BYTES: Final = 16 << 20
_COUNTED_FILES: Final = 4000
"""Up to this size all days are read and counted; of more a part stands for the rest."""
_SAMPLED_FILES: Final = 96
_SAMPLED_BYTES: Final = 4 << 20
_MOST_DAY_BYTES: Final = 8 << 20
_MOST_PEOPLE_BYTES: Final = 16 << 20


class SlackExport:
    """People from `users.json`, channels and days from the names, messages from the days."""

    id = "slack_export"
    order = 60

    def fits(self, archive: Archive) -> bool:
        """Tell it by `users.json` beside a list of channels, or a day of one."""
        names = {each.base for each in archive.members if each.name.count("/") <= 1}
        if not names & {"users.json", "org_users.json"}:
            return False
        return bool(names & {"channels.json", "groups.json", "dms.json", "mpims.json"}) and any(
            _DAY.match(each.name) for each in archive.members
        )

    def judge(self, archive: Archive, context: Context) -> Laid:
        """Count it. What is not read is estimated by sizes, and said to be."""
        days: list[Member] = []
        channels: set[str] = set()
        first: datetime | None = None
        last: datetime | None = None
        lists: list[Member] = []
        for each in archive.members:
            found = _DAY.match(each.name)
            if found is not None:
                days.append(each)
                channels.add(found[1])
                when = moment(found[2])
                if when is not None:
                    first = when if first is None or when < first else first
                    last = when if last is None or when > last else last
            elif each.base in _LISTS and each.name.count("/") <= 1:
                lists.append(each)
        people = self._people(archive, lists)
        tally = Tally()
        total = sum(each.size_bytes for each in days)
        texts = Judgement(self.id, model=False)
        read_files, read_bytes = self._count(archive, days, total, tally, context, texts)
        whole = read_files == len(days)
        messages = tally.messages
        numbers = {"channels": len(channels), "days": len(days)}
        if people:
            numbers["people"] = people
        if whole:
            numbers["messages"] = messages
            said = plural(messages, "message")
        elif read_bytes:
            about = rounded(messages * total // read_bytes)
            numbers["messages_estimated"] = about
            of = f"{read_files:,} of {len(days):,} days"
            said = f"about {about:,} messages (estimated from {of} and the sizes)"
        else:
            said = "messages that were not counted"
        places = plural(len(channels), "channel or conversation", "channels and conversations")
        words = f"Slack export: {said} in {places} on {plural(len(days), 'channel-day')}"
        if people:
            words += f", {plural(people, 'person', 'people')}"
        note = Observation(
            inspector=self.id,
            kind=self.id,
            severity=kind(self.id).severity,
            summary=words + span(first, last),
            confidence="high" if whole else "medium",
            step=Step.WHOLE if whole else Step.SAMPLE,
            numbers=numbers,
            first_at=first,
            last_at=last,
        )
        judged = Judgement(self.id, model=False, observations=[note, *fold(texts.observations)])
        # The days that were not read are counted by sizes: text that no loader of models takes.
        return Laid(judged, passive={*days, *lists})

    def _people(self, archive: Archive, lists: list[Member]) -> int:
        for each in lists:
            if each.base in ("users.json", "org_users.json"):
                try:
                    with archive.open(each) as data:
                        text = data.read(0, min(each.size_bytes, _MOST_PEOPLE_BYTES))
                except OverBudgetError:
                    return 0
                return people_in(text)
        return 0

    def _count(
        self,
        archive: Archive,
        days: list[Member],
        total: int,
        tally: Tally,
        context: Context,
        texts: Judgement,
    ) -> tuple[int, int]:
        """Return how many days were counted, and their bytes. texts: gets what was seen in their texts."""
        chosen, bound = days, _COUNTED_BYTES
        if total > _COUNTED_BYTES or len(days) > _COUNTED_FILES:
            step = max(1, len(days) // _SAMPLED_FILES)
            chosen, bound = days[step // 2 :: step], _SAMPLED_BYTES
        files = read = 0
        for each in chosen:
            if each.size_bytes > _MOST_DAY_BYTES or read + each.size_bytes > bound:
                continue
            try:
                context.meter.check()
                with archive.open(each) as data:
                    text = data.read(0, min(each.size_bytes, _MOST_DAY_BYTES))
            except OverBudgetError:
                break
            if count_day(text, tally):
                files += 1
                read += each.size_bytes
                inside = Judgement(self.id, model=False, observations=context.sample(text, each.name))
                absorb(texts, inside, each.name)
        return files, read


PLUGIN = SlackExport()
