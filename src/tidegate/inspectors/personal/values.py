"""Whether a value is what it looks like: by form, check digit and range."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

EMAIL: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,5}[A-Za-z]{2,24}"
)
_MADE_UP_HOST: Final = re.compile(
    r"@(?:[\w.-]+\.)?(?:example|test|localhost|invalid|local|domain|email|yourdomain|yourcompany|"
    r"mycompany|foo|bar|acme)(?:\.[a-z]{2,6}){0,2}$|"
    r"@(?:users\.noreply\.github|[\w-]+\.iam\.gserviceaccount|googlegroups|lists?\.[\w.-]+)\.?[a-z]*$",
    re.IGNORECASE,
)
_NO_PERSON: Final = re.compile(
    r"^(?:no-?reply|do-?not-?reply|git|root|admin|postmaster|webmaster|hostmaster|info|support|sales|security|"
    r"help|bugs?|list|test|user(?:name)?|name|you|me|foo|bar|noc|abuse|contact|mailer-daemon|www|hg|svn|ftp)@",
    re.IGNORECASE,
)
_FILE_ENDS: Final = frozenset(
    {
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "js",
        "ts",
        "css",
        "py",
        "html",
        "php",
        "json",
        "md",
        "c",
        "h",
        "service",
        "socket",
        "target",
        "timer",
        "mount",
        "whl",
        "gz",
        "zip",
    }
)
_NOT_DIGIT: Final = re.compile(r"[ .\-/()\u00a0]")
_DATE: Final = re.compile(
    r"(?:(?P<y>1[89]\d\d|20[012]\d)[-/.]?(?P<m>0?[1-9]|1[0-2])[-/.]?(?P<d>0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|[12]\d|3[01]|[A-Za-z]{3,9})[-/. ,]{1,2}"
    r"(?P<y2>(?:1[89]|20)\d\d|\d\d))(?:[T ][\d:.Z+-]*)?"
)
_ICD: Final = re.compile(r"[A-TV-Z]\d[0-9AB](?:\.[0-9A-TV-Z]{1,4})?")
_PERSON: Final = re.compile(r"[^\W\d_]['’.\-\w]{0,30}(?:[ ,]{1,2}[^\W\d_]['’.\-\w]{0,30}){0,4}")
_ISSUERS: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"3(?:0[0-5]|[689]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|"
    r"(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15}"
)
"""Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro: first digits and lengths.
Source: ISO/IEC 7812 as the networks publish their ranges."""
_TEST_CARDS: Final = re.compile(
    r"(\d)\1{11,}|4111111111111111|4242424242424242|4012888888881881|4222222222222|5555555555554444|"
    r"5105105105105100|"
    r"5200828282828210|4000056655665556|2223003122003222|378282246310005|371449635398431|378734493671000|"
    r"6011111111111117|"
    r"6011000990139424|30569309025904|38520000023237|3530111333300000|3566002020360505|"
    r"4000\d{2}0{6,}\d{1,4}|4917610000000000|"
    r"4484070000000000|6304000000000000|5019717010103742|1234567\d*"
)
"""Numbers that payment services publish for tests."""
_DOCUMENTED_IBANS: Final = frozenset(
    {
        "GB82WEST12345698765432",
        "GB29NWBK60161331926819",
        "DE89370400440532013000",
        "DE91100000000123456789",
        "FR1420041010050500013M02606",
        "FR7630006000011234567890189",
        "NL91ABNA0417164300",
        "ES9121000418450200051332",
        "IT60X0542811101000000123456",
        "CH9300762011623852957",
        "BE68539007547034",
        "AT611904300234573201",
        "NO9386011117947",
        "SE4550000000058398257466",
        "DK5000400440116243",
        "FI2112345600000785",
        "PL61109010140000071219812874",
        "IE29AIBK93115212345678",
        "PT50000201231234567890154",
        "LU280019400644750000",
        "BE71096123456769",
    }
)
_IBAN_LENGTHS: Final = {
    "AD": 24,
    "AE": 23,
    "AL": 28,
    "AT": 20,
    "AZ": 28,
    "BA": 20,
    "BE": 16,
    "BG": 22,
    "BH": 22,
    "BR": 29,
    "BY": 28,
    "CH": 21,
    "CR": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "DO": 28,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FO": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GI": 23,
    "GL": 18,
    "GR": 27,
    "GT": 28,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IQ": 23,
    "IS": 26,
    "IT": 27,
    "JO": 30,
    "KW": 30,
    "KZ": 20,
    "LB": 28,
    "LC": 32,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "LY": 25,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "MR": 27,
    "MT": 31,
    "MU": 30,
    "NL": 18,
    "NO": 15,
    "PK": 24,
    "PL": 28,
    "PS": 29,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "SA": 24,
    "SC": 31,
    "SD": 18,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "ST": 25,
    "SV": 28,
    "TL": 23,
    "TN": 24,
    "TR": 26,
    "UA": 29,
    "VA": 22,
    "VG": 24,
    "XK": 20,
}
"""Characters of an IBAN. Source: the IBAN registry that SWIFT publishes."""


def is_email(value: str) -> bool:
    """Say whether it is an address of mail, whoever's."""
    return EMAIL.fullmatch(value) is not None and value.rpartition(".")[2].lower() not in _FILE_ENDS


def is_persons_email(value: str) -> bool:
    """Say whether it can be a person's: no documentation's host, no role such as `info@`."""
    return is_email(value) and not _MADE_UP_HOST.search(value) and not _NO_PERSON.match(value)


def is_phone(value: str) -> bool:
    """Say whether it has the form of a number that a column of phone numbers holds."""
    digits = _NOT_DIGIT.sub("", value.lower().partition("ext")[0].partition("x")[0]).lstrip("+")
    return digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15 and len(set(digits)) > 2


@lru_cache(maxsize=4096)
def is_dialled(value: str) -> bool:
    """Say whether a number with its country's prefix is one that its country gives out."""
    import phonenumbers  # noqa: PLC0415 - late, as it is needed

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, None))
    except phonenumbers.NumberParseException:
        return False


def luhn(digits: str) -> bool:
    """Say whether the last digit is the check digit of the others."""
    total = 0
    for index, digit in enumerate(map(int, reversed(digits))):
        total += digit if index % 2 == 0 else digit * 2 - 9 * (digit > 4)
    return total % 10 == 0


def is_card(value: str) -> bool:
    """Say whether it is a card's number: an issuer's range and length, the check digit, no published one."""
    digits = value.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19) or len(set(digits)) < 4:
        return False
    return _ISSUERS.fullmatch(digits) is not None and luhn(digits) and not _TEST_CARDS.fullmatch(digits)


def is_iban(value: str) -> bool:
    """Say whether it is an account's number: a country, its length, the two check digits."""
    text = value.replace(" ", "").upper()
    if (
        _IBAN_LENGTHS.get(text[:2]) != len(text)
        or not text.isascii()
        or not text.isalnum()
        or not text[2:4].isdigit()
    ):
        return False
    if text in _DOCUMENTED_IBANS:
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def is_birth_date(value: str) -> bool:
    """Say whether it is a date on which somebody living can have been born."""
    found = _DATE.fullmatch(value)
    if found is None:
        return False
    year = found.group("y") or found.group("y2")
    return len(year) == 2 or 1900 <= int(year) <= 2026


def is_icd(value: str) -> bool:
    """Say whether it has the form of a code of the classification of diseases, ICD-10."""
    return _ICD.fullmatch(value) is not None


def is_name(value: str) -> bool:
    """Say whether it can be a person's name: letters alone, few words."""
    return len(value) <= 60 and _PERSON.fullmatch(value) is not None


def is_full_name(value: str) -> bool:
    """Say whether it looks like first and last name together: two to four words with capitals."""
    words = value.replace(",", " ").split()
    return (
        is_name(value)
        and 2 <= len(words) <= 4
        and all(word[:1].isupper() and not word.isupper() for word in words)
    )


def is_address(value: str) -> bool:
    """Say whether it can be where somebody lives: words, and mostly a number."""
    return (
        4 <= len(value) <= 200 and any(c.isalpha() for c in value) and "@" not in value and "://" not in value
    )


def is_us_ssn(value: str) -> bool:
    """Say whether it is in a range that was given out. It has no check digit."""
    found = re.fullmatch(r"(\d{3})[- ]?(\d{2})[- ]?(\d{4})", value)
    if found is None:
        return False
    area, group, serial = found.groups()
    digits = area + group + serial
    documented = digits in {"123456789", "078051120", "219099999", "987654321"}
    return (
        area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000" and not documented
    )


def is_document(value: str) -> bool:
    """Say whether it has the form of a passport's or licence's number."""
    return re.fullmatch(r"(?=.*\d{3})[A-Z0-9]{1,4}[- ]?[A-Z0-9]{4,14}", value.upper()) is not None


def is_money(value: str) -> bool:
    """Say whether it is an amount."""
    return re.fullmatch(r"[€$£¥]?\s?\d[\d.,' ]{2,14}\s?(?:[€$£¥]|[A-Z]{3})?", value) is not None


def is_word(value: str) -> bool:
    """Say whether it is anything at all."""
    return bool(value.strip())


CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "email": is_email,
    "phone": is_phone,
    "name": is_name,
    "weak_name": is_full_name,
    "address": is_address,
    "postcode": lambda value: 3 <= len(value) <= 10 and any(c.isdigit() for c in value),
    "birth": is_birth_date,
    "passport": is_document,
    "card": is_card,
    "iban": is_iban,
    "health": is_word,
    "income": is_money,
    "special": is_word,
}
"""Meaning of a column -> what its values must be. `national` is judged by country: see `national`."""
