"""Makes model files with Keras: `python -m tests.optimize.intake.keras_files DIRECTORY`; TensorFlow stays in there."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
from keras import layers


@keras.saving.register_keras_serializable("mine")
class Own(layers.Layer):  # type: ignore[misc]
    """A custom layer."""

    def call(self, inputs: object) -> object:
        return inputs


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
    code = [layers.Lambda(lambda x: x, name="evil"), Own(name="own")]
    for name in ("code.keras", "code.h5"):
        keras.Sequential([keras.Input((8,)), layers.Dense(4), *code]).save(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
