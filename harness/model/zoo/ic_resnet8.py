"""ResNet-8, the image classification model of MLPerf Tiny."""

from __future__ import annotations

from typing import Any

from harness.model.datasets.sources import data_spec
from harness.model.goal import classify
from harness.model.training.training import Training
from harness.model.zoo.blocks import normalized_relu, residual
from harness.model.zoo.entry import ZooEntry

INPUT_SHAPE = (32, 32, 3)


def build(batch_size: int | None, filters: int = 16) -> Any:
    """32x32 RGB in, 10 classes out."""
    import keras
    from keras import layers

    first = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    last = normalized_relu(layers.Conv2D(filters, 3, padding="same")(first))
    for factor, stride in ((1, 1), (2, 2), (4, 2)):
        last = residual(last, factor * filters, stride)
    last = layers.Flatten()(layers.AveragePooling2D(8)(last))
    return keras.Model(first, layers.Dense(10, activation="softmax")(last))


ENTRY = ZooEntry(
    name="ic_resnet8",
    title="ResNet-8",
    task="image classification",
    dataset="CIFAR-10",
    source="MLPerf Tiny v1.0 image classification reference; He et al., Deep residual learning, 2015; "
    "stands for the ResNet of TDSE, whose layers are unpublished",
    goal=classify(INPUT_SHAPE, 10, (0.0, 255.0)),
    build=build,
)

DIGITS = ZooEntry(
    name="resnet8_digits",
    title="ResNet-8 on digits",
    task="handwritten digits",
    dataset="digits of scikit-learn, 32x32 RGB",
    source="ic_resnet8, where CIFAR-10 is not at hand: a network of its size that is really trained",
    goal=classify(INPUT_SHAPE, 10, (0.0, 255.0)),
    build=build,
    data=data_spec("digits_rgb"),
    training=Training(8, 32, 2e-3, "cosine", validation_share=0.0),
)
