"""The tables of TFLite's SOFTMAX of int16.

Formulas: `LUTPopulate` in tensorflow/lite/kernels/internal/common.h; ranges: softmax.cc of its kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, floor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 512
_LOWEST, _HIGHEST = -(2**15), 2**15 - 1
_RANGE = 2**16 - 1


def softmax_tables() -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """(513,) exp(x) for x in [-10, 0], and (513,) 1 / (1 + x) for x in [0, 1], both scaled to [-1, 1]."""
    return _table(exp, 10.0 / _RANGE, _HIGHEST), _table(lambda x: 1.0 / (1.0 + x), 1.0 / _RANGE, _LOWEST)


def _table(function: Callable[[float], float], scale: float, zero_point: int) -> NDArray[np.int16]:
    """Values at both ends of each step, moved by half of what interpolation would miss the middle by."""
    lowest, highest = scale * (_LOWEST - zero_point), scale * (_HIGHEST - zero_point)
    step = (highest - lowest) / _STEPS
    out_scale = 2.0 / _RANGE
    inverse = (_RANGE + 1) / (out_scale * _HIGHEST - out_scale * _LOWEST)
    values = []
    for index in range(_STEPS):
        here, middle = (function(lowest + index * step + more) for more in (0.0, step / 2))
        following = function(lowest + (index + 1) * step)
        sample = _round(here * inverse)
        interpolated = _round((following * inverse + sample) / 2)
        values.append(sample - _round((interpolated - _round(middle * inverse)) / 2))
    values.append(_round(function(highest) * inverse))
    return np.clip(values, _LOWEST, _HIGHEST).astype(np.int16)


def _round(value: float) -> int:
    """To nearest, ties away from zero."""
    return floor(value + 0.5) if value >= 0 else -floor(0.5 - value)
