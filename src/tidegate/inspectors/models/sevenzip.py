"""7z archives: no loader opens one, but models are handed around in them, and hidden (nullifAI)."""

from __future__ import annotations

from tidegate.inspectors.containers.contents import judge_archive
from tidegate.inspectors.containers.sevenzip_archive import MAGIC, SevenZipArchive
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class SevenZip:
    """Unpacks each folder once, forward."""

    id = "7z"
    order = 30
    holds_items = True

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a 7z by its first bytes."""
        del tail, size_bytes, name
        return head.startswith(MAGIC)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge what is in it."""
        del name
        archive = SevenZipArchive(data, context.meter)
        try:
            return judge_archive(archive, context)
        finally:
            archive.close()


PLUGIN = SevenZip()
