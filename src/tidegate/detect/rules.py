"""Rules: how a link or credential looks, one TOML file each.

A rule nominates with `anchors` (one pass of the multi-pattern matcher over everything), and is exact with
`pattern` (RE2, only around the anchors, after unwrapping). Its examples and counterexamples are its tests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.detect.checks import CHECKS
from tidegate.detect.expression import Expression
from tidegate.detect.stitch import ALIASES, NAMES
from tidegate.errors import RuleError
from tidegate.packing import kept
from tidegate.records import dataclass, field

if TYPE_CHECKING:
    from tidegate.detect.match import Reading

_SHORTEST = 4
"""Characters of an anchor or literal: with fewer the matcher stops everywhere."""
_FARTHEST = 1 << 16
_CONFIDENCE = ("high", "medium", "low")
_FORMAT: Final = b"tidegate-rules-1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text in which the rule must see something, and what."""

    text: str
    secret: str | None = None
    """The canonical secret, where the example wants it checked."""
    context: dict[str, str] = field(default_factory=dict)
    """Names that must have been captured or stitched, and their values."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, read and checked."""

    id: str
    """Stable for ever: people mute and count by it."""
    title: str
    provider: str
    """Which decoder understands it."""
    kind: str
    """Which of the decoder's forms it is."""
    why: str
    """What it means that this lies about, for the person who reads the finding."""
    fix: str
    references: tuple[str, ...]
    anchors: tuple[str, ...]
    """Hyperscan expressions, each with a required literal of four bytes and bounded repeats."""
    raw_anchors: tuple[str, ...]
    """Anchors that show the whole secret as it is: around them there is nothing to unwrap."""
    literals: tuple[str, ...]
    """Plain texts that are also sought in base64 and in UTF-16 and UTF-32."""
    pattern: str
    """RE2 over the unwrapped text around an anchor. The group `secret` marks what must not be seen (without
    it the rule has nothing secret, e.g. a plain URL); other named groups become `context`."""
    companion: str
    """RE2 that must also be found in the matched text; empty: nothing more is asked."""
    checks: tuple[str, ...]
    """Names of checks in `checks.py` that the secret must pass."""
    stitch: tuple[str, ...]
    """Names sought near the match when the pattern did not capture them."""
    needs: tuple[str, ...]
    """Context names without which the match is no sighting."""
    refuses: tuple[str, ...]
    """Context names whose presence makes the match no sighting: a word that calls it a hash."""
    before: int
    """Bytes before an anchor that may belong to the match."""
    after: int
    rank: int
    """Of two overlapping matches the one with the higher rank stands."""
    link: bool
    """The match as a whole is the credential, and its place is where it begins; else it is the secret's."""
    unwrap: bool
    """Whether escapes and line breaks are undone; plain URLs do without."""
    confidence: str
    limit: int
    """How many places of the same thing are kept in one text."""
    examples: tuple[Example, ...]
    counterexamples: tuple[str, ...]
    file: str
    built_in: bool = False
    """Comes with Tidegate, and is tried out there; else it is tried out before it is used."""

    @cached_property
    def regex(self) -> Expression:
        """The compiled `pattern`."""
        return Expression(self.pattern, f"{self.file}: pattern", relaxed=self.built_in)

    @cached_property
    def readings(self) -> dict[tuple[object, ...], Reading | None]:
        """What was made of matches of this rule in which nothing is secret; see `match.read`."""
        return {}

    @cached_property
    def needed(self) -> frozenset[str]:
        """The same as `needs`, to be compared with a context's names."""
        return frozenset(self.needs)

    @cached_property
    def companion_regex(self) -> Expression | None:
        """The compiled `companion`, or `None`."""
        return Expression(self.companion, f"{self.file}: companion") if self.companion else None

    @cached_property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """Named groups without `secret`: (name, index). `account_2` is another place for `account`."""
        named = self.regex.names
        return tuple(sorted((n.rstrip("_0123456789"), i) for n, i in named if not n.startswith("secret")))

    @cached_property
    def secret_groups(self) -> tuple[int, ...]:
        """Indices of `secret`, `secret_2`, …: alternatives for where the secret stands."""
        return tuple(sorted(index for name, index in self.regex.names if name.startswith("secret")))


def load_rules(extra: Sequence[Path] = (), cache_dir: Path | None = None) -> tuple[Rule, ...]:
    """Return the built-in rules and those of `extra` (TOML files or folders of them), sorted by id.

    Raises `RuleError`, naming file and key, when one is malformed or an id stands twice. The patterns of
    `extra` are compiled at once, so that none of them fails only when it is needed. cache_dir: where the
    built-in ones are kept as JSON, which is read in a fortieth of the time.
    """
    texts = {f"rules/{f.name}": f.read_bytes() for f in (Path(__file__).parent / "rules").glob("*.toml")}
    found = [_rule(table, file, built_in=True) for file, table in _tables(texts, cache_dir).items()]
    for file in _files(extra):
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as why:
            reason = why.strerror if isinstance(why, OSError) else "it is not UTF-8"
            raise RuleError(f"{file}: cannot be read: {reason}") from None
        rule = parse_rule(text, str(file))
        compile_rule(rule)
        found.append(rule)
    rules: dict[str, Rule] = {}
    for rule in found:
        if rule.id in rules:
            raise RuleError(f"{rule.file}: the id {rule.id!r} stands in {rules[rule.id].file} already")
        rules[rule.id] = rule
    return tuple(rules[i] for i in sorted(rules))


def _tables(texts: Mapping[str, bytes], cache_dir: Path | None) -> dict[str, dict[str, Any]]:
    """Return what the files hold: by file the same as TOML says."""
    digest = hashlib.sha256()
    for file, text in texts.items():
        digest.update(b"%s\0%d\0%s" % (file.encode(), len(text), text))
    name = f"rules-{digest.hexdigest()[:32]}.json"
    body = kept.read(cache_dir, name, _FORMAT)
    tables: dict[str, dict[str, Any]]
    if body is not None:
        tables = json.loads(body)
    else:
        tables = {file: _parsed(text.decode(), file) for file, text in texts.items()}
        kept.write(cache_dir, name, _FORMAT, json.dumps(tables).encode())
    return tables


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not files:
            raise RuleError(f"{path}: no file in it is called *.toml")
        yield from files


def parse_rule(text: str, file: str, *, built_in: bool = False) -> Rule:
    """Return the rule of one TOML file; `file` is for messages. Raises `RuleError`."""
    return _rule(_parsed(text, file), file, built_in=built_in)


def _parsed(text: str, file: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - 5 ms, and what was kept does without

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise RuleError(f"{file}: {why}") from None
    except RecursionError:
        raise RuleError(f"{file}: nested too deeply") from None


def _rule(data: dict[str, Any], file: str, *, built_in: bool) -> Rule:
    reader = _Reader(data, file)
    rule = Rule(
        id=reader.text("id"),
        title=reader.text("title"),
        provider=reader.text("provider"),
        kind=reader.text("kind"),
        why=reader.text("why"),
        fix=reader.text("fix"),
        references=reader.texts("references"),
        anchors=reader.texts("anchors", ()),
        raw_anchors=reader.texts("raw_anchors", ()),
        literals=reader.texts("literals", ()),
        pattern=reader.text("pattern"),
        companion=reader.text("companion", ""),
        checks=reader.texts("checks", ()),
        stitch=reader.texts("stitch", ()),
        needs=reader.texts("needs", ()),
        refuses=reader.texts("refuses", ()),
        before=reader.number("before", 2048),
        after=reader.number("after", 1536),
        rank=reader.number("rank", 50),
        link=reader.flag("link", default=False),
        unwrap=reader.flag("unwrap", default=True),
        confidence=reader.text("confidence", "high"),
        limit=reader.number("limit", 10_000),
        examples=reader.examples(),
        counterexamples=reader.texts("counterexamples"),
        file=file,
        built_in=built_in,
    )
    reader.nothing_left()
    if not rule.anchors + rule.raw_anchors:
        raise RuleError(f"{file}: there is neither anchors nor raw_anchors")
    _known(rule, "confidence", (rule.confidence,), _CONFIDENCE)
    _known(rule, "checks", rule.checks, CHECKS)
    _known(rule, "stitch", rule.stitch, NAMES)
    for key, texts in (("literals", rule.literals), ("anchors", rule.anchors)):
        short = next((each for each in texts if len(each) < _SHORTEST), None)
        if short is not None:
            raise RuleError(f"{file}: {key} has {short!r}, which is shorter than {_SHORTEST} characters")
        if not all(each.isascii() for each in texts):
            raise RuleError(f"{file}: {key} has a character beyond ASCII")
    for key in ("before", "after"):
        if not 0 <= getattr(rule, key) <= _FARTHEST:
            raise RuleError(f"{file}: {key} is not between 0 and {_FARTHEST}")
    return rule


def _known(rule: Rule, key: str, given: Iterable[str], allowed: Collection[str]) -> None:
    for each in given:
        if each not in allowed:
            raise RuleError(f"{rule.file}: {key} has {each!r}, not one of {', '.join(sorted(allowed))}")


def compile_rule(rule: Rule) -> None:
    """Compile what a rule holds. Raises `RuleError` when it does not, or when it needs what nothing fills."""
    filled = {name for name, _ in rule.groups} | {ALIASES.get(name, name) for name in rule.stitch}
    _known(rule, "needs", rule.needs, filled)
    _known(rule, "refuses", rule.refuses, filled)
    assert rule.companion_regex is not None or not rule.companion


class _Reader:
    """Takes keys out of a table and says which is wrong."""

    def __init__(self, data: dict[str, Any], file: str) -> None:
        self._data = data
        self._file = file

    def _take(self, key: str, kind: type, default: Any) -> Any:
        value = self._data.pop(key, default)
        if value is None:
            raise RuleError(f"{self._file}: {key} is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RuleError(f"{self._file}: {key} is not a {kind.__name__}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._take(key, str, default))

    def number(self, key: str, default: int) -> int:
        return int(self._take(key, int, default))

    def flag(self, key: str, *, default: bool) -> bool:
        return bool(self._take(key, bool, default))

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._take(key, list, list(default) if default is not None else None)
        if not all(isinstance(each, str) for each in value) or (default is None and not value):
            raise RuleError(f"{self._file}: {key} is not a list of at least one string")
        return tuple(value)

    def examples(self) -> tuple[Example, ...]:
        value = self._take("examples", list, None)
        made = []
        for index, each in enumerate(value):
            if isinstance(each, str):
                each = {"text": each}
            if not isinstance(each, dict) or not isinstance(each.get("text"), str):
                raise RuleError(f"{self._file}: examples[{index}] has no text")
            if not all(isinstance(value, str) for value in each.values()):
                raise RuleError(f"{self._file}: examples[{index}] has a value that is no string")
            names = {k: v for k, v in each.items() if k not in ("text", "secret")}
            made.append(Example(text=each["text"], secret=each.get("secret"), context=names))
        if not made:
            raise RuleError(f"{self._file}: examples is empty")
        return tuple(made)

    def nothing_left(self) -> None:
        if self._data:
            raise RuleError(f"{self._file}: unknown key {min(self._data)!r}")
