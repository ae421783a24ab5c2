"""The range that an activation is quantized to, from values that it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.optimize.recipe import Calibration

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PERCENTILE = 99.99
"""Of the values, on either side: those beyond it and beyond 100 less it are clipped."""
_SHRINKINGS = 64


def find_range(values: NDArray[np.floating], calibration: Calibration, steps: int = 255) -> tuple[float, float]:
    """The least and greatest real value that are stored without clipping. Zero is within: integers have to store it.

    Args:
        values: of the activation, on the representative samples.
        steps: into which the range is divided.
    """
    import numpy as np

    ends = (100 - PERCENTILE, PERCENTILE) if calibration is Calibration.PERCENTILE else (0, 100)
    values = values.astype(np.float64)
    least, greatest = np.percentile(values, ends)
    least, greatest = min(float(least), 0.0), max(float(greatest), 0.0)
    if calibration is not Calibration.MSE:
        return least, greatest
    candidates = [(least * share, greatest * share) for share in np.linspace(1, 0, _SHRINKINGS, endpoint=False)]
    return min(candidates, key=lambda one: _error(values, one[0], one[1], steps))


def _error(values: NDArray[np.floating], least: float, greatest: float, steps: int) -> float:
    """The mean squared difference that clipping and rounding make."""
    import numpy as np

    step = (greatest - least) / steps or 1.0
    stored = np.clip(np.rint(values / step), np.rint(least / step), np.rint(greatest / step))
    return float(np.mean((values - stored * step) ** 2))
