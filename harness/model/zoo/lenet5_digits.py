"""LeNet-5: with 3x3 convolutions for scikit-learn's digits and for MNIST, and with the 5x5 ones of 1998."""

from __future__ import annotations

from functools import partial
from typing import Any

from harness.model.datasets.sources import data_spec
from harness.model.goal import classify
from harness.model.training.training import Training
from harness.model.zoo.entry import ZooEntry

INPUT_SHAPE = (28, 28, 1)


def build(batch_size: int | None, kernel: int = 3, padding: str = "valid") -> Any:
    """28x28x1 in, 10 classes out; the padding is that of the first convolution."""
    import keras
    from keras import layers

    first = last = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    for filters, pad in ((6, padding), (16, "valid")):
        last = layers.Conv2D(filters, kernel, padding=pad, activation="relu")(last)
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

MNIST = ZooEntry(
    name="lenet5_mnist",
    title="LeNet-5, 3x3 convolutions",
    task="handwritten digits",
    dataset="MNIST",
    source="Heim et al., Measuring what really matters, 2021; trained as in Table A.1 of Heim's thesis, 2020",
    goal=classify(INPUT_SHAPE, 10),
    build=build,
    data=data_spec("mnist"),
    training=Training(50, 4000, 3e-3, validation_share=0.1),
)

CLASSIC = ZooEntry(
    name="lenet5_classic",
    title="LeNet-5, 5x5 convolutions",
    task="handwritten digits",
    dataset="MNIST",
    source="LeCun et al., 1998, with ReLU; stands for the LeNet-5 of TDSE, whose layers are unpublished",
    goal=classify(INPUT_SHAPE, 10),
    build=partial(build, kernel=5, padding="same"),
    data=data_spec("mnist"),
    training=Training(50, 4000, 3e-3, validation_share=0.1),
)
