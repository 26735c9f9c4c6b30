"""What to write to whom when the credential is somebody else's. Pure: nothing is looked up, nothing is sent.

A finder stops at what is public: Tidegate does not try such a credential, and the letter says so. The secret is
left out: the owner finds it at the place that is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from tidegate.assess.words import day, many, sentence
from tidegate.close.record import published_at
from tidegate.model.finding import Finding
from tidegate.model.place import Place
from tidegate.report._escape import safe

REMINDERS = (timedelta(hours=24), timedelta(hours=72), timedelta(days=7))
MAX_PLACES = 10

_HOSTED = re.compile(
    r"(?:https?://|ssh://|git@|git://)(?:[^@/\s]+@)?(github\.com|gitlab\.com|bitbucket\.org|huggingface\.co)"
    r"[/:]((?:datasets/|spaces/)?[\w.-]{1,100}/[\w.-]{1,100}?)(?:\.git)?/?$",
    re.IGNORECASE,
)

_RESPONSE = {
    "azure": (
        "Microsoft: flaws in its own products and services go to MSRC, https://msrc.microsoft.com/report; "
        "abuse of a customer's account to its CERT by the abuse form named there. MSRC cannot end a customer's link."
    ),
    "aws": (
        "Amazon: concerns about AWS itself go to aws-security@amazon.com; abuse of a customer's account to AWS "
        "Trust & Safety, trustandsafety@support.aws.com. Amazon quarantines some exposed access keys, not links."
    ),
    "gcp": (
        "Google: flaws in Google Cloud itself go to https://bughunters.google.com; abuse of a customer's project "
        "by the form that Google Cloud's help names for abuse reports."
    ),
}
"""Source: the pages named, and aws.amazon.com/security/vulnerability-reporting; as of November 2026."""


def disclosure(finding: Finding, now: datetime, *, finder: str = "") -> str:
    """Return whom to write to, in which order, and the letter. Plain text; every text from outside is made safe."""
    return "".join(f"{line}\n" for line in _lines(finding, now, finder))


def _lines(finding: Finding, now: datetime, finder: str) -> Iterator[str]:
    yield f"DISCLOSURE OF {finding.id}"
    yield ""
    yield "Before you write: do not try the link, do not pass it on, and open no public issue about it."
    yield ""
    yield "Whom to write to, the first that answers:"
    yield ""
    for number, line in enumerate(_contacts(finding), 1):
        yield f" {number}. {line}"
    yield ""
    yield "Ask again, and then go on to the next, when nobody answered after:"
    yield ""
    for after in REMINDERS:
        yield f"   {_hours(after)}  {(now + after):%Y-%m-%d %H:%M} UTC"
    yield ""
    yield "Write down when you wrote to whom, and what was answered."
    yield ""
    yield "-" * 72
    yield from _letter(finding, now, finder)
    yield "-" * 72


def _contacts(finding: Finding) -> Iterator[str]:
    hosts = dict.fromkeys(
        (match[1].lower(), match[2])
        for place in finding.occurrences
        if (match := _HOSTED.search(place.target))
    )
    for host, path in list(hosts)[:3]:
        if host == "github.com":
            yield (
                f"The repository's private reporting, where its owners have switched it on: "
                f"https://github.com/{path}/security/advisories/new"
            )
        elif host == "gitlab.com":
            yield f"A confidential issue: https://gitlab.com/{path}/-/issues/new, with its confidential box ticked"
        else:
            yield f"The owner named at https://{host}/{path}"
    if not hosts:
        yield "Private reporting of whoever hosts the text (on GitHub: Security, Report a vulnerability), and SECURITY.md"
    authors = dict.fromkeys(place.author for place in finding.occurrences if place.author)
    if authors:
        yield (
            "The author of the commit, if the address is one that is read: "
            + ", ".join(safe(each)[:120] for each in list(authors)[:3])
        )
    yield (
        "The contact in https://DOMAIN-OF-THE-OWNER/.well-known/security.txt (RFC 9116): use it only before the date "
        "in its Expires line"
    )
    yield _RESPONSE.get(
        finding.grant.provider, "The service that holds the data: its security or abuse contact"
    )
    yield "The national CERT of the owner's country: https://www.first.org/members/teams/"


def _letter(finding: Finding, now: datetime, finder: str) -> Iterator[str]:
    grant = finding.grant
    secret = grant.kind != "anonymous"
    owner = safe(grant.account or grant.container or "your storage")[:80]
    yield f"Subject: {f'a credential for {owner} is public' if secret else f'{owner} is open to anybody'}"
    yield ""
    yield "Hello,"
    yield ""
    if secret:
        yield f"a credential of yours can be read by anybody: {safe(finding.title)}."
    else:
        yield f"storage of yours {'is' if finding.reach is not None else 'may be'} open to anybody: {owner}."
    yield ""
    yield "Where it stands:" if secret else "Where its address stands:"
    for where in dict.fromkeys(map(_where, finding.occurrences[:MAX_PLACES])):
        yield f"  - {where}"
    if finding.occurrences_total > MAX_PLACES:
        yield f"  - and {finding.occurrences_total - MAX_PLACES:,} more"
    first = published_at(finding)
    if first is not None:
        yield f"It has been there since {first:%Y-%m-%d}, by the date of the commit."
    yield ""
    yield "What it says it permits, read from its text:" if secret else "What it opens:"
    yield f"  {safe(sentence(grant, now, None if secret else finding.reach))}"
    if grant.expires_at is not None:
        yield f"  It ends by itself on {day(grant.expires_at)}."
    yield f"  {'Without its secret part it reads' if secret else 'Its address'}: {safe(finding.redacted)}"
    yield ""
    yield "How to end it:"
    yield f"  {safe(grant.revocation.means)}"
    yield f"  What else that ends: {safe(grant.revocation.collateral)}"
    if secret:
        yield "  Taking it out of the text is not enough: every clone and copy keeps it. End it first, then clean up."
    yield "  Then look into the logs of the service for who used it."
    yield ""
    yield "What was done, and what was not:"
    if finding.reach is None:
        yield "  It was found by an automatic search of public text and read offline. It was not tried: no request"
        yield "  was made with it, nothing was listed, read, changed or kept."
    else:
        tried = "; ".join(
            f"{each.asked}: {each.status or 'no answer'}" for each in finding.reach.answers[:10]
        )
        yield f"  On {finding.reach.checked_at:%Y-%m-%d %H:%M} UTC it was asked, only to read: {safe(tried)}."
        if finding.contents is not None:
            listed, read = many(finding.contents.items, "item"), many(finding.contents.items_read, "item")
            yield f"  Names and sizes of {listed} were listed, {read} looked into. Nothing was changed."
    if secret:
        yield "  The credential is left out of this letter on purpose, and has not been passed on."
    yield ""
    yield f"For reference: {finding.id}, fingerprint {finding.fingerprint}."
    yield ""
    yield "Please tell me when it is ended."
    yield ""
    yield safe(finder) or "YOUR NAME, AND HOW TO REACH YOU"


def _where(place: Place) -> str:
    commit = f", commit {place.commit[:12]}" if place.commit else ""
    target = "" if place.target.endswith(place.path) else f"{place.target}: "
    return safe(f"{target}{place.path}:{place.line}{commit}")


def _hours(after: timedelta) -> str:
    hours = round(after / timedelta(hours=1))
    return f"{hours} hours" if hours < 168 else f"{hours // 24} days"
