"""MobileNetV1 at a quarter of its width, the visual wake words model of MLPerf Tiny."""

from __future__ import annotations

from typing import Any

from harness.model.goal import classify
from harness.model.zoo.blocks import normalized_relu
from harness.model.zoo.entry import ZooEntry

# Filters, as a multiple of the first convolution's, and stride of each depthwise-separable block.
_BLOCKS = ((2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2), *((16, 1),) * 5, (32, 2), (32, 1))

INPUT_SHAPE = (96, 96, 3)


def build(batch_size: int | None, filters: int = 8) -> Any:
    """96x96 RGB in, person or none out."""
    import keras
    from keras import layers

    first = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    last = normalized_relu(layers.Conv2D(filters, 3, strides=2, padding="same")(first))
    for factor, stride in _BLOCKS:
        last = normalized_relu(layers.DepthwiseConv2D(3, strides=stride, padding="same")(last))
        last = normalized_relu(layers.Conv2D(factor * filters, 1, padding="same")(last))
    last = layers.Flatten()(layers.AveragePooling2D(3)(last))
    return keras.Model(first, layers.Dense(2, activation="softmax")(last))


ENTRY = ZooEntry(
    name="vww_mobilenet_v1",
    title="MobileNetV1 0.25, 96x96",
    task="visual wake words",
    dataset="Visual Wake Words",
    source="MLPerf Tiny v1.0 visual wake words reference; Howard et al., MobileNets, 2017",
    goal=classify(INPUT_SHAPE, 2),
    build=build,
)
