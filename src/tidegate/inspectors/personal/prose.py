"""Personal data in text that is no table: addresses, numbers and dates that stand on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, Final

from tidegate.inspectors.personal import national
from tidegate.inspectors.personal.values import (
    is_birth_date,
    is_card,
    is_dialled,
    is_email,
    is_iban,
    is_us_ssn,
)
from tidegate.records import dataclass

_NEAR: Final = 48
"""Characters before a number in which the word must stand that says what it is."""
_CARD_WORDS: Final = re.compile(
    r"(?i)\b(?:cards?|visa|master\s?card|amex|american express|credit|debit|cc|ccn|pan|cvv|cvc|kreditkarte|"
    r"karten|carte|tarjeta|carta|cart[aã]o|payment|expir)"
)
_PHONE_WORDS: Final = re.compile(
    r"(?i)\b(?:phone|tel|telephone|mobile|cell|call|fax|contact|whatsapp|handy|telefon|mobil|rufnummer|"
    r"t[ée]l[ée]phone|m[óo]vil|celular|tel[ée]fono|telefone|cellulare)\b"
)
_BIRTH_WORDS: Final = re.compile(
    r"(?i)\b(?:born|dob|birth|geboren|geburtsdatum|n[ée]e? le|naissance|nacimiento|nascita|"
    r"nascimento|geboorte\w*)\b"
)
_PATTERNS: Final[dict[str, bytes]] = {
    "email": rb"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,120})\.[A-Za-z]{2,24}",
    "card": (
        rb"(?:^|[^0-9A-Za-z_.,+/=-])((?:[2-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{4}|3\d{3}[ -]\d{6}[ -]\d{4,5}|"
        rb"[2-6]\d{12,18}))(?:$|[^0-9A-Za-z_/=+-])"
    ),
    "iban": (
        rb"(?:^|[^0-9A-Za-z])([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)(?:$|[^0-9A-Za-z])"
    ),
    "ssn": rb"(?:^|[^0-9A-Za-z.-])(\d{3}-\d{2}-\d{4})(?:$|[^0-9A-Za-z-])",
    "phone": (
        rb"(?:^|[^0-9A-Za-z.,-])(\+[1-9]\d{0,2}[ .(-]{0,2}\d(?:[ .()/-]{0,2}\d){5,12})(?:$|[^0-9A-Za-z])"
    ),
    "local_phone": (
        rb"(?:^|[^0-9A-Za-z.,-])((?:\(0?\d{2,5}\)|0\d{2,5}|\d{3})[ ./-]{1,2}\d{2,4}[ .-]?\d{2,4}"
        rb"(?:[ .-]?\d{2,4})?)(?:$|[^0-9A-Za-z-])"
    ),
    "date": (
        rb"(?:^|[^0-9A-Za-z.-])((?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2})|"
        rb"(?:\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ,]{1,2}(?:19|20)\d\d))(?:$|[^0-9A-Za-z-])"
    ),
}
_PHONE_RE2: Final = (
    rb"(?i)\b(?:phone|tel|telephone|mobile|cell|call|fax|contact|whatsapp|handy|telefon|mobil|rufnummer|"
    rb"celular|telefone|cellulare|t\S{1,2}l\S{1,2}phone|m\S{1,2}vil|tel\S{1,2}fono)\b"
)
_BIRTH_RE2: Final = (
    rb"(?i)\b(?:born|dob|birth|geboren|geburtsdatum|naissance|nacimiento|nascita|nascimento|geboorte\w*)\b"
)
_IN_A_ROW: Final = re.compile(rb"\d[ -]{1,4}$")
_ROW_GOES_ON: Final = re.compile(rb"[ -]{1,4}\d{4}(?!\d)")
"""Numbers in a row of numbers: a table of figures."""
_MOST: Final = 20_000
"""Hits of one kind in one text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One value at one place, in memory only."""

    meaning: str
    """`email`, `card`, `iban`, `national`, `phone`, `birth`."""
    start: int
    end: int
    value: str
    sure: bool = True
    """A word or a form besides its digits says what it is."""

    def __repr__(self) -> str:
        return f"Hit({self.meaning}, {self.start}-{self.end})"


def _compiled(pattern: bytes, *, latin: bool = True) -> Any:
    import re2  # noqa: PLC0415 - late, as it is needed

    options = re2.Options()
    if latin:
        options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(pattern, options)


@cache
def _regexes() -> dict[str, Any]:
    return {key: _compiled(pattern) for key, pattern in _PATTERNS.items()}


@cache
def _hints() -> tuple[Any, Any, Any]:
    """Return what shows that a text speaks of telephones, of births, of national ids."""
    return _compiled(_PHONE_RE2), _compiled(_BIRTH_RE2), _compiled(national.ANY_WORD.encode(), latin=False)


def find(text: bytes) -> Iterator[Hit]:
    """Yield what looks like personal data, each place once; numbers only where digits agree."""
    for key, regex in _regexes().items():
        if key in {"local_phone", "date"} and not _worth(text, key):
            continue
        group = 0 if key == "email" else 1
        for count, found in enumerate(regex.finditer(text)):
            if count >= _MOST:
                break
            start, end = found.span(group)
            hit = _judge(key, text, start, end)
            if hit is not None:
                yield hit
    yield from _national(text)


def _worth(text: bytes, key: str) -> bool:
    phone, birth, _ = _hints()
    return (birth if key == "date" else phone).search(text) is not None


def _judge(key: str, text: bytes, start: int, end: int) -> Hit | None:
    value = text[start:end].decode("latin-1")
    if key == "email":
        value = value.rstrip(".")
        return Hit("email", start, start + len(value), value) if is_email(value) else None
    if key == "card":
        if (
            not is_card(value)
            or _IN_A_ROW.search(text[max(0, start - 6) : start])
            or _ROW_GOES_ON.match(text, end)
        ):
            return None
        sure = " " in value or "-" in value or _before(text, start, _CARD_WORDS)
        return Hit("card", start, end, value, sure=sure)
    if key == "iban":
        # The greedy form may have taken the next word with it.
        for cut in (value, value.rpartition(" ")[0]):
            if cut and is_iban(cut):
                return Hit("iban", start, start + len(cut), cut.replace(" ", ""))
        return None
    if key == "ssn":
        return (
            Hit("national", start, end, value, sure=_before(text, start, _SSN_WORDS))
            if is_us_ssn(value)
            else None
        )
    if key == "phone":
        return Hit("phone", start, end, value) if is_dialled(value) else None
    if key == "local_phone":
        digits = sum(c.isdigit() for c in value)
        return (
            Hit("phone", start, end, value)
            if 8 <= digits <= 13 and _before(text, start, _PHONE_WORDS)
            else None
        )
    return (
        Hit("birth", start, end, value)
        if _before(text, start, _BIRTH_WORDS) and is_birth_date(value)
        else None
    )


_SSN_WORDS: Final = re.compile(r"(?i)social\s?security|\bssn\b|\bss#")


def _before(text: bytes, start: int, words: re.Pattern[str]) -> bool:
    return words.search(text[max(0, start - _NEAR) : start].decode("latin-1")) is not None


def _national(text: bytes) -> Iterator[Hit]:
    """Seek words of countries first, and only behind them their numbers."""
    taken = 0
    for count, found in enumerate(_hints()[2].finditer(text)):
        if count >= _MOST:
            break
        word = national.CONTEXT.fullmatch(found.group(0).decode("utf-8", "replace"))
        if word is None:
            continue
        if _COMMON.fullmatch(word.group()) and not _SETTING.match(text, found.end()):
            # An English word, or the name of a function, unless it is written as an abbreviation or a name.
            continue
        names = national.names_of(word)
        begin = max(found.end(), taken)
        window = text[begin : found.end() + _NEAR + 24].decode("latin-1")
        for number in islice(national.NUMBER.finditer(window), 3):
            if number.start() > _NEAR or "\n\n" in window[: number.start()]:
                break
            value = _cut(number.group(), names)
            if value is not None:
                taken = begin + number.start() + len(value)
                yield Hit("national", begin + number.start(), taken, value)
                break


_COMMON: Final = re.compile(r"run|rut|sin|nie|ird|nik|rfc|nif|nir|bsn|avs|oib|cnp|pan|Run|Rut|Sin|Nie|Pan")
_SETTING: Final = re.compile(rb"[\"']?[ \t]{0,4}[:=]")


def _cut(value: str, names: tuple[str, ...]) -> str | None:
    """Return the beginning of a run of digits and letters that is valid, the longest that is."""
    ends = [len(value), *(found.start() for found in reversed(list(re.finditer(r"[ .\-/+]", value))))]
    return next((value[:end] for end in ends if national.valid(value[:end], names)), None)
