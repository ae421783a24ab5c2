"""Ten thousand broken files: each passes or ends in one error, soon, and takes no more memory than its size explains.

What libraries in C do counts, too: the files are looked at in a process that is watched. `benchmarks/fuzz.py` goes on
where this ends, by hand.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.model.intake.kind import SourceKind
from harness.paths import REPOSITORY
from harness.tensorflow_process import environment
from tests.model.intake.files import (
    keras_file,
    keras_h5_file,
    onnx_model,
    program,
    quantized_onnx_model,
    torch_file,
    weights_file,
)
from tests.model.intake.mutations import Mutation, flip, member, message, number, splice, tree
from tests.model.intake.watched import Watcher

BYTES = (flip, number, splice)
SLACK = 2**20
"""What the libraries take for any file: HDF5 half of it, for its caches."""
SECONDS = 2
FILES = 1500
"""Of each; with those of .tflite, descriptions, boards and racks more than ten thousand."""


def _inner(name: str) -> tuple[Mutation, ...]:
    return (*BYTES, tree, tree) if name.endswith(".json") else BYTES


ARCHIVE = (*BYTES, member(_inner), member(_inner), member(_inner))
MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "keras": ARCHIVE,
    "h5": BYTES,
    "weights": BYTES,
    "onnx": (*BYTES, message, message, message),
    "qdq": (*BYTES, message, message, message),
    "pt2": ARCHIVE,
    "saved_model": (*BYTES, message, message, message),
}


def _whole() -> dict[str, bytes]:
    program_file = torch_file(program("torch.ops.aten.relu.default", "torch.ops.aten.linear.default"))
    command = "import sys; from tests.model.intake.files import *; sys.stdout.buffer.write(saved_model_file())"
    saved = subprocess.run(
        [sys.executable, "-c", command], check=True, capture_output=True, cwd=REPOSITORY, env=environment()
    )
    return {
        "keras": keras_file(),
        "h5": keras_h5_file(),
        "weights": weights_file(),
        "onnx": onnx_model().SerializeToString(),
        "qdq": quantized_onnx_model().SerializeToString(),
        "pt2": program_file,
        "saved_model": saved.stdout,
    }


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    return _whole()


@pytest.fixture(scope="module")
def watcher() -> Iterator[Watcher]:
    with Watcher() as watcher:
        yield watcher


def place(folder: Path, kind: str, content: bytes) -> Path:
    """Write a file where its format has it; gives what to look at."""
    if kind == SourceKind.SAVED_MODEL:
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / "saved_model.pb").write_bytes(content)
        return folder / kind
    path = folder / f"broken.{ {'qdq': 'onnx', 'weights': 'h5'}.get(kind, kind)}"
    path.write_bytes(content)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", MUTATIONS)
def test_broken_files_end_in_one_error_soon_and_in_little_memory(
    tmp_path: Path, whole: dict[str, bytes], watcher: Watcher, kind: str
) -> None:
    refused: set[bool] = set()
    for _ in range(2):  # The libraries are loaded with the first.
        assert watcher.look(place(tmp_path, kind, whole[kind])).words == ("" if kind != "weights" else WITHOUT_NETWORK)

    @settings(max_examples=FILES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), mutation=st.sampled_from(MUTATIONS[kind]))
    def look(seed: int, mutation: Mutation) -> None:
        content = mutation(whole[kind], Random(seed))
        path = place(tmp_path, kind, content)
        seen = watcher.look(path)
        if seen.peak >= 10 * len(content) + SLACK:
            seen = watcher.look(path)  # What libraries are loaded with when they first get so far is no allocation.
        refused.add(bool(seen.words))
        assert seen.seconds < SECONDS
        assert seen.peak < 10 * len(content) + SLACK

    look()
    assert True in refused


WITHOUT_NETWORK = (
    "holds weights, but no network (model.save_weights?); save it with model.save('model.keras')"
)
