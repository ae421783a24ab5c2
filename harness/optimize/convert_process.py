"""The process that trains and converts: `python -m harness.optimize.convert_process` and the arguments of `main`.

TensorFlow gets a process of its own: what it prints stays there, its memory is given back, and every conversion starts
from the same state.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.model.datasets import load_named
from harness.model.zoo import ZOO, ZooEntry
from harness.model.zoo.weights import keras_model, weights_file
from harness.optimize.variant import Quantization

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONAL_TO_KERAS = ("matplotlib", "pandas", "sklearn")
"""Packages that Keras imports when they are there, for what is not done here: half the time its import takes."""


def main(source: str, quantization: Quantization, seed: int, representative_samples: int, path: Path) -> None:
    """Write the `.tflite` of a model of the zoo."""
    entry = ZOO[source]
    representative = _representative(entry, seed, representative_samples)
    _import_tensorflow()
    path.write_bytes(_convert(keras_model(entry, weights_file(entry, seed)), quantization, representative))


def _import_tensorflow() -> None:
    absent = [name for name in OPTIONAL_TO_KERAS if name not in sys.modules]
    hidden: dict[str, Any] = dict.fromkeys(absent)
    sys.modules.update(hidden)
    import tensorflow  # noqa: F401 - what uses it imports it again

    for name in absent:
        del sys.modules[name]


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


def _convert(keras_model: Any, quantization: Quantization, representative: NDArray[np.float32] | None) -> bytes:
    """A `.tflite` from a Keras model of batch one."""
    import tensorflow as tf

    sets = tf.lite.OpsSet
    integer_operators = {
        "int8": sets.TFLITE_BUILTINS_INT8,
        "int16": sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
    }
    converter = tf.lite.TFLiteConverter.from_keras_model(keras_model)
    if quantization is not Quantization.FLOAT32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization is Quantization.FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if representative is not None:
        converter.representative_dataset = lambda: ([sample[None]] for sample in representative)
        converter.target_spec.supported_ops = [integer_operators[quantization.activations]]
        converter.inference_input_type = converter.inference_output_type = tf.dtypes.as_dtype(quantization.io)
    content: bytes = converter.convert()
    return content


if __name__ == "__main__":
    try:
        main(sys.argv[1], Quantization(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
    except ModelError as error:
        sys.exit(str(error))
