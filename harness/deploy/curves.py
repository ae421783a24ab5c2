"""LOGISTIC and TANH of int8 as TFLite computes them: by a table.

Formulas: `LUTPopulate` in tensorflow/lite/kernels/internal/common.h; ranges: activations.cc of its kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

INT8_VALUES = (*range(128), *range(-128, 0))
"""In the order of their bits, in which tables hold what they become."""
CURVES: dict[str, tuple[Callable[[NDArray[np.float32]], NDArray[np.float32]], float, int]] = {
    "LOGISTIC": (lambda x: np.float32(1) / (np.float32(1) + np.exp(-x)), 1 / 256, -128),
    "TANH": (np.tanh, 1 / 128, 0),
}
"""Functions of int8, with the scale and zero point that TFLite asks of their outputs."""


def curve_table(name: str, scale: float, zero_point: int) -> NDArray[np.int8]:
    """(256,) what a curve makes of each stored value of this scale and zero point, computed in single precision."""
    function, out_scale, out_zero_point = CURVES[name]
    reals = np.float32(scale) * (np.array(INT8_VALUES) - zero_point).astype(np.float32)
    with np.errstate(over="ignore"):  # exp is infinite where LOGISTIC is 0
        scaled = function(reals) * np.float32(1 / out_scale)
    rounded: NDArray[np.float32] = np.sign(scaled) * np.floor(np.abs(scaled) + np.float32(0.5))
    return np.clip(rounded + out_zero_point, -128, 127).astype(np.int8)
