"""Makes model files with Keras: `python -m tests.optimize.intake.keras_files DIRECTORY`; TensorFlow stays in there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from keras import layers


@keras.saving.register_keras_serializable("mine")
class Own(layers.Layer):  # type: ignore[misc]
    """A custom layer."""

    def call(self, inputs: object) -> object:
        return inputs


class Writer(tf.Module):  # type: ignore[misc]
    """Writes a file when it runs."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = str(path)

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])  # type: ignore[untyped-decorator]
    def serve(self, inputs: Any) -> Any:
        tf.io.write_file(self.path, "written")
        return inputs * 2


def main(folder: Path) -> None:
    """A convolutional network in all three formats, two inputs and outputs, a recurrent one, and what is refused."""
    keras.utils.set_random_seed(0)
    network = [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()]
    model = keras.Sequential([*network, layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")])
    model.save(folder / "cnn.keras")
    model.save(folder / "cnn.h5")
    model.export(folder / "cnn", verbose=False)
    first, second = keras.Input((4,), name="zeta"), keras.Input((3,), name="alpha")
    joined = layers.Concatenate()([first, second])
    keras.Model([first, second], [layers.Dense(2)(joined), layers.Dense(5)(joined)]).save(folder / "two.keras")
    keras.Sequential([keras.Input((5, 4)), layers.LSTM(6), layers.Dense(2)]).save(folder / "lstm.keras")
    half = layers.Dense(2, dtype="mixed_float16", name="half")
    keras.Sequential([keras.Input((4,)), half, layers.Dense(2)]).save(folder / "mixed.keras")
    writer = Writer(folder / "written")
    tf.saved_model.save(writer, str(folder / "writer"), signatures={"serving_default": writer.serve})
    code = [layers.Lambda(lambda x: x, name="evil"), Own(name="own")]
    for name in ("code.keras", "code.h5"):
        keras.Sequential([keras.Input((8,)), layers.Dense(4), *code]).save(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
