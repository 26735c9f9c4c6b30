"""Made-up reports: one finding, thirty, thousands, and one whose every text is hostile. All names are invented."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tidegate.model.contents import Contents, Kind
from tidegate.model.finding import Finding, Severity
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity
from tidegate.model.place import Place
from tidegate.model.reach import Answer, Reach, State
from tidegate.model.report import Coverage, Gap, Report

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
P = Permission

PLANTED = "Zm9vYmFyLXBsYW50ZWQtc2VjcmV0LXZhbHVlLTEyMzQ1Njc4OTA="
"""Stands for a signature in what the commands are given; must come out nowhere."""

ACCOUNT_SAS = Grant(
    provider="azure",
    kind="account_sas",
    account="contosomodels",
    endpoint="contosomodels.blob.core.windows.net",
    scope=Scope.ACCOUNT,
    services=("blob", "file", "queue"),
    permissions=(P.READ, P.LIST, P.LIST_CONTAINERS, P.WRITE, P.CREATE, P.DELETE, P.PROCESS),
    matrix={
        "blob": (P.READ, P.LIST, P.LIST_CONTAINERS, P.WRITE, P.CREATE, P.DELETE),
        "file": (P.READ, P.LIST, P.LIST_CONTAINERS, P.WRITE, P.CREATE, P.DELETE),
        "queue": (P.READ, P.LIST_CONTAINERS, P.PROCESS),
    },
    starts_at=datetime(2020, 7, 20, tzinfo=UTC),
    expires_at=datetime(2051, 10, 6, 7, 0, tzinfo=UTC),
    protocols=("https",),
    validity=Validity.VALID,
    revocation=Revocation(
        means="Renew the account key that signed it.",
        collateral="Every other SAS signed by that key, and every program that uses the key, stops working.",
        individually=False,
    ),
    facts={"sv": "2019-12-12", "ss": "bfq", "srt": "sco", "sp": "rwdlacup", "se": "2051-10-06T07:00:00Z"},
    warnings=("It permits writing: what is downloaded from this account may have been replaced.",),
)

ACCOUNT_FINDING = Finding(
    id="tg-5f0c1a7be2d94410",
    rule="azure-sas",
    title="Azure account SAS",
    severity=Severity.CRITICAL,
    score=97,
    confidence="high",
    reasons=(
        "It opens the whole storage account, not one container or object.",
        "It permits overwriting and deleting.",
        "It holds for another 24.9 years.",
        "It can be ended only together with every other link of the same key.",
    ),
    grant=ACCOUNT_SAS,
    redacted="https://contosomodels.blob.core.windows.net/models?sv=2019-12-12&ss=bfq&srt=sco&sp=rwdlacup"
    "&se=2051-10-06T07:00:00Z&sig=[redacted]",
    fingerprint="tgf-90b1c2d3e4f5a6b7c8d9",
    occurrences=(
        Place(
            source="git",
            target="research",
            path="README.md",
            line=37,
            column=61,
            commit="3f2a9c1d0b8e7f6a5c4d3e2f1a0b9c8d7e6f5a4b",
            author="Alice Example <alice@contoso.example>",
            committed_at=datetime(2020, 7, 20, 9, 30, tzinfo=UTC),
            in_head=True,
            versions=14,
        ),
        Place(
            source="git",
            target="research",
            path="notebooks/a-rather-long-folder-name/experiments/2020/pretrained-models-download.ipynb",
            line=1204,
            column=17,
            commit="77e1c0ffee8e7f6a5c4d3e2f1a0b9c8d7e6f5a4b",
            author="Bob Beispiel <bob@contoso.example>",
            committed_at=datetime(2020, 8, 2, 9, 30, tzinfo=UTC),
            in_head=False,
            unwrapped=("json-escape",),
        ),
    ),
    occurrences_total=39,
    fix=(
        "Renew both keys of contosomodels: `az storage account keys renew --account-name contosomodels --key key1`",
        "Take the link out of README.md, and treat the history as published.",
        "Share by user-delegation SAS of days, for one container and for reading only.",
    ),
)

_OBJECT = replace(
    ACCOUNT_SAS,
    kind="presigned_url",
    provider="aws",
    account="AKIAEXAMPLEEXAMPLE00",
    container="contoso-public",
    key="weights/model.bin",
    endpoint="contoso-public.s3.amazonaws.com",
    scope=Scope.OBJECT,
    services=("s3",),
    permissions=(P.READ,),
    matrix={"s3": (P.READ,)},
    starts_at=NOW - timedelta(hours=2),
    expires_at=NOW + timedelta(hours=5),
    warnings=(),
    facts={"X-Amz-Expires": "25200"},
)

_PUBLIC = replace(
    _OBJECT,
    kind="anonymous",
    account=None,
    key=None,
    scope=Scope.CONTAINER,
    permissions=(),
    matrix={},
    starts_at=None,
    expires_at=None,
    validity=Validity.UNKNOWN,
    facts={},
)


def place(path: str, line: int = 1, **more: object) -> Place:
    """A place in a plain folder."""
    return replace(Place(source="tree", target="research", path=path, line=line, column=1), **more)


def finding(number: int, severity: Severity) -> Finding:
    """The finding number `number` of a long report."""
    base = replace(
        ACCOUNT_FINDING,
        id=f"tg-{number:016x}",
        severity=severity,
        score={"critical": 95, "high": 75, "medium": 50, "low": 20, "info": 0}[severity],
        fingerprint=f"tgf-{number:020x}",
        occurrences=(place(f"src/service_{number % 7}/config_{number}.yaml", number + 1),),
        occurrences_total=1 + number % 4,
    )
    if severity is Severity.INFO and number % 3:
        public = replace(
            _PUBLIC, container=f"contoso-data-{number}", endpoint=f"contoso-data-{number}.s3.amazonaws.com"
        )
        return replace(
            base,
            title="Address of an S3 bucket",
            rule="s3-url",
            grant=public,
            reasons=("It names a bucket.",),
        )
    if severity is Severity.INFO:
        expired = replace(_OBJECT, expires_at=NOW - timedelta(days=90), validity=Validity.EXPIRED)
        return replace(
            base,
            title="S3 presigned URL",
            rule="s3-presigned",
            grant=expired,
            reasons=("It ended 90 days ago.",),
        )
    if severity in {Severity.LOW, Severity.MEDIUM}:
        fix = (
            "Let it end, or delete the access key AKIAEXAMPLEEXAMPLE00.",
            "Take the link out of the repository.",
        )
        short = ("It opens one object.", "It permits reading only.", "It ends within 5 hours.")
        return replace(
            base, title="S3 presigned URL", rule="s3-presigned", grant=_OBJECT, reasons=short, fix=fix
        )
    return replace(base, grant=replace(ACCOUNT_SAS, account=f"contoso{number}"))


def report(findings: Iterable[Finding], **more: object) -> Report:
    """A report that looks like that of a real run."""
    whole = Report(
        version="0.1.0",
        started_at=NOW - timedelta(seconds=4, milliseconds=200),
        ended_at=NOW,
        targets=("research",),
        findings=tuple(findings),
        coverage=Coverage(documents=12_345, bytes=1_288_490_188, commits=3_210),
    )
    return replace(whole, **more)


def asked() -> Report:
    """A report of a run that asked: one link is open, one is dead, one did not answer."""
    refused = Answer(
        asked="list one container", permission=P.LIST_CONTAINERS, state=State.CLOSED, status=403,
        code="AuthenticationFailed", words="its signature does not match: the key that made it was rotated",
    )  # fmt: skip
    open_ = Reach(
        state=State.OPEN, proved=(P.READ, P.LIST, P.LIST_CONTAINERS), untried=(P.WRITE, P.CREATE, P.DELETE), checked_at=NOW,
        reason="200 to a listing of containers, to a listing of one blob, and to one byte of it",
    )  # fmt: skip
    behind = Contents(
        containers=4, items=10_000_000, bytes=38 * 10**12, complete=False,
        kinds=(
            Kind(kind="data_set", items=9_980_000, bytes=30 * 10**12),
            Kind(kind="disk_image", items=2, bytes=5 * 10**12, severity=Severity.CRITICAL),
            Kind(kind="model", items=19_998, bytes=3 * 10**12, severity=Severity.MEDIUM),
        ),
    )  # fmt: skip
    closed = Reach(
        state=State.CLOSED, checked_at=NOW, reason=f"403 {refused.code}: {refused.words}", answers=(refused,)
    )
    silent = Reach(state=State.UNKNOWN, checked_at=NOW, reason="no answer: the name does not resolve")
    return report(
        [
            replace(ACCOUNT_FINDING, reach=open_, contents=behind),
            replace(ACCOUNT_FINDING, id="tg-5f0c1a7be2d94411", reach=silent),
            replace(
                ACCOUNT_FINDING, id="tg-5f0c1a7be2d94412", severity=Severity.INFO, score=5, reach=closed,
                reasons=(f"asked on 2026-11-24, the service refuses it: {closed.reason}",),
            ),
        ],
        coverage=Coverage(documents=12_345, bytes=1_288_490_188, commits=3_210, requests=2_113, items_listed=10_000_000),
        gaps=(Gap(stage="inventory", subject="contosomodels/backups", reason="listing stopped after 2,000 pages"),),
    )  # fmt: skip


GAPS = (
    Gap(stage="source", subject="data/bomb.zip", reason="unpacks to more than 1 GiB"),
    Gap(stage="source", subject="secrets/locked.env", reason="permission denied"),
    *(
        Gap(stage="source", subject=f"object {n:040x}", reason="missing in this partial clone")
        for n in range(12)
    ),
)


def small() -> Report:
    """One critical finding, nothing left out."""
    return report([ACCOUNT_FINDING])


def thirty() -> Report:
    """Thirty findings of all severities, gaps, and muted ones."""
    kinds = [Severity.CRITICAL] * 2 + [Severity.HIGH] * 4 + [Severity.MEDIUM] * 5 + [Severity.LOW] * 7
    rest = [finding(number, kind) for number, kind in enumerate([*kinds, *[Severity.INFO] * 11], 1)]
    return report(
        [ACCOUNT_FINDING, *rest], gaps=GAPS, suppressed={"documentation constant": 3, "in the baseline": 5}
    )


def many(count: int) -> Report:
    """`count` findings, worst first."""
    order = list(reversed(Severity))
    return report(finding(number, order[number * 5 // count]) for number in range(count))


HOSTILE = (
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "a\rb\nc\x7fd\te\x85f\u2028g",
    "\u202egnp.exe\u2066",
    "zero\u200bwidth\ufeff\u00ad",
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "-2+3",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![beacon](https://evil.example/x.png)",
    "a | b | c",
    "`tick` ``ticks``",
    "::add-mask::secret",
    "##vso[task.setvariable variable=x]y",
    "@contoso/security fixes #12",
    "# heading",
    "</details><!-- x",
    "caf\udce9-not-utf-8",
    "z" + "\u0301" * 40,
    "\u4e2d\u6587\u8def\u5f84/\U0001f4a3.txt",
    "&lt;b&gt; &amp; https://evil.example www.evil.example",
)


def hostile() -> Report:
    """Every text that comes from scanned content is hostile."""
    found = []
    for number, text in enumerate(HOSTILE):
        grant = replace(
            ACCOUNT_SAS,
            account=text,
            container=text,
            key=text,
            endpoint=text,
            signer=text,
            policy=text,
            ip_range=text,
            facts={"sp": text, text: "x"},
            warnings=(text,),
            matrix={"blob": (P.READ,), text: (P.WRITE,)},
        )
        spot = place(
            text, commit=text, author=f"{text} <{text}>", committed_at=NOW, in_head=True, target=text
        )
        found.append(
            replace(
                ACCOUNT_FINDING,
                id=f"tg-{number:016x}",
                severity=list(Severity)[number % 5],
                grant=grant if number % 5 else replace(grant, kind="anonymous"),
                redacted=text,
                reasons=(text, f"It names {text}."),
                fix=(text, f"Renew the keys of {text}."),
                occurrences=(spot, replace(spot, path=f"{text}!/{text}"), replace(spot, unwrapped=(text,))),
                occurrences_total=9,
            )
        )
    gaps = tuple(Gap(stage="source", subject=text, reason=text) for text in HOSTILE)
    return report(found, gaps=gaps, targets=HOSTILE, suppressed=dict.fromkeys(HOSTILE, 1))
