"""The input of an energy analyzer: its sample rate, noise, range and resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class CurrentInput:
    """How an analyzer sees a current.

    Attributes:
        sample_rate_hz: in virtual time.
        noise_a: standard deviation of what it adds to each sample, ampere.
        range_a: what is more than this, either way, is seen as this; 0: no limit.
        resolution_a: samples are whole multiples of this; 0: exact.
        seed: of the noise.
    """

    sample_rate_hz: float = 100_000.0
    noise_a: float = 0.0
    range_a: float = 0.0
    resolution_a: float = 0.0
    seed: int = 0

    def read(self, currents: NDArray[np.float64], recording: int, part: int) -> NDArray[np.float64]:
        """Samples of some currents, one each.

        Args:
            recording: counts the recordings.
            part: which part of it this is, from one edge of the trigger to the next: each has noise of its own, which
                does not depend on how long the parts before were.
        """
        import numpy as np

        seen = currents
        if self.noise_a:
            seen = seen + np.random.default_rng((self.seed, recording, part)).normal(0.0, self.noise_a, len(seen))
        if self.resolution_a:
            seen = np.round(seen / self.resolution_a) * self.resolution_a
        return np.clip(seen, -self.range_a, self.range_a) if self.range_a else seen
