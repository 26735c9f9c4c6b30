"""Raw pickles: what `pickle.load` reads from the first byte of a file on."""

from __future__ import annotations

from tidegate.inspectors.pickles.claim import HEAD_BYTES, is_pickle, is_pickle_all_the_same, may_be_pickle
from tidegate.inspectors.pickles.judge import judge_pickles
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER


class Pickle:
    """A file of one or more pickles."""

    id = "pickle"
    order = 90

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a pickle by its first opcodes; of protocols 0 and 1 only what no text looks like."""
        del tail
        return is_pickle(head, size_bytes, name) or may_be_pickle(head, size_bytes)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge all its streams; of kind `other` what a long first line hides and is no pickle after all."""
        head = data.read(0, min(HEAD_BYTES, data.size_bytes))
        if not is_pickle(head, data.size_bytes, name) and not is_pickle_all_the_same(data, name):
            return Judgement(OTHER, model=False)
        return judge_pickles(data, policy=context.policy, inside=context.inside)


PLUGIN = Pickle()
