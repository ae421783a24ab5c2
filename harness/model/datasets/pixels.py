"""Bytes of images as a model's input takes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import InputForm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONVENTIONS = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))
"""What real values black and white have: those that networks are trained on."""


def convention(form: InputForm) -> tuple[float, float]:
    """The one of `CONVENTIONS` that is next to the range of a model's input."""

    def distance(black: float, white: float) -> float:
        return (abs(form.low - black) + abs(form.high - white)) / (white - black)

    return min(CONVENTIONS, key=lambda pair: distance(*pair))


def as_input(path: Path, pixels: NDArray[np.uint8], form: InputForm) -> NDArray[np.generic]:
    """Images, (count, height, width, channels), in the shape that a model takes and in real values.

    An input of bytes takes them as they are.

    Raises:
        DatasetError: the model takes as many values as no such image has.
    """
    import numpy as np

    if pixels[:1].size != np.prod(form.shape, dtype=np.int64):
        raise DatasetError(f"{path}: has images of {pixels.shape[1:]}, the model takes {form.shape}")
    shaped = pixels.reshape(len(pixels), *form.shape)
    if form.dtype == "uint8":
        return shaped
    black, white = convention(form)
    return shaped.astype(np.float32) * np.float32((white - black) / 255) + np.float32(black)
