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
from harness.model.zoo import NETWORKS, ZooEntry
from harness.model.zoo.weights import keras_model, weights_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONAL_TO_KERAS = ("matplotlib", "pandas", "sklearn")
"""Packages that Keras imports when they are there, for what is not done here: half the time its import takes."""


def main(source: str, seed: int, representative_samples: int, path: Path) -> None:
    """Write the `.tflite` of a model of the zoo: full int8 where there are representative samples, else float32."""
    entry = NETWORKS[source]
    representative = _representative(entry, seed, representative_samples)
    _import_tensorflow()
    path.write_bytes(_convert(keras_model(entry, weights_file(entry, seed)), representative))


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


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    except ModelError as error:
        sys.exit(str(error))
