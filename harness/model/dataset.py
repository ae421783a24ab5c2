"""Samples and what is known of them, in the units a model takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Task(StrEnum):
    """What a data set asks of a model, and with it what its labels are and how the answers are judged."""

    CLASSIFY = "classify"
    """Labels are (count,) int64 class numbers: top-1, macro F1, and of two classes the area under the curve."""
    REGRESS = "regress"
    """Labels are (count, outputs) float32 real values: mean absolute and root mean squared error."""
    NEXT = "next"
    """Labels are (count, length) int64, the class of every element of a sequence: perplexity."""
    ANOMALY = "anomaly"
    """The model reconstructs its input. Labels are (count,) int64, 0 for normal and 1 for anomalous; samples are
    windows of recordings, see `Dataset.recordings`: area under the curve."""


@dataclass(frozen=True)
class Dataset:
    """Samples and their labels.

    Attributes:
        name: short, for records and pages.
        samples: (count, ...) either float32 in real units, which are quantized for an int8 model with the scale and
            zero point of its input, or already of the model's own integer type, which pass unchanged.
        labels: one row a sample; `task` says what they are.
        source: where it comes from, for people.
        recordings: (count,) int64, the number of the recording that a sample is a window of; None where each is whole.
        class_names: of classes that are numbered by which names there are, in order: one that is missing moves others.
    """

    name: str
    samples: NDArray[np.generic]
    labels: NDArray[Any]
    source: str
    task: Task = Task.CLASSIFY
    recordings: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class InputForm:
    """What a model takes.

    Attributes:
        shape: of one sample, without the batch.
        dtype: a numpy name.
        low, high: the real values that its input spans; (0, 1) where nothing is known of a float model.
    """

    shape: tuple[int, ...]
    dtype: str
    low: float = 0.0
    high: float = 1.0


class DatasetLoader(Protocol):
    """Reads one format of data set from disk."""

    def claims(self, path: Path) -> bool:
        """Whether this loader knows the format at `path` (a cheap look, no reading)."""

    def load(self, path: Path, form: InputForm) -> Dataset:
        """Read the samples to judge a model by: of a set with several splits, the test split.

        Raises:
            DatasetError: a file is missing or malformed; the text names it.
        """
