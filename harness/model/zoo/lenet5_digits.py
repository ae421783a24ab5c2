"""LeNet-5 with 3x3 convolutions, trained on scikit-learn's handwritten digits."""

from __future__ import annotations

from typing import Any

from harness.model.datasets.sources import data_spec
from harness.model.goal import classify
from harness.model.training.training import Training
from harness.model.zoo.entry import ZooEntry

INPUT_SHAPE = (28, 28, 1)


def build(batch_size: int | None) -> Any:
    """28x28x1 in, 10 classes out."""
    import keras
    from keras import layers

    first = last = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    for filters in (6, 16):
        last = layers.Conv2D(filters, 3, activation="relu")(last)
        last = layers.AveragePooling2D(2)(last)
    last = layers.Flatten()(last)
    for units in (120, 84):
        last = layers.Dense(units, activation="relu")(last)
    return keras.Model(first, layers.Dense(10, activation="softmax")(last))


ENTRY = ZooEntry(
    name="lenet5_digits",
    title="LeNet-5, 3x3 convolutions",
    task="handwritten digits",
    dataset="digits of scikit-learn, 28x28",
    source="LeCun et al., Gradient-based learning applied to document recognition, 1998; 3x3 convolutions and ReLU as "
    "in later deployments on microcontrollers",
    goal=classify(INPUT_SHAPE, 10),
    data=data_spec("digits"),
    training=Training(20, 32, 2e-3, "cosine", validation_share=0.0),
    build=build,
)
