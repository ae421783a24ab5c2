"""What the architectures share."""

from __future__ import annotations

from typing import Any


def normalized_relu(last: Any) -> Any:
    """Batch normalization and ReLU after a layer."""
    from keras import layers

    return layers.ReLU()(layers.BatchNormalization()(last))


def residual(shortcut: Any, filters: int, stride: int) -> Any:
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where the size changes."""
    from keras import layers

    last = normalized_relu(layers.Conv2D(filters, 3, strides=stride, padding="same")(shortcut))
    last = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(last))
    if stride != 1:
        shortcut = layers.Conv2D(filters, 1, strides=stride, padding="same")(shortcut)
    return layers.ReLU()(layers.Add()([shortcut, last]))
