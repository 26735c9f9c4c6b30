"""The schema of what is shared."""

from __future__ import annotations

from typing import Final

from tidegate.schema.shapes import COUNT, TEXT, YES_NO, Json, Shapes, many, maybe, said, thing
from tidegate.share.ledger import Share

_NAME: Final = {"schema": {"const": "tidegate-share/1"}}


def share(shapes: Shapes) -> Json:
    """Return what the four commands print."""
    status = {"status": said(TEXT, "As `state`, but `ended` for a live one whose time is over.")}
    shapes.defs["Share"] = shapes.fields(Share, without=("state", "parameters"), more=status)
    one = {"$ref": "#/$defs/Share"}
    manifest = thing({"file": TEXT, "sha256": TEXT, "files": COUNT, "bytes": COUNT}, "The list of checksums.")
    created = {
        "link": said(TEXT, "The one place where it stands whole."),
        "share": one,
        "notes": many(TEXT),
        "manifest": maybe(manifest),
        "models": many(thing({"path": TEXT, "kind": TEXT, "verdict": TEXT})),
    }
    revoked = {
        "id": TEXT,
        "verdict": TEXT,
        "closed": YES_NO,
        "notes": many(TEXT),
        "others": said(many(TEXT), "Other live links of the ledger that would end with it."),
        "probes": many(thing({"with": TEXT, "status": maybe(COUNT), "code": TEXT})),
    }
    place = {"share": one, "path": TEXT, "line": COUNT, "commit": maybe(TEXT), "target": TEXT}
    return {
        "anyOf": [
            thing({**_NAME, "shares": many(one)}, "`share list`"),
            thing({**_NAME, **created}, "`share create`"),
            thing({**_NAME, **revoked}, "`share revoke`"),
            thing({**_NAME, "leaked": many(thing(place)), "complete": YES_NO}, "`share check`"),
        ]
    }
