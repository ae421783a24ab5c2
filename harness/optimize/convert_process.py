"""The process that trains and converts: `python -m harness.optimize.convert_process` and the arguments of `main`.

TensorFlow gets a process of its own: what it prints stays there, its memory is given back, and every conversion starts
from the same state.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.model.zoo.find import find_entry
from harness.optimize.prepare import prepared
from harness.optimize.quantization import Quantization
from harness.optimize.recipe import Recipe
from harness.tensorflow_process import import_tensorflow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def main(source: str, quantization: Quantization, recipe: Recipe, seed: int, samples: int, path: Path) -> None:
    """Write the `.tflite` of a model of the zoo or of a description.

    Args:
        samples: how many calibrate it.
    """
    entry = find_entry(source)
    representative = entry.representative(samples, seed) if samples else None
    import_tensorflow()
    model = prepared(entry, recipe, seed)
    if recipe.is_plain or representative is None:
        path.write_bytes(_convert(model, quantization, representative))
    else:
        from harness.optimize.calibrate import quantize

        real = _convert(model, Quantization.FLOAT32, None)
        path.write_bytes(quantize(real, quantization, representative, recipe, seed))


def _convert(keras_model: Any, quantization: Quantization, representative: NDArray[np.generic] | None) -> bytes:
    """A `.tflite` from a Keras model of batch one and one input."""
    import tensorflow as tf

    samples = None if representative is None else [[sample[None]] for sample in representative]
    return converted(tf.lite.TFLiteConverter.from_keras_model(keras_model), quantization, samples)


def converted(
    converter: Any, quantization: Quantization, representative: Sequence[Sequence[NDArray[np.generic]]] | None
) -> bytes:
    """A `.tflite` from TFLite's converter.

    Args:
        representative: the inputs of each sample, of batch one, that calibrate integers; None for a model that says
            what ranges it has.
    """
    import tensorflow as tf

    sets = tf.lite.OpsSet
    integer_operators = {
        "int8": sets.TFLITE_BUILTINS_INT8,
        "int16": sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
    }
    if quantization is not Quantization.FLOAT32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization is Quantization.FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if representative is not None:
        converter.representative_dataset = lambda: (list(sample) for sample in representative)
        converter.target_spec.supported_ops = [integer_operators[quantization.activations]]
    if quantization.is_calibrated:
        converter.inference_input_type = converter.inference_output_type = tf.dtypes.as_dtype(quantization.io)
    content: bytes = converter.convert()
    return content


if __name__ == "__main__":
    try:
        model, stored, steps, number, count, output = sys.argv[1:]
        main(model, Quantization(stored), Recipe.from_json(steps), int(number), int(count), Path(output))
    except HarnessError as error:
        sys.exit(str(error))
