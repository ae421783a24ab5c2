"""The form of a description as JSON Schema, for editors and other tools."""

from __future__ import annotations

import json
from typing import Any


def description_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a description."""
    from harness.model.description.form import description_form

    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A model described in YAML"}
    return {**dialect, **description_form().json_schema(by_alias=False)}


def description_schema_text() -> str:
    """The same as a file."""
    return json.dumps(description_schema(), indent=2) + "\n"
