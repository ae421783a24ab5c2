"""The reference: what the TFLite interpreter answers on the host, or for a classifier of scikit-learn, scikit-learn.

The interpreter is LiteRT's with TFLite's *reference* kernels (`BUILTIN_REF`): plain C++ that gives the same bytes on
every host, and the same bytes as `tf.lite.Interpreter` with them. The kernels that run by default (XNNPACK) round
differently, and leave the reference by up to 32 steps of int8 on the MLPerf Tiny models (ResNet-8 on noise; 17 steps
for DS-CNN on speech, though with the same 191 of 200 words right): nothing can stay within one step of both.

The interpreter trusts its model. `read_tflite` lets no broken tables or shapes through, but operators that the reader
does not know could still crash it; so it runs in a process of its own, and a crash is a `ModelError`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.metadata import version
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

KERNELS = "BUILTIN_REF"
SECONDS = 600


def run_reference(model: Model, samples: NDArray[np.generic]) -> NDArray[np.generic]:
    """The host's outputs for samples, both in the sample layout of `harness.model.samples`.

    Of a classifier they are the probabilities of its classes.

    Args:
        samples: already quantized, see `quantize_samples` and `random_inputs`.

    Raises:
        DatasetError: the samples do not fit the model.
        ModelError: the interpreter refuses the model, crashes on it, or takes longer than `SECONDS`.
    """
    import numpy as np

    if model.format is ModelFormat.SKOPS:
        return run_estimator(model, samples)
    rows = to_rows(model.inputs, samples)
    key = {
        "model": model.sha256,
        "samples": sha256(rows.tobytes()),
        "kernels": KERNELS,
        "ai-edge-litert": version("ai-edge-litert"),
        "code": sha256(Path(__file__).with_name("reference_process.py").read_bytes()),
    }
    entry = cached("reference", key, lambda directory: _run(model, rows, directory))
    return from_rows(model.outputs, np.load(entry / "outputs.npy", allow_pickle=False))


def _run(model: Model, rows: NDArray[np.uint8], directory: Path) -> None:
    import numpy as np

    (directory / "model.tflite").write_bytes(model.read_bytes())
    np.save(directory / "samples.npy", rows)
    command = [sys.executable, "-m", "harness.model.reference_process", str(directory), KERNELS]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            f"{model.path}: the interpreter took longer than {SECONDS} s for {len(rows)} samples"
        ) from error
    if done.returncode != 0:
        raise ModelError(f"{model.path}: the TFLite interpreter {_fate(done.returncode, done.stderr)}")
    for done_with in ("model.tflite", "samples.npy"):
        (directory / done_with).unlink()


def _fate(returncode: int, words: str) -> str:
    """How the interpreter's process ended, from its return code and what it wrote."""
    if returncode < 0:
        return f"crashed on this model with {signal.Signals(-returncode).name}"
    last = words.strip().splitlines()[-1:] or [f"return code {returncode}"]
    return f"refuses this model: {last[0]}"
