"""Ten thousand broken files: each passes or ends in one error, soon, and takes no more memory than its size explains.

What libraries in C do counts, too: the files are looked at in a process that is watched. `benchmarks/fuzz.py` goes on
where this ends, by hand.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.model.intake import limits
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
SLACK = {"keras": limits.SLACK, "h5": limits.SLACK, "weights": limits.SLACK}
"""What may be taken beside 10 times the file: HDF5 is stopped at this, others at `OTHERS_SLACK`."""
OTHERS_SLACK = 2**20
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


WHOLE: dict[str, Callable[[], bytes]] = {
    "keras": keras_file,
    "h5": keras_h5_file,
    "weights": weights_file,
    "onnx": lambda: onnx_model().SerializeToString(),
    "qdq": lambda: quantized_onnx_model().SerializeToString(),
    "pt2": lambda: torch_file(program("torch.ops.aten.relu.default", "torch.ops.aten.linear.default")),
    "saved_model": lambda: _made_elsewhere("saved_model_file"),
}


def _made_elsewhere(name: str) -> bytes:
    """A file that takes TensorFlow to make."""
    command = f"import sys; from tests.model.intake import files; sys.stdout.buffer.write(files.{name}())"
    done = subprocess.run(
        [sys.executable, "-c", command], check=True, capture_output=True, cwd=REPOSITORY, env=environment()
    )
    return done.stdout


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
    path = folder / f"broken.{ {'qdq': 'onnx', 'weights': 'h5'}.get(kind, kind) }"
    path.write_bytes(content)
    return path


def check(folder: Path, watcher: Watcher, kind: str, files: int) -> None:
    """Look at so many broken files: the same ones every time."""
    whole, refused = WHOLE[kind](), set[bool]()
    for _ in range(2):  # The libraries are loaded with the first.
        words = watcher.look(place(folder, kind, whole)).words
        assert not words or (kind == "weights" and words.startswith("holds weights, but no network"))

    @settings(max_examples=files, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32), mutation=st.sampled_from(MUTATIONS[kind]))
    def look(seed: int, mutation: Mutation) -> None:
        content = mutation(whole, Random(seed))
        path = place(folder, kind, content)
        seen = watcher.look(path)
        most = 10 * len(content) + SLACK.get(kind, OTHERS_SLACK)
        if seen.peak >= most:
            seen = watcher.look(path)  # What libraries are loaded with when they first get so far is no allocation.
        refused.add(bool(seen.words))
        assert seen.seconds < SECONDS
        assert seen.peak < most
        assert not seen.ended or (kind in SLACK and seen.ended == "SIGALRM")

    look()
    assert True in refused


@pytest.mark.parametrize("kind", ["keras", "onnx", "pt2"])
def test_broken_files_end_in_one_error_soon_and_in_little_memory(tmp_path: Path, watcher: Watcher, kind: str) -> None:
    check(tmp_path, watcher, kind, 200)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MUTATIONS)
def test_many_broken_files_end_in_one_error_soon_and_in_little_memory(
    tmp_path: Path, watcher: Watcher, kind: str
) -> None:
    check(tmp_path, watcher, kind, FILES)
