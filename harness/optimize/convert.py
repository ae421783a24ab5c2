"""Variants: the zoo's networks converted to `.tflite`, its classical models trained, and users' files as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness.cache import cached, sha256_of_files
from harness.errors import ModelError
from harness.model.estimator import SUFFIX, read_estimator
from harness.model.model import Model, ModelFormat
from harness.model.tflite_reader import read_tflite
from harness.model.zoo import CLASSICAL, NETWORKS, ZOO
from harness.model.zoo.training import estimator_file
from harness.model.zoo.weights import recipe
from harness.optimize.variant import Quantization, Variant
from harness.progress import status

REPRESENTATIVE_SAMPLES = 100

# oneDNN picks other kernels on other processors, and with them other rounding.
_TENSORFLOW_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
_LINES_SHOWN = 5


def make_variant(
    source: str,
    quantization: Quantization | None = None,
    seed: int = 0,
    representative_samples: int = REPRESENTATIVE_SAMPLES,
    meanwhile: Callable[[], None] = lambda: None,
) -> Variant:
    """Build, train and convert a model of the zoo; what was made before comes from the cache, without TensorFlow.

    Networks come in `FLOAT32` and `INT8`, models of scikit-learn in `FLOAT32` and `INT16`.

    Args:
        source: the model's name in `ZOO`.
        quantization: `INT8` means int8 everywhere, input and output too; by default that for a network, and `FLOAT32`
            for a model of scikit-learn.
        seed: of weights, training and calibration.
        representative_samples: how many calibrate `INT8`: of the data set's training split, or else made up.
        meanwhile: called while another process converts; a time to load what comes next.

    Raises:
        ModelError: the zoo has no such model, it does not come so quantized, or TensorFlow failed.
    """
    if source not in ZOO:
        raise ModelError(f"the zoo has no model {source!r}; it has {', '.join(ZOO)}")
    if representative_samples < 1:
        raise ModelError(f"{source}: needs 1 representative sample or more, not {representative_samples}")
    if source in CLASSICAL:
        return _classical_variant(source, quantization or Quantization.FLOAT32, seed)
    entry, quantization = NETWORKS[source], quantization or Quantization.INT8
    if quantization is Quantization.INT16:
        raise ModelError(f"{source} is a network: it comes in float32 and int8, not in int16")
    samples = representative_samples if quantization is Quantization.INT8 else 0
    key = {
        "weights": recipe(entry, seed),
        "quantization": quantization.value,
        "representative_samples": samples,
        "code": sha256_of_files(Path(__file__).with_name("convert_process.py")),
    }

    def make(directory: Path) -> None:
        arguments = (source, str(seed), str(samples), str(directory / f"{source}.tflite"))
        with status(f"converting {source} to {quantization}"):
            _run_converter(arguments, meanwhile)

    path = cached("variants", key, make) / f"{source}.tflite"
    return Variant(read_tflite(path, source), quantization, source, samples, seed)


def _classical_variant(source: str, quantization: Quantization, seed: int) -> Variant:
    if quantization is Quantization.INT8:
        raise ModelError(f"{source} is a model of scikit-learn: it comes in float32 and int16, not in int8")
    with status(f"training {source}"):
        path = estimator_file(CLASSICAL[source], seed, quantization is Quantization.INT16)
    return Variant(read_estimator(path, source), quantization, source, seed=seed)


def variant_of_file(path: Path) -> Variant:
    """A user's `.tflite`, or `.skops` of scikit-learn, as it is.

    A `.tflite` is `INT8` if its inputs and outputs and all weights are integers, `FLOAT32` if they are all floats.

    Raises:
        ModelError: it can't be read, or it mixes floats and integers; the text says where.
    """
    model = read_estimator(path) if path.suffix == SUFFIX else read_tflite(path)
    return Variant(model, detect_quantization(model), str(path))


def detect_quantization(model: Model) -> Quantization:
    """How a model is quantized, from the types of its tensors.

    Raises:
        ModelError: some layers are float32 and others int8, or there are other types.
    """
    if model.format is ModelFormat.SKOPS:
        return Quantization(model.inputs[0].dtype)
    kinds = {tensor.dtype for tensor in (*model.inputs, *model.outputs)}
    for layer in model.layers:
        # The types that tell are those of the data: shapes, axes and biases are int32 in both.
        kinds |= {tensor.dtype for tensor in (*layer.inputs[:1], *layer.outputs)}
        if layer.macs and len(layer.inputs) > 1:
            kinds.add(layer.inputs[1].dtype)
    for quantization in (Quantization.FLOAT32, Quantization.INT8):
        if kinds <= {quantization.value, "int32", "int64", "bool"} and quantization.value in kinds:
            return quantization
    raise ModelError(
        f"{model.path}: mixes {', '.join(sorted(kinds))}; convert it to float32 or to int8 throughout, "
        "inputs and outputs included"
    )


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
