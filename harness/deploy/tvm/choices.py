"""How large the tiles of a kernel are: as rules say, as was recorded, or sampled from all that would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

LARGEST = 16
"""Values of a tile along one axis: more would not stay in registers."""

Choose = Callable[[Any, int, Sequence[int]], Any]
"""Gives a tile's size from the schedule, the loop's extent, and the usual sizes, the best first."""


def first_that_fits(_schedule: Any, extent: int, usual: Sequence[int]) -> int:
    """The first usual size that divides the extent."""
    return next((size for size in usual if extent % size == 0), 1)


def sizes(extent: int) -> list[int]:
    """All sizes that would do."""
    return [size for size in range(1, min(extent, LARGEST) + 1) if extent % size == 0]


def sampled(schedule: Any, extent: int, _usual: Sequence[int]) -> Any:
    """Any of them, as the schedule's random state has it; its trace tells which."""
    options = sizes(extent)
    return schedule.sample_categorical(options, [1 / len(options)] * len(options))


def recorded(chosen: Sequence[int]) -> Choose:
    """What was chosen before, in the same order; what no longer divides is chosen by rule."""
    remaining = list(chosen)

    def choose(schedule: Any, extent: int, usual: Sequence[int]) -> int:
        size = remaining.pop(0) if remaining else 0
        return size if size in sizes(extent) else first_that_fits(schedule, extent, usual)

    return choose


def noting(choose: Choose, noted: list[int]) -> Choose:
    """The same, and what it chose is noted."""

    def choose_and_note(schedule: Any, extent: int, usual: Sequence[int]) -> Any:
        size = choose(schedule, extent, usual)
        noted.append(size)
        return size

    return choose_and_note
