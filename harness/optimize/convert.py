"""Variants: the zoo's models converted to `.tflite`, and users' files as they are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness.cache import cached, sha256_of_files
from harness.errors import ModelError
from harness.model.model import Model
from harness.model.tflite_graph import open_graph
from harness.model.tflite_reader import read_tflite
from harness.model.zoo.find import find_entry
from harness.model.zoo.weights import recipe, weights_file
from harness.optimize.detect import detect_quantization, has_channel_scales
from harness.optimize.variant import Quantization, Variant
from harness.progress import status
from harness.tensorflow_process import environment, last_words

REPRESENTATIVE_SAMPLES = 100


def make_variant(
    source: str,
    quantization: Quantization,
    seed: int = 0,
    representative_samples: int = REPRESENTATIVE_SAMPLES,
    meanwhile: Callable[[], None] = lambda: None,
) -> Variant:
    """Build, train and convert a model of the zoo; what was made before comes from the cache, without TensorFlow.

    Args:
        source: the model's name in `ZOO` or a description, with options if need be (see `harness.model.zoo.find`).
        seed: of weights, training and calibration.
        representative_samples: how many calibrate integers: of the data set's training split, or else made up.
        meanwhile: called while another process converts; a time to load what comes next.

    Raises:
        ModelError: there is no such model, its description is not what it has to be, or TensorFlow failed.
        DatasetError: what it is to be trained on is not at hand.
    """
    entry = find_entry(source)
    if representative_samples < 1:
        raise ModelError(f"{source}: needs 1 representative sample or more, not {representative_samples}")
    samples = representative_samples if quantization.is_calibrated else 0
    key = {
        "weights": recipe(entry, seed),
        "quantization": quantization.value,
        "representative_samples": samples,
        "code": sha256_of_files(Path(__file__).with_name("convert_process.py")),
    }

    def make(directory: Path) -> None:
        if entry.trained:
            weights_file(entry, seed)  # here, where its progress is seen
        arguments = (source, quantization.value, str(seed), str(samples), str(directory / f"{entry.name}.tflite"))
        with status(f"converting {entry.name} to {quantization}"):
            _run_converter(arguments, meanwhile)

    path = cached("variants", key, make) / f"{entry.name}.tflite"
    return _variant(read_tflite(path, entry.name), quantization, source, samples, seed)


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
        env=environment(),
    )
    try:
        meanwhile()
        _, errors = process.communicate()
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise ModelError(f"converting {arguments[0]} failed:\n{last_words(errors)}")
