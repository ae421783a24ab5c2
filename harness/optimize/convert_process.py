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
from harness.model.zoo.weights import keras_model, weights_file
from harness.tensorflow_process import import_tensorflow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def main(source: str, seed: int, representative_samples: int, path: Path) -> None:
    """Write the `.tflite` of a model of the zoo: full int8 where there are representative samples, else float32."""
    entry = find_entry(source)
    representative = entry.representative(representative_samples, seed) if representative_samples else None
    import_tensorflow()
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(keras_model(entry, weights_file(entry, seed)))
    path.write_bytes(converted(converter, None if representative is None else [[one[None]] for one in representative]))


def converted(converter: Any, representative: Sequence[Sequence[NDArray[np.generic]]] | None) -> bytes:
    """A `.tflite` from TFLite's converter: float32, or int8 throughout where there are samples.

    Args:
        representative: the inputs of each sample, of batch one.
    """
    import tensorflow as tf

    if representative is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (list(sample) for sample in representative)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    except HarnessError as error:
        sys.exit(str(error))
