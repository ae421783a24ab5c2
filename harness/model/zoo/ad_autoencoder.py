"""The fully connected autoencoder that finds odd machine sounds in MLPerf Tiny."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.model.goal import regress
from harness.model.zoo.blocks import normalized_relu
from harness.model.zoo.entry import ZooEntry

INPUT_SHAPE = (640,)
UNITS = (128, 128, 128, 128, 8, 128, 128, 128, 128)


def build(batch_size: int | None, hidden: Sequence[int] = UNITS) -> Any:
    """5 frames of 128 log-mel energies in, their reconstruction out."""
    import keras
    from keras import layers

    first = last = layers.Input(INPUT_SHAPE, batch_size=batch_size)
    for units in hidden:
        last = normalized_relu(layers.Dense(units)(last))
    return keras.Model(first, layers.Dense(640)(last))


ENTRY = ZooEntry(
    name="ad_autoencoder",
    title="Autoencoder 640-128-8-128-640",
    task="anomaly detection",
    dataset="ToyADMOS, ToyCar",
    source="MLPerf Tiny v1.0 anomaly detection reference; DCASE 2020 task 2 baseline",
    goal=regress(INPUT_SHAPE, 640, input_range=(-85.0, 15.0)),
    build=build,
    judged_by="AUC",
)
