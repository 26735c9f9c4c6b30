"""What stays on paper of a leak: the record of its closing, and what cleans a repository."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidegate.close import record, record_page, repository
from tidegate.close.held import Holding, holding
from tidegate.close.plan import Plan
from tidegate.close.prove import Verdict, next_due
from tidegate.close.store import ELSEWHERE, Proof, Store
from tidegate.detect.engine import Detector
from tidegate.detect.rules import load_rules
from tidegate.errors import ConfigError, UsageError
from tidegate.model.finding import Finding
from tidegate.model.reach import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """That a credential no longer works, as far as is known."""

    since: datetime | None
    """`None`: it may still work."""
    proved: bool
    """Every proof that was asked for holds."""


def dead(finding: Finding, store: Store) -> Dead:
    """Say whether it is dead: by the proofs of its closing, else by the report. Nothing is asked."""
    done = store.carried_out(finding.id)
    proof = store.proof(finding.id, done.hash if done is not None else ELSEWHERE)
    if proof is not None and proof.rounds:
        if proof.rounds[-1].verdict is not Verdict.DEAD:
            return Dead(since=None, proved=False)
        due = next_due(proof.closed_at, proof.rounds, proof.after)
        return Dead(since=proof.closed_at, proved=due is None)
    reach = finding.reach
    closed = reach is not None and reach.state is State.CLOSED
    return Dead(since=reach.checked_at if closed and reach is not None else None, proved=False)


def write_record(
    finding: Finding,
    plan: Plan | None,
    proof: Proof,
    store: Store,
    *,
    found_at: datetime,
    reported_at: datetime | None = None,
    use: Mapping[str, Any] | None = None,
) -> tuple[Path, Path]:
    """Write the record of a closing beside its journal, as JSON and as Markdown. Returns where.

    found_at: when the report was made. use: what `tidegate trace --format json` printed.
    """
    done: list[record.Done] = []
    if plan is not None:
        with store.journal(plan) as journal:
            for step in plan.steps:
                notes = [each for each in journal.notes if each.step == step.id]
                at = notes[-1].at if notes else None
                done.append(record.Done(step=step, mark=journal.mark(step.id).value, at=at))
    entry = record.record(
        finding,
        plan,
        done,
        proof.rounds,
        found_at=found_at,
        reported_at=reported_at,
        closed_at=proof.closed_at,
        after=proof.after,
        use=use,
        now=datetime.now(UTC),
    )
    digest = plan.hash if plan is not None else ELSEWHERE
    plain = json.dumps(record.to_dict(entry), indent=2, ensure_ascii=False) + "\n"
    return (
        store.write(finding.id, digest, "record.json", plain.encode("utf-8", "backslashreplace")),
        store.write(
            finding.id,
            digest,
            "record.md",
            record_page.to_markdown(entry).encode("utf-8", "backslashreplace"),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """What was found in one repository, and the files that were written."""

    held: Holding
    files: tuple[tuple[Path, str], ...]
    """Path, and what it is for."""
    preview: tuple[str, ...]
    """What changes in HEAD, with every secret masked."""


def clean(
    finding: Finding,
    folder: Path,
    to: Path,
    *,
    state: Dead,
    early: bool = False,
    cache_dir: Path | None = None,
) -> Cleaning:
    """Say where a credential stands in a repository, and write what takes it out. Changes no repository.

    to: the folder to write to; made if it is not there. early: how history is rewritten is told although it
    may still work. Raises `UsageError` for a finding without a secret, `SourceError` for no repository.
    """
    if finding.grant.kind == "anonymous":
        raise UsageError(
            "an open container has no secret that could be taken out of a repository",
            hint="Shut the container: its address then opens nothing.",
        )
    held = holding(folder, finding.fingerprint, Detector(load_rules((), cache_dir), cache_dir))
    files = []
    if held.objects or held.others:
        made = repository.papers(finding, held, dead_since=state.since, proved=state.proved, early=early)
        for each in made:
            files.append((_write(to / each.name, each.content), each.says))
    return Cleaning(held=held, files=tuple(files), preview=tuple(repository.preview(finding, held)))


def repositories(finding: Finding) -> list[Path]:
    """Return the repositories on this machine in which the report saw a finding."""
    targets: Sequence[str] = list(
        dict.fromkeys(place.target for place in finding.occurrences if place.source == "git")
    )
    return [Path(each) for each in targets if Path(each).is_dir()]


def _write(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror or error}") from error
    return path
