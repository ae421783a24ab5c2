"""Made-up inputs for models that have no data here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.zoo.entry import ZooEntry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PATCHES = 4


def seeded_inputs(entry: ZooEntry, shape: tuple[int, ...], count: int, seed: int) -> NDArray[np.float32]:
    """(count, *shape) float32 within the entry's input range, the same for the same seed.

    White noise looks all the same to a network that averages over space. So each sample has patches of its own
    mean and contrast, as images and spectra have, under a little noise.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    low, high = entry.input_range
    # The grid of patches spans the first two axes; further ones (channels) vary with it.
    grid = generator.beta(0.5, 0.5, (count, *(min(size, _PATCHES) for size in shape[:2]), *shape[2:]))
    for axis, size in enumerate(shape[:2], start=1):
        grid = np.take(grid, np.arange(size) * grid.shape[axis] // size, axis=axis)
    noisy = grid + generator.normal(0, 0.05, grid.shape)
    return (low + (high - low) * np.clip(noisy, 0, 1)).astype(np.float32)
