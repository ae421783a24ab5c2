"""A recording of supply current beside the trigger pin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class EnergyTrace:
    """Current, voltage and pins over time.

    Attributes:
        sample_rate_hz: samples a second.
        current_a: (samples,) float64, ampere.
        voltage_v: supply voltage, volt.
        trigger: (samples,) bool, the pin that is high while an inference runs.
        channels: (samples,) bool each, further pins by name; as many as the instrument has.
    """

    sample_rate_hz: float
    current_a: NDArray[np.float64]
    voltage_v: float
    trigger: NDArray[np.bool_]
    channels: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def window_energies_j(self) -> list[float]:
        """Energy in joule of each window with the trigger high, in time order; one cut off at the end is left out."""
        import numpy as np

        edges = np.diff(self.trigger.astype(np.int8), prepend=0)
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        power = self.current_a * self.voltage_v / self.sample_rate_hz
        return [float(power[start:end].sum()) for start, end in zip(starts, ends, strict=False)]
