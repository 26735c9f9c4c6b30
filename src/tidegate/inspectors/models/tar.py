"""Tar archives, and the model files that are one."""

from __future__ import annotations

from tidegate.inspectors.containers.contents import judge_archive
from tidegate.inspectors.containers.tar_archive import TarArchive, is_header
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement


class Tar:
    """Reads the header of each member, and of its content only what decides."""

    id = "tar"
    order = 40
    holds_items = True

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a tar by the checksum of its first header."""
        del tail, size_bytes, name
        return is_header(head[:512])

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge what is in it."""
        del name
        return judge_archive(TarArchive(data, context.meter), context)


PLUGIN = Tar()
