"""Variants: the zoo's networks converted to `.tflite`, its classical models trained, and users' files as they are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness.cache import cached, sha256_of_files
from harness.errors import ModelError
from harness.model.estimator import SUFFIX, read_estimator
from harness.model.intake.kind import is_source
from harness.model.model import Model, ModelFormat
from harness.model.tflite_reader import read_tflite
from harness.model.zoo.classical import ClassicalEntry
from harness.model.zoo.estimators import estimator_file
from harness.model.zoo.find import find_entry
from harness.model.zoo.weights import recipe, weights_file
from harness.optimize.intake.convert_file import convert_file
from harness.optimize.variant import Quantization, Variant
from harness.progress import status
from harness.tensorflow_process import environment, last_words

REPRESENTATIVE_SAMPLES = 100


def make_variant(
    source: str,
    quantization: Quantization | None = None,
    seed: int = 0,
    representative_samples: int = REPRESENTATIVE_SAMPLES,
    meanwhile: Callable[[], None] = lambda: None,
) -> Variant:
    """Build, train and convert a model of the zoo; what was made before comes from the cache, without TensorFlow.

    Args:
        source: the model's name in `ZOO` or a description, with options if need be (see `harness.model.zoo.find`).
        quantization: `INT8` means int8 everywhere, input and output too: usual for a network. Models of scikit-learn
            come in `FLOAT32`, usually, and `INT16`.
        seed: of weights, training and calibration.
        representative_samples: how many calibrate `INT8`: of the data set's training split, or else made up.
        meanwhile: called while another process converts; a time to load what comes next.

    Raises:
        ModelError: there is no such model, its description is not what it has to be, it does not come so quantized, or
            TensorFlow failed.
        DatasetError: what it is to be trained on is not at hand.
    """
    entry = find_entry(source)
    if representative_samples < 1:
        raise ModelError(f"{source}: needs 1 representative sample or more, not {representative_samples}")
    if isinstance(entry, ClassicalEntry):
        return _classical_variant(entry, quantization or Quantization.FLOAT32, seed)
    quantization = quantization or Quantization.INT8
    if quantization is Quantization.INT16:
        raise ModelError(f"{source} is a network; int16 is for models of scikit-learn")
    samples = representative_samples if quantization is Quantization.INT8 else 0
    key = {
        "weights": recipe(entry, seed),
        "quantization": quantization.value,
        "representative_samples": samples,
        "code": sha256_of_files(Path(__file__).with_name("convert_process.py")),
    }

    def make(directory: Path) -> None:
        if entry.trained:
            weights_file(entry, seed)  # here, where its progress is seen
        arguments = (source, str(seed), str(samples), str(directory / f"{entry.name}.tflite"))
        with status(f"converting {entry.name} to {quantization}"):
            _run_converter(arguments, meanwhile)

    path = cached("variants", key, make) / f"{entry.name}.tflite"
    return Variant(read_tflite(path, entry.name), quantization, source, samples, seed)


def _classical_variant(entry: ClassicalEntry, quantization: Quantization, seed: int) -> Variant:
    if quantization not in (Quantization.FLOAT32, Quantization.INT16):
        raise ModelError(
            f"{entry.name} is a model of scikit-learn: it comes in float32 and int16, not in {quantization}"
        )
    with status(f"training {entry.name}"):
        path = estimator_file(entry, seed, quantization is Quantization.INT16)
    return Variant(read_estimator(path, entry.name), quantization, entry.reference or entry.name, seed=seed)


def variant_of_file(
    path: Path, quantization: Quantization | None = None, dataset: Path | None = None, seed: int = 0
) -> Variant:
    """A user's file: `.tflite`, or `.skops` of scikit-learn, as it is; those of other tools converted, see `intake`.

    What is taken as it is is `INT8` if its inputs and outputs and all weights are integers, `FLOAT32` if they are all
    floats.

    Args:
        quantization: to convert to; None means `FLOAT32`. Not for a file that is taken as it is.
        dataset: samples that calibrate `INT8`; None for made-up ones.
        seed: of made-up samples.

    Raises:
        ModelError: it can't be read or converted, or it mixes floats and integers; the text says where.
        DatasetError: the samples do not fit it.
    """
    if is_source(path):
        return _converted_file(path, quantization or Quantization.FLOAT32, dataset, seed)
    model = read_estimator(path) if path.suffix == SUFFIX else read_tflite(path)
    found = detect_quantization(model)
    if quantization not in (None, found):
        raise ModelError(
            f"{path}: is {found}, and taken as it is; to have it in {quantization}, bring what it is made of"
        )
    return Variant(model, found, str(path))


def _converted_file(path: Path, quantization: Quantization, dataset: Path | None, seed: int) -> Variant:
    from harness.model.datasets import load_dataset

    if quantization is Quantization.FLOAT32:
        return Variant(convert_file(path).model, quantization, str(path))
    data = load_dataset(dataset, convert_file(path).model) if dataset else None
    found = convert_file(path, quantization, data, REPRESENTATIVE_SAMPLES, seed)
    return Variant(found.model, quantization, str(path), found.calibrated_with, seed)


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
