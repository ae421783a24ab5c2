"""The smallest arena that a model starts with, found by trying.

EdgeMark (arXiv 2502.01700, its Algorithm 1) looks for it in steps of 0.5, 1 or 2 KiB, by the size of its first guess,
as each try costs it a build and a flash. Here a try is a call, and the firmware gets the very minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ALIGNMENT = 16
"""Bytes: what TensorFlow Lite Micro aligns an arena to; smaller steps make no difference."""


@dataclass(frozen=True)
class Found:
    """The smallest arena of a search, in bytes, and how many sizes were tried."""

    nbytes: int
    tries: int


def edgemark_resolution(guess: int) -> int:
    """Bytes between the sizes that EdgeMark tries: 512 for a first guess below 16 KiB, 1024 below 64 KiB, else 2048."""
    return 512 if guess < 16 << 10 else 1024 if guess < 64 << 10 else 2048


def smallest(fits: Callable[[int], bool], resolution: int, guess: int, most: int) -> Found | None:
    """The smallest multiple of the resolution that fits, where all larger ones do too; None if none up to `most` does.

    From the guess on, the step doubles until the answer lies between two sizes; then these are halved.

    Args:
        fits: asked of multiples of the resolution from 1 to `most` times it, each at most once.
        guess, most: in bytes.
    """
    tried: dict[int, bool] = {}
    last = most // resolution

    def does(count: int) -> bool:
        if count not in tried:
            tried[count] = fits(count * resolution)
        return tried[count]

    low, high = 0, last + 1  # the first never fits, the second is the first size out of reach
    count, step = min(max(-(-guess // resolution), 1), last), 1
    while low + 1 < high:
        if does(count):
            high = count
        else:
            low = count
        is_enclosed = low > 0 and high <= last
        count = (low + high) // 2 if is_enclosed else max(1, high - step) if high <= last else min(last, low + step)
        step *= 2
    return Found(high * resolution, len(tried)) if high <= last else None
