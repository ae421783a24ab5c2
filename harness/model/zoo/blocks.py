"""What the architectures share."""

from __future__ import annotations

from typing import Any


def normalized_relu(last: Any) -> Any:
    """Batch normalization and ReLU after a layer."""
    from keras import layers

    return layers.ReLU()(layers.BatchNormalization()(last))
