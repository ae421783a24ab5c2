"""Two channels' weights in one halfword: 256 times the one plus the other, so that one word feeds two sums.

Of a word of such halfwords and a word of two inputs, SMLAD adds 256 * a + b to an accumulator, a and b being the dot
products of both channels; SXTB16 of the word leaves the second channel's weights, and a second SMLAD adds b to
another. At the end, a is their difference over 256: exact as long as 256 * a + b lies within 32 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST_INPUT = 128


def can_be_packed(taps: NDArray[np.int8]) -> bool:
    """Whether (out_channels, taps) weights can: halfwords don't overflow, and neither do sums, whatever the input."""
    wide = taps.astype(np.int64)
    even, odd = wide[0 : len(wide) // 2 * 2 : 2], wide[1::2]
    if (256 * even + odd < -(1 << 15)).any():
        return False
    largest = _LARGEST_INPUT * (256 * np.abs(even).sum(axis=1) + np.abs(odd).sum(axis=1))
    return bool((largest < 1 << 31).all())


def pack_channels(taps: NDArray[np.int8]) -> NDArray[np.int32]:
    """(out_channels, even number of taps) weights as words, pair of channels by pair; an odd last channel by itself."""
    wide = taps.astype(np.int16)
    count = len(wide) // 2 * 2
    halfwords = [256 * wide[0:count:2] + wide[1:count:2], wide[count:]]
    return np.ascontiguousarray(np.concatenate(halfwords).astype("<i2")).view("<i4").ravel()


def pack_parameters(parameters: NDArray[np.int32], doubled: bool) -> NDArray[np.int32]:
    """`quantize_math.channel_parameters` pair by pair: both biases, then multiplier and shift of each.

    Args:
        doubled: biases are to be twice as large, as the sums are.
    """
    table = parameters.reshape(-1, 3).copy()
    if doubled:
        table[:, 0] *= 2
    count = len(table) // 2 * 2
    pairs = table[:count].reshape(-1, 6)[:, [0, 3, 1, 2, 4, 5]]
    return np.concatenate([pairs.ravel(), table[count:].ravel()])
