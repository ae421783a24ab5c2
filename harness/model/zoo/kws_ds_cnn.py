"""DS-CNN, the keyword spotting model of MLPerf Tiny."""

from __future__ import annotations

from typing import Any

from harness.model.datasets.sources import data_spec
from harness.model.goal import classify
from harness.model.training.training import Training
from harness.model.zoo.blocks import normalized_relu
from harness.model.zoo.entry import ZooEntry

INPUT_SHAPE = (49, 10, 1)


def build(batch_size: int | None, filters: int = 64) -> Any:
    """49 frames of 10 MFCC in, 12 words out."""
    import keras
    from keras import layers

    first = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    last = normalized_relu(layers.Conv2D(filters, (10, 4), strides=2, padding="same")(first))
    for _ in range(4):
        last = normalized_relu(layers.DepthwiseConv2D(3, padding="same")(last))
        last = normalized_relu(layers.Conv2D(filters, 1, padding="same")(last))
    last = layers.Flatten()(layers.AveragePooling2D((25, 5))(last))
    return keras.Model(first, layers.Dense(12, activation="softmax")(last))


ENTRY = ZooEntry(
    name="kws_ds_cnn",
    title="DS-CNN",
    task="keyword spotting",
    dataset="Speech Commands v2, 12 words",
    source="MLPerf Tiny v1.0 keyword spotting reference; Zhang et al., Hello Edge, 2017",
    goal=classify(INPUT_SHAPE, 12, (-123.5, 25.5)),
    build=build,
    data=data_spec("speech_commands"),
    # Batches as in EdgeMark's description of it; how long and at what rate is ours.
    training=Training(30, 100, 1e-3, "cosine"),
)
