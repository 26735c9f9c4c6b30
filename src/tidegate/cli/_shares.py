"""How shares are shown: a card each, a table, or JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tidegate.report._escape import csv_cell, safe

if TYPE_CHECKING:
    from tidegate.api.sharing import Ended, Made
    from tidegate.share.ledger import Share

COLUMNS = (
    *("id", "status", "created_at", "ends_at", "provider", "account", "container", "path", "rights", "kind"),
    *(
        "policy",
        "signer",
        "made_by",
        "made_for",
        "reason",
        "revocation",
        "fingerprint",
        "redacted",
        "manifest",
    ),
)


def row(share: Share) -> dict[str, str]:
    """Return what is shown of one."""
    status = share.status(datetime.now(UTC))
    return {name: status if name == "status" else getattr(share, name) for name in COLUMNS}


def where(share: Share) -> str:
    """Return what is shared, as it was named."""
    scheme = {"azure": "az", "s3": "s3", "gcs": "gs"}.get(share.provider, share.provider)
    parts = (
        (share.account, share.container, share.path)
        if share.provider == "azure"
        else (share.container, share.path)
    )
    return f"{scheme}://" + "/".join(part for part in parts if part)


def when(instant: str) -> str:
    """Return a time of the ledger for people."""
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def cards(shares: Sequence[Share]) -> str:
    """Return a few lines for each: what, until when, by whom and for whom, how it is ended."""
    lines = []
    for each in shares:
        status = each.status(datetime.now(UTC))
        lines.append(f"{each.id}  {status:<8}  {each.rights} {where(each)}")
        signed = f", signed by {each.signer}" if each.signer else ""
        lines.append(f"    until    {when(each.ends_at)}{signed}")
        told = f"{each.made_by} on {each.created_at[:10]}" + (
            f", for {each.made_for}" if each.made_for else ""
        )
        lines.append(f"    by       {told}" + (f": {each.reason}" if each.reason else ""))
        if status == "making":
            lines.append(f"    cut off while it was made; clean up with: tidegate share revoke {each.id}")
        elif status in ("live", "revoking"):
            lines.append(f"    ended by {each.revocation}")
    return "\n".join(map(safe, lines)) or "nothing was shared"


def table(shares: Sequence[Share]) -> str:
    """Return CSV whose every cell is quoted, and that no spreadsheet takes for a formula."""
    out = io.StringIO()
    rows = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writeheader()
    for each in shares:
        rows.writerow({name: csv_cell(text) for name, text in row(each).items()})
    return out.getvalue()


def made(created: Made, file: str) -> dict[str, Any]:
    """Return a new link as JSON. file: of the checksums; empty without one."""
    looked = created.looked
    listed = None
    if looked is not None:
        listed = {
            "file": file,
            "sha256": created.share.manifest,
            "files": len(looked.sums),
            "bytes": looked.size_bytes,
        }
    models = [
        {"path": each.path, "kind": each.kind, "verdict": str(each.verdict)}
        for each in (looked.models if looked is not None else ())
    ]
    return {
        "schema": "tidegate-share/1",
        "link": created.minted.link.reveal(),
        "share": row(created.share),
        "notes": list(created.notes),
        "manifest": listed,
        "models": models,
    }


def ended(share_id: str, what: Ended) -> dict[str, Any]:
    """Return as JSON what came of revoking."""
    probes = [
        {"with": name, "status": each.status, "code": each.code}
        for name, each in zip(what.controls, what.probes, strict=True)
    ]
    return {
        "schema": "tidegate-share/1",
        "id": share_id,
        "verdict": what.verdict,
        "closed": what.closed,
        "notes": list(what.words),
        "others": list(what.others),
        "probes": probes,
    }
