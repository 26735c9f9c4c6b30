"""Numbers that states give to people, by country: its word, its form, its check digits.

A check digit alone proves nothing across countries: of 244 validators at least one takes a random number of
8 to 14 digits almost always (measured: with probability 0.96 and more). So a country's validator is asked
only where a word of that country stands before the number or over the column.
The validators are those of python-stdnum, imported one by one.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from typing import Final

from tidegate.inspectors.personal.values import is_us_ssn

_BY_WORD: Final[tuple[tuple[str, str], ...]] = (
    (r"social[\s_-]?security|\bssn\b|\bss#", "us.ssn"),
    (r"\bitin\b|taxpayer[\s_-]?identification", "us.itin"),
    (r"national[\s_-]?insurance|\bnino\b|\bni[\s_-]?number", "nino"),
    (r"\bnhs\b", "gb.nhs"),
    (r"steuer[\s_-]?(?:id|identifikations)|\bidnr\b|tax[\s_-]?id[\s_-]?germany", "de.idnr"),
    (r"s[ée]curit[ée][\s_-]?sociale|\bnir\b|\bnum[ée]ro[\s_-]?s[ée]cu", "fr.nir"),
    (r"\bdni\b|\bnie\b|\bnif\b", "es.dni es.nie es.nif pt.nif"),
    (r"codice[\s_-]?fiscale", "it.codicefiscale"),
    (r"\bbsn\b|burgerservice|sofinummer", "nl.bsn"),
    (r"rijksregister|registre[\s_-]?national|\bnational[\s_-]?register", "be.nn"),
    (r"\bpesel\b", "pl.pesel"),
    (r"personnummer|personal[\s_-]?identity[\s_-]?number", "se.personnummer no.fodselsnummer"),
    (r"f[øo]dselsnummer", "no.fodselsnummer"),
    (r"\bcpr\b|cpr-?nummer", "dk.cpr"),
    (r"\bhetu\b|henkil[öo]tunnus", "fi.hetu"),
    (r"isikukood", "ee.ik"),
    (r"asmens[\s_-]?kod", "lt.asmens"),
    (r"personas[\s_-]?kod", "lv.pvn"),
    (r"rodn[ée][\s_-]?[čc][íi]slo", "cz.rc"),
    (r"\bcnp\b|cod[\s_-]?numeric[\s_-]?personal", "ro.cnp"),
    (r"\begn\b|\bегн\b", "bg.egn"),
    (r"\boib\b", "hr.oib"),
    (r"\bemso\b|\bemšo\b", "si.emso"),
    (r"\bamka\b|\bαμκα\b", "gr.amka"),
    (r"\bahv\b|\bavs\b|\b(?:ahv|avs)[\s_-]?n", "ch.ssn"),
    (r"sozialversicherung", "at.vnr ch.ssn"),
    (r"\bppsn?\b", "ie.pps"),
    (r"kennitala", "is_.kennitala"),
    (r"kimlik|\btckn\b", "tr.tckimlik"),
    (r"\bcpf\b", "br.cpf"),
    (r"\brut\b|\brun\b", "cl.rut"),
    (r"\bcuil\b|\bcuit\b", "ar.cuit"),
    (r"\bcurp\b", "mx.curp"),
    (r"\brfc\b", "mx.rfc"),
    (r"c[ée]dula", "ec.ci do.cedula"),
    (r"\baadh?aa?r\b", "in_.aadhaar"),
    (r"\bpan[\s_-]?(?:card|no|number)", "in_.pan"),
    (r"身份证|resident[\s_-]?identity|chinese[\s_-]?id", "cn.ric"),
    (r"주민등록|\brrn\b", "kr.rrn"),
    (r"\bnik\b|\bktp\b", "id.nik"),
    (r"\bcnic\b", "pk.cnic"),
    (r"\bmykad\b|\bnric\b", "my.nric"),
    (r"\btfn\b|tax[\s_-]?file[\s_-]?number", "au.tfn"),
    (r"\bird\b", "nz.ird"),
    (r"\bsin\b|social[\s_-]?insurance", "ca.sin"),
    (r"teudat[\s_-]?zehut|israeli[\s_-]?id", "il.idnr"),
    (r"south[\s_-]?african[\s_-]?id|\bsa[\s_-]?id\b", "za.idnr"),
    (r"\bинн\b", "ru.inn"),
    (
        r"national[\s_-]?id|nationalid|\btax[\s_-]?id\b|citizen[\s_-]?id|personal[\s_-]?(?:id|number)|\bid[\s_-]?number",
        "us.ssn de.idnr it.codicefiscale es.dni fr.nir pl.pesel nl.bsn be.nn br.cpf se.personnummer "
        "in_.aadhaar",
    ),
)
"""Word, lower case -> the validators of python-stdnum that may be asked."""
CONTEXT: Final = re.compile(
    "(?i:" + "|".join(f"(?P<w{at}>{word})" for at, (word, _) in enumerate(_BY_WORD)) + ")"
)
ANY_WORD: Final = "(?i:" + "|".join(word for word, _ in _BY_WORD) + ")"
"""The same without names, for RE2 over UTF-8."""
NUMBER: Final = re.compile(r"[A-Z]{0,6}\d[0-9A-Z]{0,12}(?:[ .\-/+]{1,2}[0-9A-Z]{1,12}){0,6}", re.IGNORECASE)
_DATE: Final = re.compile(r"(?:19|20)\d\d([-/.])[01]?\d\1[0-3]?\d|[0-3]?\d([-/.])[01]?\d\2(?:19|20)\d\d")
"""Eight digits with signs between them are a day before they are a person."""
_NINO: Final = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")


@cache
def _validator(name: str) -> Callable[[str], bool]:
    if name == "us.ssn":
        return is_us_ssn
    if name == "nino":
        return lambda value: _NINO.fullmatch(value.replace(" ", "").upper()) is not None
    found: Callable[[str], bool] = importlib.import_module(f"stdnum.{name}").is_valid
    return found


def validators(word: str) -> tuple[str, ...]:
    """Return the validators that a word or the name of a column allows."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).replace("_", " ")
    found = CONTEXT.search(text)
    return names_of(found) if found else ()


def names_of(found: re.Match[str]) -> tuple[str, ...]:
    """Return the validators that a match of `CONTEXT` allows."""
    assert found.lastgroup is not None
    return tuple(_BY_WORD[int(found.lastgroup[1:])][1].split())


def valid(value: str, names: tuple[str, ...]) -> str | None:
    """Return the validator that takes the value, or `None`. Values of one repeated digit are no person's."""
    if _DATE.fullmatch(value):
        return None
    compact = re.sub(r"[ .\-/]", "", value)
    if not 7 <= len(compact) <= 20 or len(set(compact)) < 4 or compact in {"123456789", "1234567890"}:
        return None
    return next((name for name in names if _validator(name)(value)), None)
