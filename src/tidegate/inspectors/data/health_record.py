"""Records of patients as hospitals exchange them: clinical documents (CDA), FHIR, HL7, claims (X12).

Sources: HL7 CDA R2 and FHIR R5 (`Patient`, `Bundle`), HL7 2.x chapter 2 "Control", X12 837 and 835.
"""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.data._notes import judged, lower_for_a_test, nothing, plural, seen
from tidegate.inspectors.data._text import found_in, plain
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step

_READ_BYTES: Final = 8 << 20
_OVERLAP_BYTES: Final = 256
_CDA: Final = re.compile(rb"<(?:\w{1,20}:)?ClinicalDocument\b[^>]{0,2000}")
_HL7: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf)?[\s\x0b]{0,8}(?:[FB]HS\|[^\r\n]{0,2000}[\r\n]{1,2}){0,2}MSH(?:\|\^~\\{1,2}&|([^\w\s])[^\w\s]{4}\1)"
)
_X12: Final = re.compile(rb"\AISA(?P<apart>[^\w\s])(?:[^\n]{0,20}(?P=apart)){15}")
_CLAIM: Final = re.compile(rb"ST[^\w\s](?:27[0-8]|820|834|835|837)[^\w\s]")
"""Of eligibility, state of a claim, review, premium, enrolment, payment, claim."""
_FHIR: Final = re.compile(
    rb'\\{0,3}"resourceType\\{0,3}"\s{0,9}:\s{0,9}\\{0,3}"[A-Z][A-Za-z]{2,40}\\{0,3}"'
    rb'|<[A-Z][A-Za-z]{2,40}\s[^>]{0,400}"http://hl7\.org/fhir"'
)
"""Of any type: what it is about tells whether it is a record. In JSON that holds it as text, too."""
_PATIENT: Final = re.compile(rb'"resourceType\\{0,3}"\s{0,9}:\s{0,9}\\{0,3}"Patient\\{0,3}"|<Patient[\s>]')
_OF_ONE: Final = re.compile(rb'"(?:subject|patient)\\{0,3}"\s{0,9}:\s{0,9}\{|<(?:subject|patient)>')
_RECORD: Final = re.compile(
    rb'"(encounters|conditions|medications|allergies|immunizations|procedures|vital_?signs|diagnoses|lab_?results)"\s{0,9}:\s{0,9}\['
)
_BORN: Final = re.compile(rb'"(?:birth_?date|date_?of_?birth|dob)"\s{0,9}:')
_PID: Final = re.compile(rb"(?:[\r\n])PID\|")
_SUBJECT: Final = re.compile(rb"<(?:\w{1,20}:)?patientRole[\s>]")


class HealthRecord:
    """Counts patients, never reads one."""

    id = "health_record"
    order = 28

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by its root, its first segment, or the type of a resource near its start."""
        del tail, size_bytes, name
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x0b")[:1]
        if b"{%" in head or b"{{" in head:
            return False  # a template, from which records are made
        if start == b"<":
            return _CDA.search(head) is not None or (
                b"hl7.org/fhir" in head and _FHIR.search(head) is not None
            )
        if start in (b"{", b"["):
            return (b"resourceType" in head and _FHIR.search(head) is not None) or _is_record(head)
        return _HL7.match(head) is not None or (
            _X12.match(head) is not None and _CLAIM.search(head) is not None
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say what it is, and of how many."""
        head = data.read(0, 4096)
        if _HL7.match(head):
            return _told(data, name, context, "messages of a hospital (HL7)", _PID)
        if _X12.match(head):
            return _told(data, name, context, "claims of a health insurance (X12)", _CLAIM)
        if plain(head) is None:
            return nothing()
        if _CDA.search(head):
            return _told(data, name, context, "clinical document (CDA)", _SUBJECT)
        if not _FHIR.search(head):
            return _told(data, name, context, "records of patients", _BORN)
        return _told(data, name, context, "health records (FHIR)", _PATIENT, or_else=_OF_ONE)


def _is_record(head: bytes) -> bool:
    """Tell a record of no standard: a birthday, and lists of two sorts that a clinic keeps."""
    return _BORN.search(head) is not None and len({each.lower() for each in _RECORD.findall(head)}) > 1


def _told(
    data: Readable,
    name: str,
    context: Context,
    what: str,
    patient: re.Pattern[bytes],
    or_else: re.Pattern[bytes] | None = None,
) -> Judgement:
    def seen_of(pattern: re.Pattern[bytes]) -> int:
        check = context.meter.check
        return sum(1 for _ in found_in(data, pattern, check, most_bytes=_READ_BYTES, overlap=_OVERLAP_BYTES))

    patients = seen_of(patient)
    if not patients and (or_else is None or not seen_of(or_else)):
        return nothing()  # a description of the format, or what is about nobody
    whole = data.size_bytes <= _READ_BYTES
    least = "" if whole else "at least "
    words = f"{what}: {least}{plural(patients, 'patient')}" if patients else f"{what} about a patient"
    severity, words = lower_for_a_test(name, None, words)
    step = Step.WHOLE if whole else Step.SAMPLE
    note = seen("health_data", words, severity=severity, step=step, numbers={"patients": max(1, patients)})
    return judged("health_data", note)


PLUGIN = HealthRecord()
