"""The end of the replay: the leaked link is ended by its key, proved dead, and a better one is made."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.api.closing import Closure
    from tidegate.close.plan import Plan
    from tidegate.close.store import Proof
    from tidegate.lab.account import Account
    from tidegate.lab.control_plane import ControlPlane
    from tidegate.model.report import Report
    from tidegate.share.ledger import Ledger

Tell = Callable[[str, str], None]
"""Prints a label and a sentence."""

MIRROR, CLUSTER = "sh-0000mirr", "sh-0000eval"
WHOSE = {MIRROR: "the weekly mirror", CLUSTER: "the evaluation cluster"}
"""Links that were shared before, as the ledger knows them: one signed by each key."""


def possible() -> bool:
    """Say whether Azure's own libraries are there, which change keys."""
    import importlib.util  # noqa: PLC0415

    try:
        return all(importlib.util.find_spec(name) for name in ("azure.identity", "azure.mgmt.storage"))
    except (ImportError, ValueError):
        return False


def show(
    report: Report,
    folder: Path,
    scope: Path,
    account: Account,
    plane: ControlPlane,
    endpoint: str,
    tell: Tell,
) -> None:
    """End the worst finding of the report, prove it, and share properly; tell each in a line."""
    from tidegate.share.ledger import open_ledger  # noqa: PLC0415 - SQLAlchemy and Alembic

    with closing(open_ledger(str(folder / "ledger.sqlite"))) as ledger, _signed_in(plane.environment()):
        mirror = _shared(ledger, account, MIRROR, 1)
        _shared(ledger, account, CLUSTER, 0)
        base = endpoint.replace("{service}", "blob").replace("{account}", account.name)
        if _close(report, folder, scope, ledger, tell):
            answer = _answers(f"{base}/models?restype=container&comp=list&{mirror}")
            tell("", f"the weekly mirror's link, signed by key2: {answer}, as before")
            if "{service}" in endpoint:
                tell("Share", "not shown: the server of our own keeps no policies; Azurite does")
                return
            _share(report, folder, scope, ledger, plane, tell)


def sign_in(folder: Path, plane: ControlPlane) -> Path:
    """Write a file for a shell that lets Azure's default chain of credentials find the control plane."""
    file = folder / "owner.sh"
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in plane.environment().items()]
    file.touch(0o600)
    file.write_text("".join(lines), encoding="utf-8")
    return file


def _close(report: Report, folder: Path, scope: Path, ledger: Ledger, tell: Tell) -> bool:
    from tidegate.api import closing as api  # noqa: PLC0415
    from tidegate.api import papers  # noqa: PLC0415
    from tidegate.api.ways import open_ways  # noqa: PLC0415
    from tidegate.close import words  # noqa: PLC0415
    from tidegate.close.plan import Way  # noqa: PLC0415
    from tidegate.close.store import Store  # noqa: PLC0415

    finding, store = report.findings[0], Store(folder / "closings")
    with open_ways(scope, audit=folder / "audit.jsonl") as ways:
        closure = api.open_case(
            finding,
            api.read_again(finding),
            others=api.known([report], ledger),
            ways=ways,
            environment=dict(os.environ),
            store=store,
        )
        plan = _told(closure, Way.NO_DOWNTIME, tell)
        if plan is None:
            return False
        api.apply(closure, plan)
        proof = api.prove(closure, plan)
        papers.write_record(finding, plan, proof, store, found_at=report.started_at)
    tell("Done", f"{plan.steps[0].does}, as announced in plan {plan.hash}; journal and record in closings/")
    tell("Proved", _answers_words(proof))
    state = words.state_line(proof, "")
    tell("", f"{state.partition('. ')[0]}; CLOSED when those after 5 min, 30 min and 24 h hold too")
    return True


def _told(closure: Closure, way: object, tell: Tell) -> Plan | None:
    """Tell the plans in a line each; return the one to carry out."""
    from tidegate.assess.words import enumerate_words  # noqa: PLC0415

    study = closure.study
    assert study is not None
    label = "Close"
    for fact, words in study.facts:
        if fact in ("signed by", "is"):
            tell(label, f"{fact} {words}")
            label = ""
    for plan in study.plans:
        step = plan.steps[0]
        hit = [
            f"the link of {whom}" for name, whom in WHOSE.items() if any(name in each for each in step.breaks)
        ]
        back = "can be taken back" if step.undo else "for good"
        tell(label, f"{plan.way}: {step.does} ({back}); it ends {enumerate_words(hit)} too")
        label = ""
    for each in study.missing if not study.plans else ():
        tell(label, f"not possible here: {each}")
        label = ""
    return next((plan for plan in study.plans if plan.way is way), None)


def _answers_words(proof: Proof) -> str:
    last = proof.rounds[-1]
    named = (("the leaked link", last.leaked), ("a forged copy", last.flipped), ("its owner", last.owner))
    return ", ".join(f"{name} {answer.status} {answer.code}".strip() for name, answer in named)


def _share(
    report: Report, folder: Path, scope: Path, ledger: Ledger, plane: ControlPlane, tell: Tell
) -> None:
    """Make a link on a policy of its own, use it, find it leaked, end it."""
    from tidegate.api import sharing  # noqa: PLC0415
    from tidegate.api.ways import open_ways  # noqa: PLC0415

    name = report.findings[0].grant.account or ""
    key = plane.accounts[name].current()[1]
    environment = {"AZURE_STORAGE_ACCOUNT": name, "AZURE_STORAGE_KEY": key}
    order = sharing.Order(
        target=f"az://{name}/models/vit_small.safetensors",
        who=sharing.Who(made_by="the lab", reason="instead of the link in the README"),
        kind="service_sas",
    )
    with open_ways(scope, audit=folder / "audit.jsonl") as ways:
        made = sharing.create(order, environment=environment, ways=ways, ledger=ledger)
        link = made.minted.link.reveal()
        used = _answers(link)
        leak = folder / "leaked" / "NOTES.md"
        leak.parent.mkdir()
        leak.write_text(f"here: {link}\n", encoding="utf-8")
        found, _ = sharing.check([str(leak.parent)], ledger)
        ended = sharing.revoke(made.share, environment=environment, ways=ways, ledger=ledger)
    where = f"{found[0][1].occurrences[0].path}:{found[0][1].occurrences[0].line}" if found else "nowhere"
    probes = ", ".join(str(each.status) for each in ended.probes)
    tell(
        "Share",
        f"instead: {made.share.id}, to read one file for 7 days, on a policy of its own; used: {used}; "
        f"leaked and found again in {where}; revoked: {ended.verdict} ({probes})",
    )


def _shared(ledger: Ledger, account: Account, name: str, key: int) -> str:
    """Write a link that was shared before into the ledger; return its query."""
    from urllib.parse import parse_qsl, quote, urlencode  # noqa: PLC0415

    from tidegate.lab.sas import account_sas  # noqa: PLC0415
    from tidegate.model.secret import Secret  # noqa: PLC0415
    from tidegate.share.ledger import Share  # noqa: PLC0415

    now = datetime.now(UTC).replace(microsecond=0)
    ends = now + timedelta(days=200)
    query = account_sas(account, key=key, ss="b", sp="rl", se=f"{ends:%Y-%m-%dT%H:%M:%SZ}")
    token = dict(parse_qsl(query))
    ledger.add(
        Share(
            id=name,
            state="live",
            created_at=now.isoformat(),
            ends_at=ends.isoformat(),
            provider="azure",
            account=account.name,
            container="",
            path="",
            rights="read,list",
            kind="account_sas",
            parameters={each: value for each, value in token.items() if each != "sig"},
            fingerprint=Secret(token["sig"]).fingerprint,
            made_by="mira",
            made_for=WHOSE[name],
        )
    )
    return urlencode(token, quote_via=quote)


def _answers(url: str) -> int:
    import urllib.error  # noqa: PLC0415 - http and ssl, which --help does without
    import urllib.request  # noqa: PLC0415

    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@contextmanager
def _signed_in(variables: Mapping[str, str]) -> Iterator[None]:
    """Let Azure's default chain of credentials find the lab's control plane, and it alone."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
