"""Thousands of broken YAML files: each is read or ends in one error, soon, and takes no more than 10 times its size."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.board.board_file import load_board
from harness.board.rack import load_rack
from harness.errors import ConfigError, HarnessError, ModelError
from harness.model.description import read_description
from harness.paths import BOARDS, REPOSITORY
from tests.model.description.test_read import EDGEMARK, PERCEPTRON
from tests.model.intake.mutations import Mutation, flip, splice, tree

FILES = 1000
SLACK = 2**20
"""Bytes that may be taken beside 10 times the file: a node of 2 characters takes 700, and there may be 1000."""
SLACK_OF_OWN = 2**22
"""The same of boards and racks, which are the lab's own: they may have 20,000 nodes, and a line for every error."""
SECONDS = 2
TOKENS = (
    *("[", "]", "{", "}", "- ", "? ", ": ", ", ", "&a ", "*a", "<<: *a", "!!int ", "!!binary ", "~", "|\n", ">\n", "%"),
    *("1e9", ".inf", ".nan", "0x" + "f" * 300, "1:1:1", "2020-13-45", "9" * 400, "\t", "\n  ", "'", '"', "#", "\0"),
    *("[" * 200, "- " * 200, "[1," * 90, "a: " * 50, "\ufeff", "\u2028", "é", "---\n", "...\n"),
)


def token(content: bytes, random: Random) -> bytes:
    """A few stretches of text are a token of YAML."""
    text = content.decode()
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.choice((0, 0, 1, 4, 8, 40)))
        text = text[:start] + random.choice(TOKENS) + text[end:]
    return text.encode()


def part(content: bytes, random: Random) -> bytes:
    """Keys and values are something else, written as JSON, which YAML includes."""
    return tree(json.dumps(yaml.safe_load(content)).encode(), random)


def description() -> bytes:
    return PERCEPTRON.encode()


def edgemark() -> bytes:
    return next(iter(sorted(EDGEMARK.glob("*/CNN_7.yaml")))).read_bytes()


def board() -> bytes:
    return (BOARDS / "nucleo_l4r5zi.yaml").read_bytes()


def rack() -> bytes:
    return (REPOSITORY / "lab" / "racks" / "example_silicon.yaml").read_bytes()


CASES = {
    "description": (description, read_description, ModelError),
    "edgemark": (edgemark, read_description, ModelError),
    "board": (board, load_board, ConfigError),
    "rack": (rack, load_rack, ConfigError),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
def test_broken_files_are_read_or_refused_soon_and_in_little_memory(tmp_path: Path, kind: str) -> None:
    if kind == "edgemark" and not EDGEMARK.is_dir():
        pytest.skip(f"{EDGEMARK} is not on this machine")
    make, read, error = CASES[kind]
    whole = make()
    path = tmp_path / "broken.yaml"
    path.write_bytes(whole)
    read(path)

    @settings(max_examples=FILES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), mutation=st.sampled_from((flip, splice, token, token, part, part)))
    def look(seed: int, mutation: Mutation) -> None:
        content = mutation(whole, Random(seed))
        path.write_bytes(content)
        peak, seconds = taken(path, read, error)
        assert seconds < SECONDS
        assert peak < 10 * len(content) + (SLACK if error is ModelError else SLACK_OF_OWN)

    look()


def taken(path: Path, read: Callable[[Path], object], error: type[HarnessError]) -> tuple[int, float]:
    """Bytes and seconds of the processor that reading a file takes at most."""
    tracemalloc.start()
    began = time.process_time()
    try:
        with suppress(error):
            read(path)
        return tracemalloc.get_traced_memory()[1], time.process_time() - began
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("part", ["x", "[]", "a: b", "? a", "''", "{a: [b]}"])
def test_a_description_as_large_as_may_be_takes_little_memory(tmp_path: Path, part: str) -> None:
    path = tmp_path / "full.yaml"
    path.write_text(PERCEPTRON.replace("[16, 8]", f"[{', '.join([part] * 900)}]"))
    with pytest.raises(ModelError):
        read_description(path)
    assert taken(path, read_description, ModelError)[0] < 10 * path.stat().st_size + SLACK
