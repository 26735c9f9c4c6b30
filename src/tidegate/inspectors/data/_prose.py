"""Texts in which nothing can be that is worth telling: asked of the many members of a large archive.

A text is dull only if no kind of data but `text` claims it, nor any model format: that is a law
(`tests/property/test_dull_text_laws.py`). To tell costs a tenth of asking them all.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from tidegate.inspectors.data._text import plain
from tidegate.inspectors.models._protobuf import outline
from tidegate.inspectors.pickles.claim import is_pickle

_NAMES: Final = re.compile(r"(?i)(?:\A|/)(?!.*(?:history|env))[^/]*\.(?:txt|md)\Z")
"""Under other names a text is more: a table, a program, settings."""
_PROSE: Final = re.compile(rb"[A-Za-z]{1,20}[ ,.][A-Za-z0-9 \r\n.,;:'\"!?()/&+*\x80-\xff-]*")
"""What prose is made of: no brackets of programs, no signs of assignment, nothing that addresses have."""
_MARKS: Final = (
    r"(?im)\A(?:A\s|[IWEF]\d{4} |GGUF|CBM1|binf|bs64|PK|BM|II|MM|P[1-7]\s)|-----|://"
    r"|^[^\s:]{1,60}[ \t]*:|\d:\d\d|^[ \d]{6}|ssh-|ecdsa-|AGE-|PuTTY|AKIA|ASIA|KeePass"
    r"|passw|passphrase|kennwort|mot de passe|contrase|secret|token|login|credential|machine|remote "
    r"|clusters|tenant|serial|auths|kty|private.key|full address|dump|trace|debug|info|notice|warn"
    r"|error|fatal|critical|create |insert |copy |pragma|^from |begin|certificate|public.key"
    r"|^(?:import|package|using|def|class|pub|fn|func|function|const|namespace|use|module|cdef|cpdef|type) "
    r"|[A-Za-z0-9+/]{60}|:5432:|:\*:|:::|winscp|\* username"
)
_FIELDS: Final = b"Br"
"""Letters that are the first field of a model in protobuf, whatever its name: ONNX's 8 and 14."""
_MOST_COMMAS: Final = 4
"""In the first line, which else may be the header of a table."""
_MOST_LINES: Final = 15
"""More may be commands, line after line."""


def is_dull(text: bytes, name: str) -> bool:
    """Tell whether a text, all of it, is dull. `False` says nothing."""
    if not _NAMES.search(name) or not _PROSE.fullmatch(text) or text.count(b"\n") > _MOST_LINES:
        return False
    first = text.partition(b"\n")[0]
    if first.count(b",") + first.count(b";") > _MOST_COMMAS or _marks().search(text) is not None:
        return False
    if plain(text) is None or (text[0] in _FIELDS and outline(text, len(text))):
        return False
    return not is_pickle(text, len(text), name)


@cache
def _marks() -> Any:
    import re2  # noqa: PLC0415 - a shared library

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(_MARKS.encode(), options)
