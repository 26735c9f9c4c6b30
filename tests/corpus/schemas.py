"""Holds what a command printed against its published schema, key by key."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from tidegate.schema.documents import DOCUMENTS, schema


def strict(shape: Any) -> Any:
    """Return the schema with every key forbidden that it does not name: what we print has no others."""
    if isinstance(shape, list):
        return [strict(each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    made = {key: strict(each) for key, each in shape.items()}
    return {"additionalProperties": False, **made} if "properties" in shape else made


def hold(name: str, text: str) -> Any:
    """Fail unless the text is what the schema of that name says; return the document, or the lines of it."""
    validator = Draft202012Validator(strict(schema(DOCUMENTS[name])))
    documents = [json.loads(each) for each in (text.splitlines() if DOCUMENTS[name].line else [text])]
    assert documents
    for each in documents:
        errors = [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(each)]
        assert not errors, "\n".join(errors)
    return documents if DOCUMENTS[name].line else documents[0]
