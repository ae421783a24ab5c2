"""Made-up samples for models that have no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PATCHES = 4
_NOISE = 0.05


def patchy_noise(shape: tuple[int, ...], count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(count, *shape), 0 to 1.

    White noise looks all the same to a network that averages over space. So each sample has patches of its own
    brightness, often near the ends of the range, as images and spectra have, under a little noise.
    """
    import numpy as np

    # The patches span the first two axes; further ones (channels) vary with them.
    patches = generator.beta(0.5, 0.5, (count, *(min(size, _PATCHES) for size in shape[:2]), *shape[2:]))
    for axis, size in enumerate(shape[:2], start=1):
        patches = np.take(patches, np.arange(size) * patches.shape[axis] // max(size, 1), axis=axis)
    noisy: NDArray[np.float64] = np.clip(patches + generator.normal(0, _NOISE, patches.shape), 0, 1)
    return noisy
