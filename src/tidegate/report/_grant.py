"""What a grant permits, laid out for a terminal; shared by the text report and `tidegate decode`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tidegate.assess import words
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._time import lifetime_words
from tidegate.report import _words
from tidegate.report._terminal import Paper, columns, table

LABEL = 10
"""Columns of the label before each block of lines."""

NAME = 12
"""Columns for the name of a service; ours are short, a hostile one may be anything."""

_ACRONYMS = {"sas": "SAS", "url": "URL", "hmac": "HMAC", "oss": "OSS", "cos": "COS", "b2": "B2", "id": "ID"}

_NAMES = {
    ("azure", "entra_secret"): "Microsoft Entra client secret",
    ("azure", "service_bus"): "Azure messaging key",
    ("azure", "logic_apps"): "Azure Logic Apps link",
    ("azure", "anonymous"): "Address of Azure storage",
    ("aws", "anonymous"): "Address of an S3 bucket",
    ("gcp", "user_credentials"): "Google Cloud sign-in of a person",
    ("gcp", "anonymous"): "Address of a Google Cloud Storage bucket",
}
"""Where provider and kind together are not what people say."""
_SELLERS = {
    "huggingface": "Hugging Face",
    "b2": "Backblaze B2",
    "oss": "Alibaba Cloud OSS",
    "cos": "Tencent Cloud COS",
}
"""A service of no large cloud -> whose it is."""

_SCOPES = {
    Scope.ACCOUNT: "the whole account",
    Scope.CONTAINER: "the container",
    Scope.DIRECTORY: "the directory",
    Scope.OBJECT: "one object:",
    Scope.UNKNOWN: "not said what:",
}


def block(paper: Paper, label: str, text: str, *, sign: str = "", style: str = "") -> list[str]:
    """Wrap clean text beside its label; without a label it continues the block above."""
    head = paper.paint(paper.pad(f" {label}", LABEL), "faint")
    return paper.wrap(text, first=head + sign, rest=" " * (LABEL + columns(sign)), style=style)


def entries(paper: Paper, label: str, texts: tuple[str, ...]) -> Iterator[str]:
    """Write a list beside its label, with bullets. The texts are raw."""
    for number, text in enumerate(texts):
        sign = f"{paper.signs.bullet} "
        yield from block(paper, "" if number else label, paper.clean(text), sign=sign)


def name(grant: Grant) -> str:
    """Name the kind of credential as people write it (raw): `Azure account SAS`."""
    known = _NAMES.get((grant.provider, grant.kind))
    if known:
        return known
    kind = " ".join(_ACRONYMS.get(word, word) for word in grant.kind.split("_"))
    service = grant.services[0] if grant.services else ""
    if grant.provider != "other" or not service:
        return f"{_words.provider(grant)} {kind}".removeprefix("other ")
    # Whose an S3-compatible store is its address tells; a share service is called by its name already.
    seller = (
        grant.facts.get("service", "S3-compatible") if service == "s3" else _SELLERS.get(service, service)
    )
    return f"{seller} {kind}"


def facts(paper: Paper, grant: Grant, now: datetime, *, always_matrix: bool = False) -> Iterator[str]:
    """Write what is opened, what may be done, until when, from where, and how it is ended.

    The matrix is shown where services differ; where they do not, words say the same in one line.
    """
    yield from block(paper, "opens", paper.clean(opens(grant)))
    may = ", ".join(_named(grant.permissions)) or "not known"
    if Permission.MINT in grant.permissions and not always_matrix:
        may = "everything, and make further links"
    yield from block(paper, "may", paper.clean(may))
    rows = {tuple(row.items()) for _, row in words.matrix_rows(grant) if any(row.values())}
    if always_matrix or len(rows) > 1:
        yield from matrix(paper, grant)
    yield from block(paper, "ends", paper.clean(lifetime(grant, now)))
    yield from block(paper, "usable", paper.clean(limits(grant)))
    if grant.signer:
        yield from block(paper, "signer", paper.clean(grant.signer))
    yield from block(paper, "revoke", paper.clean(grant.revocation.means))
    yield from block(paper, "costs", paper.clean(grant.revocation.collateral))


_NO_STORAGE = ("private_key", "access_key_id", "logic_apps", "service_bus")
_NAMELESS = ("access_key", "access_key_id", "application_key", "hmac_key")


def opens(grant: Grant) -> str:
    """Say what the grant opens and in which services (raw)."""
    services = f" ({', '.join(grant.services)})" if grant.services else ""
    # A key of S3 or an HMAC key does not tell its account: what stands there is its own id.
    of_key = grant.scope is Scope.ACCOUNT and grant.kind in _NAMELESS
    scope, subject = _SCOPES[grant.scope], _words.subject(grant)
    if grant.kind in _NO_STORAGE:
        return "no storage by itself"
    if grant.kind == "entra_secret":
        return f"what the application {grant.account or 'that it belongs to'} may open"
    if grant.scope is Scope.CONTAINER:
        scope = f"the {words.container_word(grant)}"
    if grant.scope is Scope.ACCOUNT and subject == _words.UNNAMED:
        return f"the whole of an account that is not named{services}"
    # A bucket's name says nothing outside of the large clouds: every MinIO may have one of that name.
    elsewhere = grant.provider == "other" and _elsewhere(grant, subject)
    elsewhere = elsewhere or (words.behind_a_domain(grant) and subject != grant.endpoint)
    at = f" at {grant.endpoint}" if elsewhere else ""
    return f"{scope} {'of the key ' if of_key else ''}{subject}{at}{services}"


def _elsewhere(grant: Grant, subject: str) -> bool:
    return "s3" in grant.services and grant.endpoint is not None and grant.endpoint not in subject


def lifetime(grant: Grant, now: datetime) -> str:
    """Say when it ends and from when it holds (raw)."""
    text = _words.ends(grant, now)
    if grant.validity is Validity.NOT_YET_VALID and grant.starts_at:
        return f"{text}; not before {words.day(grant.starts_at)}"
    if not grant.starts_at:
        return text
    whole = f", {lifetime_words(grant.starts_at, grant.expires_at)} in all" if grant.expires_at else ""
    return f"{text}; since {words.day(grant.starts_at)}{whole}"


def limits(grant: Grant) -> str:
    """Say what narrows its use: protocol, addresses, policy (raw)."""
    parts = []
    if grant.protocols:
        parts.append(f"over {' or '.join(grant.protocols)}")
    parts.append(f"from {grant.ip_range} only" if grant.ip_range else "from any address")
    if grant.policy:
        parts.append(f"by the stored policy {grant.policy}")
    return ", ".join(parts)


def _named(permissions: tuple[Permission, ...]) -> tuple[str, ...]:
    return tuple(permission.replace("_", " ") for permission in permissions)


def matrix(paper: Paper, grant: Grant) -> Iterator[str]:
    """Write what can be done where: a service a line, or on a narrow terminal an action a line."""
    rows = words.matrix_rows(grant)
    # A column of what cannot be read only where there is something that cannot be read.
    actions = [each for each in words.ACTIONS if each != "unknown" or any(row.get(each) for _, row in rows)]
    named = [(paper.shorten(paper.clean(service), NAME), row) for service, row in rows]
    across = [[name, *(_mark(paper, each, row.get(each, False)) for each in actions)] for name, row in named]
    down = [[each, *(_mark(paper, name, row.get(each, False)) for name, row in named)] for each in actions]
    for cells in ([["", *actions], *across], [["", *(name for name, _ in named)], *down]):
        lines = ["".join(line).rstrip() for line in table(cells)]
        wide = max(map(columns, lines))
        if rows and wide < paper.width:
            indent = " " * min(LABEL, paper.width - wide)
            yield paper.paint(indent + lines[0], "faint")
            yield from (indent + line for line in lines[1:])
            return


def _mark(paper: Paper, head: str, permitted: bool) -> str:
    """Put the sign under the middle of the column's head."""
    sign = paper.paint(paper.signs.yes, "bold") if permitted else paper.paint(paper.signs.no, "faint")
    return " " * ((columns(head) - 1) // 2) + sign
