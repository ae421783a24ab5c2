"""ResNet-20 on CIFAR-10, of the work on TensorFlow Lite Micro at ETH Zurich."""

from __future__ import annotations

from typing import Any

from harness.model.datasets.sources import data_spec
from harness.model.goal import classify
from harness.model.training.training import Training
from harness.model.zoo.blocks import normalized_relu, residual
from harness.model.zoo.entry import ZooEntry

INPUT_SHAPE = (32, 32, 3)
BLOCKS = 3
_FACTORS = ((81, 1e-1), (121, 1e-2), (161, 1e-3), (181, 5e-4))


def build(batch_size: int | None) -> Any:
    """32x32 RGB in, 10 classes out."""
    import keras
    from keras import layers

    first = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    last = normalized_relu(layers.Conv2D(16, 3, padding="same")(first))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(BLOCKS):
            last = residual(last, filters, 1 if block else stride)
    last = layers.Flatten()(layers.AveragePooling2D(8)(last))
    return keras.Model(first, layers.Dense(10, activation="softmax")(last))


ENTRY = ZooEntry(
    name="resnet20",
    title="ResNet-20",
    task="image classification",
    dataset="CIFAR-10",
    source="Heim et al., Measuring what really matters, 2021, and Heim's thesis, ETH Zurich, 2020; He et al., 2015; "
    "learning rates and augmentation as in Keras's ResNet example",
    goal=classify(INPUT_SHAPE, 10),
    build=build,
    data=data_spec("cifar10"),
    training=Training(200, 32, steps=_FACTORS, augmentation=True),
)
