"""The reference: what the TFLite interpreter answers on the host, or for a classifier of scikit-learn, scikit-learn.

The interpreter is LiteRT's with TFLite's *reference* kernels (`BUILTIN_REF`): plain C++ that gives the same bytes on
every host, and the same bytes as `tf.lite.Interpreter` with them. The kernels that run by default (XNNPACK) round
differently, and leave the reference by up to 32 steps of int8 on the MLPerf Tiny models (ResNet-8 on noise; 17 steps
for DS-CNN on speech, though with the same 191 of 200 words right): nothing can stay within one step of both.

A runtime that rounds otherwise by design, as TensorFlow Lite Micro does, may bring an interpreter for the host too:
where that is installed, it judges what the board sends, which is set beside TFLite's all the same.

Interpreters trust their model. `read_tflite` lets no broken tables or shapes through, but operators that the reader
does not know could still crash it; so they run in a process of their own, and a crash is a `ModelError`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import cached, sha256
from harness.errors import ModelError
from harness.model.estimator_reference import run_estimator
from harness.model.model import Model, ModelFormat
from harness.model.samples import from_rows, to_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECONDS = 600


class Interpreter(StrEnum):
    """Whose kernels compute a `.tflite` on the host."""

    TFLITE = "tflite"
    TFLM = "tflm"

    @property
    def description(self) -> str:
        """For people."""
        return {"tflite": "the TFLite interpreter", "tflm": "TensorFlow Lite Micro's interpreter"}[self]

    @property
    def package(self) -> str:
        """What brings it, by its name in the package index."""
        return {"tflite": "ai-edge-litert", "tflm": "tflite-micro"}[self]


def run_reference(
    model: Model, samples: NDArray[np.generic], interpreter: Interpreter = Interpreter.TFLITE
) -> NDArray[np.generic]:
    """The host's outputs for samples, both in the sample layout of `harness.model.samples`.

    Of a classifier they are the probabilities of its classes.

    Args:
        samples: already quantized, see `quantize_samples` and `random_inputs`.

    Raises:
        DatasetError: the samples do not fit the model.
        ModelError: the interpreter refuses the model, crashes on it, or takes longer than `SECONDS`.
        PackageNotFoundError: it is not installed; TFLite's always is.
    """
    import numpy as np

    if model.format is ModelFormat.SKOPS:
        return run_estimator(model, samples)
    rows = to_rows(model.inputs, samples)
    key = {
        "model": model.sha256,
        "samples": sha256(rows.tobytes()),
        "interpreter": interpreter,
        "version": version(interpreter.package),
        "code": sha256(Path(__file__).with_name("reference_process.py").read_bytes()),
    }
    entry = cached("reference", key, lambda directory: _run(model, rows, interpreter, directory))
    return from_rows(model.outputs, np.load(entry / "outputs.npy", allow_pickle=False))


def run_own_reference(
    model: Model, samples: NDArray[np.generic], interpreter: Interpreter
) -> NDArray[np.generic] | None:
    """What a runtime's own interpreter answers on the host: None where that is TFLite's, is not installed, or does not
    take the model, as that of another version may not.

    Raises:
        DatasetError: the samples do not fit the model.
    """
    if interpreter is Interpreter.TFLITE:
        return None
    try:
        return run_reference(model, samples, interpreter)
    except (PackageNotFoundError, ModelError):
        return None


def _run(model: Model, rows: NDArray[np.uint8], interpreter: Interpreter, directory: Path) -> None:
    import numpy as np

    (directory / "model.tflite").write_bytes(model.read_bytes())
    np.save(directory / "samples.npy", rows)
    command = [sys.executable, "-m", "harness.model.reference_process", str(directory), interpreter]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            f"{model.path}: {interpreter.description} took longer than {SECONDS} s for {len(rows)} samples"
        ) from error
    if done.returncode != 0:
        raise ModelError(f"{model.path}: {interpreter.description} {_fate(done.returncode, done.stderr)}")
    for done_with in ("model.tflite", "samples.npy"):
        (directory / done_with).unlink()


def _fate(returncode: int, words: str) -> str:
    """How the interpreter's process ended, from its return code and what it wrote."""
    if returncode < 0:
        return f"crashed on this model with {signal.Signals(-returncode).name}"
    last = words.strip().splitlines()[-1:] or [f"return code {returncode}"]
    return f"refuses this model: {last[0]}"
