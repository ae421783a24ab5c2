"""YAML, parsed in C where PyYAML was built so: ten times as fast, and every virtual board reads several files."""

from __future__ import annotations

from typing import Any

import yaml

DEEPEST = 100
"""Levels of nesting. PyYAML's parser in C calls itself for each, and some thousands end the process."""
_OPENING = "[", "{", "- ", "? "
_HARMLESS_COUNT, _HARMLESS_LENGTH = 1000, 2**19
"""A shorter text with fewer brackets can't be nested dangerously: the other way is indentation, which adds up."""


def parse_yaml(text: str | bytes) -> Any:
    """The content of a YAML document.

    Raises:
        yaml.YAMLError: it is none, or nested too deeply.
        UnicodeDecodeError: its bytes are no text.
    """
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    shown = text.decode(errors="replace") if isinstance(text, bytes) else text
    if len(shown) > _HARMLESS_LENGTH or sum(shown.count(one) for one in _OPENING) > _HARMLESS_COUNT:
        _check_depth(text, loader)
    return yaml.load(text, loader)


def _check_depth(text: str | bytes, loader: Any) -> None:
    depth = 0
    for event in yaml.parse(text, loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {DEEPEST} levels deep")
