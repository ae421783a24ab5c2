"""The one-dimensional DS-CNN that finds a wake word in a stream: the streaming benchmark of MLPerf Tiny."""

from __future__ import annotations

from typing import Any

from harness.model.goal import classify
from harness.model.zoo.blocks import normalized_relu
from harness.model.zoo.entry import ZooEntry

# Frames that each block spans, and its filters; nothing is padded, so that the last block has one place left.
_BLOCKS = ((3, 128), (5, 128), (10, 128), (15, 32))

INPUT_SHAPE = (30, 1, 40)


def build(batch_size: int | None) -> Any:
    """30 frames of 40 log-mel energies in; wake word, silence or other out."""
    import keras
    from keras import layers

    first = last = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    for frames, filters in _BLOCKS:
        last = layers.DepthwiseConv2D((frames, 1), use_bias=False)(last)
        last = normalized_relu(layers.Conv2D(filters, 1, use_bias=False)(last))
    return keras.Model(first, layers.Dense(3, activation="softmax")(layers.Flatten()(last)))


ENTRY = ZooEntry(
    name="sww_ds_cnn",
    title="1D DS-CNN",
    task="streaming wake word",
    dataset="Speech Commands v2 with MUSAN noise",
    source="MLPerf Tiny v1.3 streaming wake word reference",
    goal=classify(INPUT_SHAPE, 3),
    build=build,
)
