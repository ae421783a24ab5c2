"""MobileNetV2 at 0.35 of its width, small enough for a microcontroller."""

from __future__ import annotations

from typing import Any

from harness.model.goal import classify
from harness.model.zoo.entry import ZooEntry

INPUT_SHAPE = (96, 96, 3)
WIDTH = 0.35


def build(batch_size: int | None) -> Any:
    """96x96 RGB in, person or none out; the layers are those of Keras's own MobileNetV2."""
    import keras

    first = keras.layers.Input(INPUT_SHAPE, batch_size=batch_size)
    return keras.applications.MobileNetV2(alpha=WIDTH, input_tensor=first, weights=None, classes=2)


ENTRY = ZooEntry(
    name="mobilenet_v2",
    title="MobileNetV2 0.35, 96x96",
    task="visual wake words",
    dataset="Visual Wake Words",
    source="Sandler et al., MobileNetV2, 2018; layers of keras.applications",
    goal=classify(INPUT_SHAPE, 2, (-1.0, 1.0)),
    build=build,
)
