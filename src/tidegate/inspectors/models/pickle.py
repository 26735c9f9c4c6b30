"""Raw pickles: what `pickle.load` reads from the first byte of a file on."""

from __future__ import annotations

from tidegate.inspectors.pickles.claim import is_pickle
from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class Pickle:
    """A file of one or more pickles."""

    id = "pickle"
    order = 90

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a pickle by its first opcodes; of protocols 0 and 1 only what no text looks like."""
        del tail
        return is_pickle(head, size_bytes, name)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge all its streams."""
        del name
        return judge_pickles(data, policy=context.policy, inside=context.inside)


PLUGIN = Pickle()
