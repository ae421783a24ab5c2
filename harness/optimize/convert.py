"""Variants: the zoo's networks converted to `.tflite`, its classical models trained, and users' files as they are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from harness.cache import cached, sha256_of_files
from harness.errors import ModelError
from harness.model.estimator import SUFFIX, read_estimator
from harness.model.intake.kind import is_source
from harness.model.tflite_graph import open_graph
from harness.model.tflite_reader import read_tflite
from harness.model.zoo.classical import ClassicalEntry
from harness.model.zoo.estimators import estimator_file
from harness.model.zoo.find import find_entry
from harness.model.zoo.weights import weights_file
from harness.optimize.detect import detect_quantization, has_channel_scales
from harness.optimize.intake.convert_file import convert_file
from harness.optimize.prepare import recipe_key, teachers
from harness.optimize.quantization import CLASSICAL_QUANTIZATIONS, Quantization
from harness.optimize.recipe import AS_TRAINED, Recipe
from harness.optimize.variant import Variant
from harness.progress import status
from harness.tensorflow_process import environment, last_words

REPRESENTATIVE_SAMPLES = 100

_CODE = ("calibrate", "convert_process", "ranges")


def make_variant(
    source: str,
    quantization: Quantization | None = None,
    recipe: Recipe = AS_TRAINED,
    seed: int = 0,
    representative_samples: int = REPRESENTATIVE_SAMPLES,
    meanwhile: Callable[[], None] = lambda: None,
) -> Variant:
    """Build, train and convert a model of the zoo; what was made before comes from the cache, without TensorFlow.

    Args:
        source: the model's name in `ZOO` or a description, with options if need be (see `harness.model.zoo.find`).
        quantization: usually `INT8` for a network. Models of scikit-learn come in `FLOAT32`, usually, and `INT16`.
        recipe: what is done to it beforehand, and how it is calibrated.
        seed: of weights, training and calibration.
        representative_samples: how many calibrate integers: of the data set's training split, or else made up.
        meanwhile: called while another process converts; a time to load what comes next.

    Raises:
        ModelError: there is no such model, its description is not what it has to be, it does not come so quantized, or
            TensorFlow failed.
        DatasetError: what it is to be trained on is not at hand.
        ConfigError: the recipe makes no sense for the quantization.
    """
    entry = find_entry(source)
    if representative_samples < 1:
        raise ModelError(f"{source}: needs 1 representative sample or more, not {representative_samples}")
    if isinstance(entry, ClassicalEntry):
        return _classical_variant(entry, quantization or Quantization.FLOAT32, recipe, seed)
    quantization = quantization or Quantization.INT8
    if quantization is Quantization.INT16:
        raise ModelError(f"{source} is a network; int16 is for models of scikit-learn")
    recipe.check(quantization)
    # Training for int8 finds the ranges itself.
    samples = representative_samples if quantization.is_calibrated and not recipe.qat else 0
    key = {
        **recipe_key(entry, recipe, seed),
        "quantization": quantization.value,
        "representative_samples": samples,
        "quantizer": version("ai-edge-quantizer"),
        "conversion": sha256_of_files(*(Path(__file__).with_name(f"{name}.py") for name in _CODE)),
    }

    def make(directory: Path) -> None:
        for one in (entry, *teachers(recipe)):
            if one.trained:
                weights_file(one, seed)  # here, where its progress is seen
        arguments = (source, quantization.value, recipe.to_json(), str(seed), str(samples))
        with status(f"converting {entry.name} to {quantization} {recipe}".rstrip()):
            _run_converter((*arguments, str(directory / f"{entry.name}.tflite")), meanwhile)

    path = cached("variants", key, make) / f"{entry.name}.tflite"
    model = read_tflite(path, entry.name)
    return Variant(model, quantization, source, samples, seed, has_channel_scales(open_graph(model)), recipe)


def _classical_variant(entry: ClassicalEntry, quantization: Quantization, recipe: Recipe, seed: int) -> Variant:
    if str(recipe):
        raise ModelError(f"{entry.name} is a model of scikit-learn; {recipe} is for networks")
    if quantization not in CLASSICAL_QUANTIZATIONS:
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

    Args:
        quantization: to convert to; None means `FLOAT32`. Not for a file that is taken as it is.
        dataset: samples that calibrate integers; None for made-up ones.
        seed: of made-up samples.

    Raises:
        ModelError: it can't be read or converted, or it is quantized in a way that no `Quantization` describes, see
            `detect`.
        DatasetError: the samples do not fit it.
    """
    if is_source(path) or path.is_dir():
        return _converted_file(path, quantization or Quantization.FLOAT32, dataset, seed)
    variant = _file_as_it_is(path)
    if quantization not in (None, variant.quantization):
        raise ModelError(
            f"{path}: is {variant.quantization}, and taken as it is; to have it in {quantization}, bring what it is "
            "made of"
        )
    return variant


def _file_as_it_is(path: Path) -> Variant:
    if path.suffix == SUFFIX:
        estimator = read_estimator(path)
        return Variant(estimator, Quantization(estimator.inputs[0].dtype), str(path))
    model = read_tflite(path)
    graph = open_graph(model)
    return Variant(model, detect_quantization(graph, str(path)), str(path), per_channel=has_channel_scales(graph))


def _converted_file(path: Path, quantization: Quantization, dataset: Path | None, seed: int) -> Variant:
    from harness.model.datasets import load_dataset

    data = load_dataset(dataset, convert_file(path).model) if dataset and quantization.is_calibrated else None
    found = convert_file(path, quantization, data, REPRESENTATIVE_SAMPLES, seed)
    per_channel = has_channel_scales(open_graph(found.model))
    return Variant(found.model, quantization, str(path), found.calibrated_with, seed, per_channel=per_channel)


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
