"""The schemas, and the page that names them."""

from __future__ import annotations

import json

from tidegate.schema.documents import DOCUMENTS, schema


def schema_files() -> dict[str, str]:
    """Return path -> text of each schema."""
    return {
        f"schema/{each.id}.json": json.dumps(schema(each), indent=1, ensure_ascii=False) + "\n"
        for each in DOCUMENTS.values()
    }


def schema_page() -> str:
    """Return the page."""
    return "\n".join(
        (
            "# JSON schemas",
            "",
            "Of everything that is printed as JSON, as JSON Schema draft 2020-12, made from the types that it is written",
            "from. `tidegate schema NAME` prints the same for the version that is installed. A name with `-line` is of one",
            "line of JSON lines. Keys and words are added in later versions, never changed: ignore what you do not know.",
            "",
            "| schema | printed by |",
            "|---|---|",
            *(f"| [{each.id}](schema/{each.id}.json) | `{each.printed_by}` |" for each in DOCUMENTS.values()),
            "",
            "[Output](output.md) says in words what the keys hold.",
            "",
        )
    )
