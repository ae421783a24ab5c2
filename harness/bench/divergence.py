"""Where board and host begin to differ; found by `harness.bench.bisection`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.value import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Statistics(Value):
    """Of a tensor's stored values, over the samples looked at."""

    minimum: float
    maximum: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Statistics:
        return cls(float(values.min()), float(values.max()), float(values.mean()), float(values.std()))

    def __str__(self) -> str:
        return f"{self.minimum:.4g} to {self.maximum:.4g}, mean {self.mean:.4g}, deviation {self.deviation:.4g}"


@dataclass(frozen=True)
class Divergence(Value):
    """The first layer that differs.

    Attributes:
        agrees: the last layer before it that was looked at and agrees; empty where there is none.
        elements, differing: of the layer's output, and how many of them differ at all in any sample.
        largest: difference of stored values; 0 where all are within what is tolerated.
        board, host: the output's statistics on either side.
    """

    layer: str
    op: str
    agrees: str
    elements: int
    differing: int
    largest: float
    board: Statistics
    host: Statistics

    def __str__(self) -> str:
        return (
            f"first in layer {self.layer} ({self.op}): {self.differing} of {self.elements} values differ, by up to "
            f"{self.largest:.4g}; board {self.board}; host {self.host}"
        )
