"""Labelled samples, in the units a model takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Dataset:
    """Samples and their labels.

    Attributes:
        name: short, for records and pages.
        samples: (count, ...) either float32 in real units, which are quantized for an int8 model with the scale and
            zero point of its input, or already of the model's own integer type, which pass unchanged.
        labels: (count,) int64 class numbers.
        source: where it comes from, for people.
    """

    name: str
    samples: NDArray[np.generic]
    labels: NDArray[np.int64]
    source: str


class DatasetLoader(Protocol):
    """Reads one format of data set from disk."""

    def claims(self, path: Path) -> bool:
        """Whether this loader knows the format at `path` (a cheap look, no reading)."""

    def load(self, path: Path, sample_shape: tuple[int, ...], dtype: str) -> Dataset:
        """Read it; raw samples are taken as `sample_shape` of `dtype`.

        Raises:
            DatasetError: a file is missing or malformed; the text names it.
        """
