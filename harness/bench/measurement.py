"""One measured quantity, with all its samples and where it comes from."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.bench.quantities import QUANTITIES
from harness.value import Value


class Provenance(StrEnum):
    """What kind of number it is."""

    MEASURED = "measured"
    """On silicon, or counted exactly in the image."""
    SIMULATED = "simulated"
    """On a virtual board."""
    ESTIMATED = "estimated"
    """By a model, without running the firmware."""


@dataclass(frozen=True)
class Measurement(Value):
    """A quantity of one candidate.

    Attributes:
        quantity: a name in `QUANTITIES`.
        value: the median of the samples, in the quantity's SI unit.
        unit: that unit.
        samples: every one taken, in order.
    """

    quantity: str
    value: float
    unit: str
    samples: tuple[float, ...]
    provenance: Provenance

    @classmethod
    def of(cls, quantity: str, samples: float | Sequence[float], provenance: Provenance) -> Measurement:
        """A measurement from its samples; the unit follows from the quantity."""
        taken = (float(samples),) if isinstance(samples, (int, float)) else tuple(float(sample) for sample in samples)
        return cls(quantity, statistics.median(taken), QUANTITIES[quantity].unit, taken, provenance)

    @property
    def spread(self) -> float:
        """Largest minus smallest sample."""
        return max(self.samples) - min(self.samples)
