"""PMML: models as XML. What evaluates it may call functions by name; what reads it may resolve entities.

Source: dmg.org/pmml/v4-4-1/Functions.html; jpmml-evaluator, "user-defined functions".
"""

from __future__ import annotations

import re

from tidegate.inspectors.models import _xml
from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_CODE = re.compile(
    r"java\.lang\.|Runtime\.getRuntime|ProcessBuilder|ScriptEngine|<script|os\.system|subprocess|__import__"
    r"|eval\(|exec\(|system\(|powershell|/bin/(?:ba)?sh|cmd\.exe",
    re.IGNORECASE,
)
JPMML = "JPMML with the named class on its class path"


class Pmml:
    """Reads the whole XML."""

    id = "pmml"
    order = 61

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        return _xml.opens_with(head, "PMML")

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)

        def begin(element: str, attributes: dict[str, str], offset: int) -> None:
            function = attributes.get("function", "") if element == "Apply" else ""
            if "." in function:
                summary = f"evaluating calls the class {quoted(function)}"
                notes.unlisted("function", summary, name=function, offset=offset, loader=JPMML)
            for value in attributes.values() if element == "Extension" else ():
                content(value)

        def content(text: str) -> None:
            found = _CODE.search(text)
            if found:
                notes.unlisted("code_text", f"a text of the model holds {quoted(found.group())}")

        with notes.reading():
            _xml.walk(data, notes, begin, content)
        return notes.done()


PLUGIN = Pmml()
