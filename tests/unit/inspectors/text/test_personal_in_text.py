"""Personal, payment and health data: by name of column and value together; counts, never values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.inspectors.personal import observe
from tidegate.inspectors.personal.columns import meaning
from tidegate.inspectors.personal.values import is_card, is_iban, luhn
from tidegate.model.observation import Observation
from tidegate.model.severity import Severity

FIRST = ["Anna", "Boris", "Chiara", "David", "Elif", "Fatima", "Goran", "Hanna"]


def card(number: int) -> str:
    body = f"411773{number:09d}"
    return next(body + str(check) for check in range(10) if luhn(body + str(check)))


def iban(number: int) -> str:
    bban = f"37040044{number:010d}"
    return f"DE{98 - int(bban + '131400') % 97:02d}{bban}"


def people(count: int) -> list[dict[str, str]]:
    return [
        {
            "first_name": FIRST[n % 8],
            "email": f"{FIRST[n % 8].lower()}.{n}@contoso-mail.de",
            "phone": f"+49 30 {1000000 + n * 37}",
            "date_of_birth": f"19{50 + n % 50}-0{1 + n % 9}-1{n % 9}",
        }
        for n in range(count)
    ]


def as_csv(rows: list[dict[str, str]], sign: str = ",") -> str:
    return "\n".join([sign.join(rows[0]), *(sign.join(row.values()) for row in rows)]) + "\n"


def kinds(found: list[Observation]) -> dict[str, Severity]:
    return {each.kind: each.severity for each in found}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (as_csv(people(60)), "crm/customers.csv"),
        (as_csv(people(60), ";"), "crm/kunden.csv"),
        ("".join(json.dumps(row) + "\n" for row in people(60)), "crm/customers.jsonl"),
        (json.dumps(people(60), indent=1), "crm/customers.json"),
        (
            "INSERT INTO `users` (`first_name`,`email`,`phone`,`date_of_birth`) VALUES "
            + ",".join("('" + "','".join(row.values()) + "')" for row in people(60))
            + ";\n",
            "dump.sql",
        ),
        (
            "COPY public.users (first_name, email, phone, date_of_birth) FROM stdin;\n"
            + "".join("\t".join(row.values()) + "\n" for row in people(60))
            + "\\.\n",
            "dump.sql",
        ),
    ],
)
def test_a_table_of_people_is_told_in_whatever_form(text: str, name: str) -> None:
    (seen,) = observe(text, name)
    assert (seen.kind, seen.severity) == ("personal_data", Severity.HIGH)
    assert seen.numbers["email_values"] == 60
    assert seen.numbers["birth_values"] > 20
    assert "contoso" not in repr(seen)
    assert "Anna" not in repr(seen)


def test_ten_cards_are_critical_and_a_few_are_high() -> None:
    def table(count: int) -> str:
        return "order,card_number\n" + "".join(f"{n},{card(n)}\n" for n in range(count))

    assert kinds(observe(table(40), "orders.csv")) == {"payment_data": Severity.CRITICAL}
    assert kinds(observe(table(7), "orders.csv")) == {"payment_data": Severity.HIGH}


def test_a_column_of_accounts_needs_no_name_over_it() -> None:
    text = "a,b\n" + "".join(f"{n},{iban(n)}\n" for n in range(30))
    assert "payment_data" in kinds(observe(text, "x.csv"))


def test_diagnoses_beside_names_are_health_data_and_without_them_a_study() -> None:
    rows = [
        {"patient_name": f"{FIRST[n % 8]} Smith", "diagnosis": f"E11.{n % 9}", "mrn": str(90000 + n)}
        for n in range(30)
    ]
    assert kinds(observe(as_csv(rows), "ward.csv"))["health_data"] is Severity.CRITICAL
    study = [{"subject": str(n), "diagnosis": f"E11.{n % 9}"} for n in range(30)]
    assert kinds(observe(as_csv(study), "study.csv")) == {"health_data": Severity.MEDIUM}


def test_a_national_id_needs_its_countrys_word_and_check_digit() -> None:
    bsns = [
        str(n)
        for n in range(111222300, 111224000)
        if sum(int(d) * f for d, f in zip(str(n), (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0
    ][:20]
    assert kinds(observe("id,bsn\n" + "".join(f"{n},{b}\n" for n, b in enumerate(bsns)), "x.csv")) == {
        "personal_data": Severity.HIGH
    }
    assert observe("id,code\n" + "".join(f"{n},{b}\n" for n, b in enumerate(bsns)), "x.csv") == []
    wrong = [str(int(b) + 1) for b in bsns]
    assert observe("id,bsn\n" + "".join(f"{n},{b}\n" for n, b in enumerate(wrong)), "x.csv") == []


def test_columns_alone_are_judged_one_lower_and_say_so() -> None:
    (seen,) = observe(b"", "people.parquet", ["first_name", "last_name", "birth_date", "zip"])
    assert (seen.severity, seen.confidence) == (Severity.MEDIUM, "medium")
    assert "by the names of its columns" in seen.summary


def test_made_up_addresses_and_test_folders_are_lowered() -> None:
    rows = [{**row, "email": f"u{n}@example.com"} for n, row in enumerate(people(60))]
    assert kinds(observe(as_csv(rows), "a.csv"))["personal_data"] is Severity.LOW
    assert kinds(observe(as_csv(people(60)), "tests/fixtures/a.csv"))["personal_data"] is Severity.LOW


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("customerEmail", "email"), ("E-Mail-Adresse", "email"), ("電話番号", "phone"), ("Geburtsdatum", "birth"),
        ("apellidos", "name"), ("numéro de carte", "card"), ("codice_fiscale", "national"), ("电子邮件", "email"),
        ("ip_address", None), ("email_template", None), ("phone_model", None), ("file_name", None), ("mac_address", None),
    ],
)  # fmt: skip
def test_names_of_columns_are_read_in_several_languages(name: str, sort: str | None) -> None:
    assert meaning(name) == sort


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "".join(
                f"2026-01-01T00:00:{n % 60:02d}Z 10.0.0.{n % 255} GET /x/{n * 7919}?t=16{n:011d} 200 {n}\n"
                for n in range(900)
            ),
            "access.log",
        ),
        ("".join(f"{n * 4111:016x} {n:032x}\n" for n in range(900)), "sums.txt"),
        ("".join(f"{4000000000000000 + n * 99991}\n" for n in range(900)), "ids.txt"),
        (
            '{"packages":{'
            + ",".join(
                f'"p{n}":{{"version":"1.{n}.0","resolved":"x@1.{n}.0","name":"p{n}"}}' for n in range(300)
            )
            + "}}",
            "package-lock.json",
        ),
        ("id,name,address\n" + "".join(f"{n},server{n},10.0.{n % 200}.1\n" for n in range(90)), "hosts.csv"),
        (
            "lat,lon,ts\n" + "".join(f"{n}.123456,{n}.654321,{1600000000 + n}\n" for n in range(90)),
            "track.csv",
        ),
    ],
)
def test_logs_hashes_ids_and_lock_files_raise_no_alarm(text: str, name: str) -> None:
    assert [each for each in observe(text, name) if each.severity.rank >= Severity.MEDIUM.rank] == []


def test_numbers_of_documentation_are_no_persons() -> None:
    assert not is_card("4111 1111 1111 1111")
    assert not is_iban("GB82 WEST 1234 5698 7654 32")
    assert is_card(card(5))
    assert is_iban(iban(5))


def test_a_letter_with_a_national_id_is_told() -> None:
    text = b"Dear Ms Smith, your social security number 219-09-1234 and your card 4117 7300 0000 0000 are on file."
    assert kinds(observe(text, "letter.txt"))["personal_data"] is Severity.MEDIUM


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=500), st.text(alphabet="a,;\t\n\"'{}[]:1@.+-<>", max_size=300).map(str.encode)
    ),
    st.one_of(st.none(), st.lists(st.text(max_size=12), max_size=5)),
)
def test_any_text_ends_in_a_list(data: bytes, columns: list[str] | None) -> None:
    assert isinstance(observe(data, "a.csv", columns), list)
