"""Variants: the zoo's models converted to `.tflite`, and users' files as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness.cache import cached, sha256_of_files
from harness.errors import ModelError
from harness.model.model import Model
from harness.model.tflite_graph import open_graph
from harness.model.tflite_reader import read_tflite
from harness.model.zoo import ZOO
from harness.model.zoo.weights import recipe
from harness.optimize.detect import detect_quantization, has_channel_scales
from harness.optimize.variant import Quantization, Variant
from harness.progress import status

REPRESENTATIVE_SAMPLES = 100

# oneDNN picks other kernels on other processors, and with them other rounding.
_TENSORFLOW_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
_LINES_SHOWN = 5


def make_variant(
    source: str,
    quantization: Quantization,
    seed: int = 0,
    representative_samples: int = REPRESENTATIVE_SAMPLES,
    meanwhile: Callable[[], None] = lambda: None,
) -> Variant:
    """Build, train and convert a model of the zoo; what was made before comes from the cache, without TensorFlow.

    Args:
        source: the model's name in `ZOO`.
        seed: of weights, training and calibration.
        representative_samples: how many calibrate integers: of the data set's training split, or else made up.
        meanwhile: called while another process converts; a time to load what comes next.

    Raises:
        ModelError: the zoo has no such model, or TensorFlow failed.
    """
    if source not in ZOO:
        raise ModelError(f"the zoo has no model {source!r}; it has {', '.join(ZOO)}")
    if representative_samples < 1:
        raise ModelError(f"{source}: needs 1 representative sample or more, not {representative_samples}")
    entry = ZOO[source]
    samples = representative_samples if quantization.is_calibrated else 0
    key = {
        "weights": recipe(entry, seed),
        "quantization": quantization.value,
        "representative_samples": samples,
        "code": sha256_of_files(Path(__file__).with_name("convert_process.py")),
    }

    def make(directory: Path) -> None:
        arguments = (source, quantization.value, str(seed), str(samples), str(directory / f"{source}.tflite"))
        with status(f"converting {source} to {quantization}"):
            _run_converter(arguments, meanwhile)

    path = cached("variants", key, make) / f"{source}.tflite"
    return _variant(read_tflite(path, source), quantization, source, samples, seed)


def variant_of_file(path: Path) -> Variant:
    """A user's `.tflite` as it is.

    Raises:
        ModelError: it can't be read, or it is quantized in a way that no `Quantization` describes, see `detect`.
    """
    model = read_tflite(path)
    return _variant(model, detect_quantization(open_graph(model), str(path)), str(path))


def _variant(model: Model, quantization: Quantization, source: str, samples: int = 0, seed: int = 0) -> Variant:
    return Variant(model, quantization, source, samples, seed, has_channel_scales(open_graph(model)))


def _run_converter(arguments: tuple[str, ...], meanwhile: Callable[[], None]) -> None:
    """Convert in a process of its own, see `convert_process.main`.

    Raises:
        ModelError: it failed; the text has the last of its words.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.optimize.convert_process", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **_TENSORFLOW_ENVIRONMENT},
    )
    try:
        meanwhile()
        _, errors = process.communicate()
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        words = "\n".join(errors.decode(errors="replace").strip().splitlines()[-_LINES_SHOWN:])
        raise ModelError(f"converting {arguments[0]} failed:\n{words}")
