"""Variants: the zoo's models converted to `.tflite`, and users' files as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cache import cached, sha256_of_files
from harness.errors import ModelError
from harness.model.datasets import load_named
from harness.model.model import Model
from harness.model.quietly import tensorflow_quietly
from harness.model.tflite_reader import read_tflite
from harness.model.zoo import ZOO, ZooEntry
from harness.model.zoo.weights import keras_model, recipe, weights_file
from harness.optimize.variant import Quantization, Variant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REPRESENTATIVE_SAMPLES = 100


def make_variant(
    source: str,
    quantization: Quantization,
    seed: int = 0,
    representative_samples: int = REPRESENTATIVE_SAMPLES,
) -> Variant:
    """Build, train and convert a model of the zoo; what was made before comes from the cache, without TensorFlow.

    Args:
        source: the model's name in `ZOO`.
        quantization: `INT8` means int8 everywhere, input and output too.
        seed: of weights, training and calibration.
        representative_samples: how many calibrate `INT8`: of the data set's training split, or else made up.

    Raises:
        ModelError: the zoo has no such model, or TensorFlow failed.
    """
    if source not in ZOO:
        raise ModelError(f"the zoo has no model {source!r}; it has {', '.join(ZOO)}")
    if representative_samples < 1:
        raise ModelError(f"{source}: needs 1 representative sample or more, not {representative_samples}")
    entry = ZOO[source]
    samples = representative_samples if quantization is Quantization.INT8 else 0
    key = {
        "weights": recipe(entry, seed),
        "quantization": quantization.value,
        "representative_samples": samples,
        "code": sha256_of_files(Path(__file__)),
    }

    def make(directory: Path) -> None:
        weights, representative = weights_file(entry, seed), _representative(entry, seed, samples)
        with tensorflow_quietly(f"converting {source} to {quantization}"):
            content = _convert(keras_model(entry, weights), representative)
        (directory / f"{source}.tflite").write_bytes(content)

    path = cached("variants", key, make) / f"{source}.tflite"
    return Variant(read_tflite(path, source), quantization, source, samples, seed)


def variant_of_file(path: Path) -> Variant:
    """A user's `.tflite` as it is.

    It is `INT8` if its inputs and outputs and all weights are integers, `FLOAT32` if they are all floats.

    Raises:
        ModelError: it can't be read, or it mixes floats and integers; the text says where.
    """
    model = read_tflite(path)
    return Variant(model, detect_quantization(model), str(path))


def detect_quantization(model: Model) -> Quantization:
    """How a model is quantized, from the types of its tensors.

    Raises:
        ModelError: some layers are float32 and others int8, or there are other types.
    """
    kinds = {tensor.dtype for tensor in (*model.inputs, *model.outputs)}
    for layer in model.layers:
        # The types that tell are those of the data: shapes, axes and biases are int32 in both.
        kinds |= {tensor.dtype for tensor in (*layer.inputs[:1], *layer.outputs)}
        if layer.macs and len(layer.inputs) > 1:
            kinds.add(layer.inputs[1].dtype)
    for quantization in Quantization:
        if kinds <= {quantization.value, "int32", "int64", "bool"} and quantization.value in kinds:
            return quantization
    raise ModelError(
        f"{model.path}: mixes {', '.join(sorted(kinds))}; convert it to float32 or to int8 throughout, "
        "inputs and outputs included"
    )


def _representative(entry: ZooEntry, seed: int, count: int) -> NDArray[np.float32] | None:
    """(count, ...) float32; None where nothing has to be calibrated."""
    import numpy as np

    if count == 0:
        return None
    if entry.dataset is None:
        # Other inputs than those that gave the weights their statistics.
        return entry.made_up_inputs(count, seed + 1)
    samples = load_named(entry.dataset, "train").samples
    if count > len(samples):
        raise ModelError(f"{entry.name}: {entry.dataset} has {len(samples)} training samples, not {count}")
    return samples[np.random.default_rng(seed).permutation(len(samples))[:count]].astype(np.float32)


def _convert(keras_model: Any, representative: NDArray[np.float32] | None) -> bytes:
    """A `.tflite` from a Keras model of batch one: float32, or int8 throughout where there are samples."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(keras_model)
    if representative is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample[None]] for sample in representative)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content
