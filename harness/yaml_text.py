"""YAML from outside, parsed in C where PyYAML was built so: ten times as fast, and every virtual board reads several.

Of YAML only what files here need is taken: no aliases, which multiply what a file holds or make it endless, and no
tags, whose constructors break on text that does not fit them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

DEEPEST = 100
"""Levels of nesting. PyYAML's parser in C calls itself for each, and some thousands end the process."""
MOST_NODES = 20_000
"""Keys, values and lists, of which PyYAML makes up to 700 bytes each; a rack of a thousand boards has fewer."""
LONGEST_NUMBER = 100
"""Characters; longer ones take Python time to compute, and it refuses to show them."""
LONGEST_PLAIN = 2000
"""Characters; what is not in quotes is compared with patterns of numbers, which take 70 bytes for each."""
_OPENING = "[", "{", "- ", "? "
_HARMLESS_COUNT, _HARMLESS_LENGTH = 1000, 2**19
"""A shorter text with fewer brackets can't be nested dangerously: the other way is indentation, which adds up."""
_NODES_A_SEPARATOR = 3
"""At most, as in `[a: b,]`."""


def parse_yaml(text: str | bytes, most_nodes: int = MOST_NODES) -> Any:
    """The content of a YAML document.

    Raises:
        yaml.YAMLError: it is none, nested too deeply, too large, or has aliases, tags, endless numbers, or a key twice.
    """
    try:
        if _is_suspect(text, most_nodes):
            _check_events(text, most_nodes)
        loader = _loader()(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError:
        raise
    except (ValueError, OverflowError, RecursionError) as error:  # Bytes that are no text, dates that there are not.
        raise yaml.YAMLError(str(error)) from error


def _is_suspect(text: str | bytes, most_nodes: int) -> bool:
    """A cheap look that lets most files pass: reading the events takes as long as the rest."""
    shown = text.decode(errors="replace") if isinstance(text, bytes) else text
    if "*" in shown or "!" in shown or len(shown) > _HARMLESS_LENGTH:
        return True
    openings = sum(shown.count(one) for one in _OPENING)
    separators = sum(shown.count(one) for one in ",:-?\n")
    return openings > _HARMLESS_COUNT or (openings + separators) * _NODES_A_SEPARATOR > most_nodes


def _check_events(text: str | bytes, most_nodes: int) -> None:
    depth = nodes = 0
    for event in yaml.parse(text, _loader()):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"it has an alias, *{event.anchor}; write out what that stands for")
        if tag := getattr(event, "tag", None):
            raise yaml.YAMLError(f"it has a tag, {tag}; leave it out")
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and len(event.value) > LONGEST_PLAIN:
            raise yaml.YAMLError(f"it has a text of {len(event.value):,} characters without quotes")
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {DEEPEST} levels deep")
        if nodes > most_nodes:
            raise yaml.YAMLError(f"it has more than {most_nodes:,} keys and values")


@cache
def _loader() -> Any:
    """PyYAML's safe loader, without endless numbers, and without keys whose first value is lost unseen."""
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def construct_mapping(self: Any, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.YAMLError(f"it has the key {key.value[:LONGEST_NUMBER]!r} twice; leave one")
            seen.update([key.value] if isinstance(key, yaml.ScalarNode) else [])
        return base.construct_mapping(self, node, deep)

    loader: Any = type("Loader", (base,), {"construct_mapping": construct_mapping})

    def short(construct: Any) -> Any:
        def constructed(self: Any, node: Any) -> Any:
            if len(node.value) > LONGEST_NUMBER:
                raise yaml.YAMLError(f"it has a number of {len(node.value):,} digits")
            return construct(self, node)

        return constructed

    loader.add_constructor("tag:yaml.org,2002:int", short(base.construct_yaml_int))
    loader.add_constructor("tag:yaml.org,2002:float", short(base.construct_yaml_float))
    return loader
