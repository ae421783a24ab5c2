"""Where each output row of a resized image looks: TFLite's own arithmetic, done ahead of time.

Formulas: tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h and resize_bilinear.h.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ONE = 1 << 10


def nearest(size: int, out_size: int, align_corners: bool, half_pixel_centers: bool) -> NDArray[np.int32]:
    """(out_size) the input row for each output row."""
    aligned = align_corners and out_size > 1
    scale = np.float32(size - 1) / np.float32(out_size - 1) if aligned else np.float32(size) / np.float32(out_size)
    positions = (np.arange(out_size, dtype=np.float32) + np.float32(0.5 if half_pixel_centers else 0)) * scale
    rows = np.floor(positions + np.float32(0.5)) if align_corners else np.floor(positions)
    return np.asarray(np.clip(rows, 0, size - 1), np.int32)


def bilinear(size: int, out_size: int, align_corners: bool, half_pixel_centers: bool, dtype: str) -> NDArray[np.int32]:
    """(3 * out_size) what `kernels.resize.ResizeBilinear` reads."""
    rule = _integer_row if dtype == "int8" else _float_row
    rows = [rule(n, size, out_size, align_corners and out_size > 1, half_pixel_centers) for n in range(out_size)]
    return np.array(rows, np.int32).ravel()


def _integer_row(n: int, size: int, out_size: int, aligned: bool, half_pixel_centers: bool) -> tuple[int, int, int]:
    if aligned:
        scale = (_ONE * (size - 1) + (out_size - 1) // 2) // (out_size - 1)
    else:
        scale = (_ONE * size + out_size // 2) // out_size
    position = n * scale + (scale // 2 - _ONE // 2 if half_pixel_centers else 0)
    nearer = max(int(position / _ONE), 0)
    farther = min(int((position + _ONE - 1) / _ONE), size - 1)
    return nearer, farther, position - _ONE * nearer


def _float_row(n: int, size: int, out_size: int, aligned: bool, half_pixel_centers: bool) -> tuple[int, int, int]:
    scale = np.float32(size - 1) / np.float32(out_size - 1) if aligned else np.float32(size) / np.float32(out_size)
    half = np.float32(0.5)
    position = (np.float32(n) + half) * scale - half if half_pixel_centers else np.float32(n) * scale
    nearer = max(floor(position), 0)
    farther = min(ceil(position), size - 1)
    return nearer, farther, int(np.float32(position - np.float32(nearer)).view(np.int32))
