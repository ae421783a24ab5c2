"""YAML from outside: what is no plain document of a sensible size is one error."""

from __future__ import annotations

import tracemalloc

import pytest
import yaml

from harness.yaml_text import MOST_NODES, parse_yaml


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!timestamp x", "has a tag"),
        ("a: !!int ''", "has a tag"),
        ("a: !!binary QUJD", "has a tag"),
        ("a: &a [*a]", r"has an alias, \*a"),
        ("a: &a {b: 1}\n<<: *a", "has an alias"),
        ("a: 2020-13-45", "month must be in"),
        ("a: 2020-01-01T00:00:00+99:99", "offset must be"),
        ("a: 0x" + "f" * 5000, "without quotes|number of 5,002 digits"),
        ("a: 0x" + "f" * 500, "number of 502 digits"),
        ("a: ." + "1" * 500, "number of 501 digits"),
        ("[" + "1:" * 30_000 + "1]", "60,001 characters without quotes"),
        ("[" + "1," * (MOST_NODES + 1) + "]", "more than 20,000 keys"),
        ("[" * 5000, "nested more than 100 levels"),
        (b"\xff\xfe\x00", "truncated|unexpected|incomplete|invalid"),
        ("a: 1\n---\nb: 2", "single document"),
        ("a: 1\nb: {c: 1, d: 2, c: 3}", "the key 'c' twice"),
    ],
)
def test_what_breaks_constructors_or_multiplies_is_an_error(text: str | bytes, words: str) -> None:
    with pytest.raises(yaml.YAMLError, match=words):
        parse_yaml(text)


def test_plain_documents_are_what_they_say() -> None:
    text = 'a: [1, -2, 0x10, 1.5e-3, .inf, yes, null, "a * b! [", 2020-01-02]\nb: |\n  *text\n'
    found = parse_yaml(text)
    assert found == yaml.safe_load(text)
    assert parse_yaml(text.encode()) == found


@pytest.mark.parametrize("part", ["1,", "[],", "a: b,", "? a,", "'',"])
def test_a_full_document_takes_little_memory(part: str) -> None:
    """The worst of them takes 700 bytes for each node that may be there."""
    text = "[" + part * 2**17 + "]"
    tracemalloc.start()
    with pytest.raises(yaml.YAMLError, match="keys and values"):
        parse_yaml(text, most_nodes=1000)
    full = "[" + part * 300 + "]"
    parse_yaml(full, most_nodes=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(text) + 2**20
