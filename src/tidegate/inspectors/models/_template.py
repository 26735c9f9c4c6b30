"""Jinja templates of models: what they would reach if rendered outside a sandbox.

A chat template needs loops, conditions, plain fields and a few filters. What goes for Python's own attributes
goes for code. Source: CVE-2024-34359 (llama-cpp-python before 0.2.72); jinja.palletsprojects.com, "Sandbox".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tidegate.inspectors.models._notes import Notes, quoted
from tidegate.model.observation import Executes

LOADER = "a Jinja environment without a sandbox"
MOST_CHARACTERS = 1_000_000
"""A template beyond is not judged whole; the number is ours."""
_MOST_TOGETHER = 4_000_000
"""Characters of all templates of a file, 4 s of work."""
_BEGIN = re.compile(r"\{[{%#]")
_STRING = r"""'(?:[^'\\]|\\.)*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)"""
_TOKEN = re.compile(_STRING + r"|[(\[{]|[)\]}]|%\}", re.DOTALL)
_TEXT = re.compile(_STRING, re.DOTALL)
_DUNDER = re.compile(r"__[a-zA-Z]\w*?__")
_ATTRIBUTE = re.compile(r"\.\s*(_\w*)")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3}))")
_FRAMES = frozenset(
    """
mro gi_frame gi_code cr_frame cr_code ag_frame ag_code tb_frame f_back f_globals f_builtins f_locals f_code
func_globals func_code im_func im_class im_self
""".split()
)
"""Attributes without underscores that lead from an object to the interpreter."""
_FRAME = re.compile(r"\.\s*(" + "|".join(sorted(_FRAMES)) + r")\b")
_HELPERS = re.compile(r"(?<![\w.'\"])(cycler|joiner|lipsum|self|get_flashed_messages|url_for)\s*[.\[|(]")
"""Objects of Jinja and Flask whose functions lead to their modules."""
_STATEMENT = re.compile(r"^[-+\s]*(include|import|extends|from)\s")
_BY_NAME = re.compile(r"\|\s*attr\s*\(|\|\s*map\s*\(\s*attribute\s*=")
_CONSTANT_NAME = re.compile(
    r"(?:\|\s*attr\s*\(|\|\s*map\s*\(\s*attribute\s*=)\s*(['\"])[a-zA-Z][\w.]*\1\s*\)"
)
_SUBSCRIPT = re.compile(r"(?<=[\w)\]'])\[([^\[\]]*)\]")
_PUT_TOGETHER = re.compile(
    r"''\s*[+~%*|]|[+~*]\s*''|\.\s*(?:join|format|replace)\b|\|\s*(?:join|format|replace)\b"
)
"""A key that is made of pieces; texts are empty where this looks."""
_UNDERSCORES = re.compile(
    r"(['\"])_+\1\s*\*|(?:\*|\bset\s+\w+\s*=)\s*(['\"])_+\2|(['\"])__+\3\s*[+~]|[+~]\s*(['\"])__+\4"
)
"""Underscores that are multiplied, joined on, or kept in a variable for later."""
_CHARACTERS = re.compile(r"%c|\{:c\}")
"""A text for characters by their numbers."""
_AROUND = re.compile(r"\b(\w+)\s*([~+])\s*\1\s*\2\s*''\s*\2\s*\1\s*\2\s*\1\b")
"""The same variable twice before and twice behind a text; texts are empty where this looks."""
_KEY = re.compile(r"[a-zA-Z]")
_CALLS = re.compile(r"(?<![\w'\"])(popen|system|eval|exec|getattr|globals|os|subprocess|builtins)\s*[.(\[]")
_COUNT = re.compile(r"range\s*\(\s*(?:\d+\s*,\s*)?(\d{8,})|\*\s*(\d{8,})|(?<=\*\*)\s*(\d{3,})")


def looks_like_template(text: str) -> bool:
    """Tell a text with Jinja's marks."""
    return ("{{" in text and "}}" in text) or ("{%" in text and "%}" in text)


def judge_template(text: str, notes: Notes, *, where: str, offset: int | None = None) -> None:
    """Note what a template would reach. where: how the sentence names it, `the chat template`."""
    notes.can_run()
    if len(text) > MOST_CHARACTERS:
        notes.incomplete(f"{where} has {len(text):,} characters, more than are looked at", offset=offset)
        text = text[:MOST_CHARACTERS]
    notes.characters += len(text)
    if notes.characters > _MOST_TOGETHER:
        notes.incomplete(f"{where} and others have more characters than are looked at", offset=offset)
        return
    code = list(_code(text))
    whole = "\n".join(code)
    texts = [_plain(found[1:-1]) for found in _TEXT.findall(whole)]
    bare = _TEXT.sub("''", whole)
    _reaches(bare, texts, notes, where, offset)
    if any(text and not text.strip("_") for text in texts):
        _by_key(whole, bare, notes, where, offset)
    for statement in code:
        found = _STATEMENT.match(statement)
        if found:
            summary = f"{where} takes in another template ({found.group(1)})"
            notes.unlisted("template_import", summary, offset=offset, loader=LOADER)
    if _COUNT.search(bare):
        notes.odd("template_loop", f"{where} repeats something ten million times or more", offset=offset)


def _code(text: str) -> Iterator[str]:
    """Yield what stands between the marks, as Jinja's lexer ends it: not in texts, not in open brackets."""
    at = 0
    while found := _BEGIN.search(text, at):
        begin = found.end()
        if found.group() == "{#":
            end = text.find("#}", begin)
            at = end + 2 if end >= 0 else len(text)
            continue
        end = _end(text, begin, "}" if found.group() == "{{" else "%")
        yield text[begin:end]
        at = end + 2


def _end(text: str, begin: int, mark: str) -> int:
    """Return where a block ends; the end of the text if it does not."""
    depth = 0
    for token in _TOKEN.finditer(text, begin):
        first = token.group()[0]
        if first in "([{":
            depth += 1
        elif not depth and first == mark and text.startswith("}", token.start() + 1):
            return token.start()
        elif first in ")]}" and depth:
            depth -= 1
    return len(text)


def _reaches(bare: str, texts: list[str], notes: Notes, where: str, offset: int | None) -> None:
    """Note attributes that lead to the interpreter, written out or put together from pieces.

    bare: the code without its texts. texts: these, with escapes resolved.
    """
    names = {*_DUNDER.findall(bare), *_ATTRIBUTE.findall(bare), *_FRAME.findall(bare)}
    for text in (*texts, "".join(texts)):
        names.update(_DUNDER.findall(text))
    names.update(text for text in texts if text in _FRAMES)
    names = {each for each in names if each.strip("_")}
    if names:
        listed = ", ".join(quoted(each) for each in sorted(names)[:5])
        summary = f"{where} reaches for {listed}: from there any code runs when it is rendered"
        notes.sink(
            "template_injection",
            summary,
            offset=offset,
            loader=LOADER,
            executes=Executes.ONLY_IF,
            payload=_CALLS.search(bare) is not None or any(_CALLS.search(text) for text in texts),
        )
        return
    if _CALLS.search(bare):
        what = _CALLS.findall(bare)[0]
        notes.unlisted("template_call", f"{where} uses {quoted(what)}", offset=offset, loader=LOADER)
    if _BY_NAME.search(bare) and len(_BY_NAME.findall(bare)) > len(_CONSTANT_NAME.findall(bare)):
        _by_name(texts, notes, where, offset)
    if any(_CHARACTERS.search(text) for text in texts) or _AROUND.search(bare):
        summary = f"{where} puts names together from single characters"
        notes.unlisted("template_attribute", summary, offset=offset, loader=LOADER)
    for helper in sorted(set(_HELPERS.findall(bare))):
        summary = f"{where} uses {quoted(helper)}, whose functions lead to the modules of Jinja"
        notes.unlisted("template_helper", summary, offset=offset, loader=LOADER)


def _by_name(texts: list[str], notes: Notes, where: str, offset: int | None) -> None:
    """Note attributes that are named by a text: harmless if all texts are plain words."""
    if any("_" in text and not text.strip("_") for text in texts) or not texts:
        summary = f"{where} takes attributes whose names it puts together"
        notes.unlisted("template_attribute", summary, offset=offset, loader=LOADER)


def _by_key(whole: str, bare: str, notes: Notes, where: str, offset: int | None) -> None:
    """Note items whose key is put together, where a text of nothing but underscores is at hand for it."""
    keys = _SUBSCRIPT.findall(bare)
    made = any(_PUT_TOGETHER.search(key) for key in keys)
    if made or (_UNDERSCORES.search(whole) and any(_KEY.search(key) for key in keys)):
        summary = f"{where} takes items whose names it puts together with underscores"
        notes.unlisted("template_attribute", summary, offset=offset, loader=LOADER)


def _plain(text: str) -> str:
    """Return a text of a template with its escapes resolved."""

    def letter(found: re.Match[str]) -> str:
        code = (
            int(next(filter(None, found.groups()[:3])), 16) if not found.group(4) else int(found.group(4), 8)
        )
        return chr(code) if code < 0x110000 else ""

    return _ESCAPE.sub(letter, text)
