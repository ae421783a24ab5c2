"""What the zoo says of one of its models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.model.synthetic import patchy_noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNTRAINED = "seeded, untrained: timing, memory and energy hold; accuracy means nothing"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of any model.

    Attributes:
        title, task: for people.
        dataset: name of the data set that it is trained and judged on (see `harness.model.datasets`), or None.
        trained: whether its weights come from training; those that do not are seeded, see `remark`.
        source: where the architecture comes from.
        input_shape: without the batch.
        input_range: lowest and highest real value of its input.
    """

    name: str
    title: str
    task: str
    dataset: str | None
    trained: bool
    source: str
    input_shape: tuple[int, ...]
    input_range: tuple[float, float]

    def made_up_inputs(self, count: int, seed: int) -> NDArray[np.float32]:
        """(count, *input_shape) within the input range, the same for the same seed."""
        import numpy as np

        low, high = self.input_range
        noise = patchy_noise(self.input_shape, count, np.random.default_rng(seed))
        return (low + (high - low) * noise).astype(np.float32)

    @property
    def remark(self) -> str:
        """What reports have to say about its weights."""
        return f"trained on {self.dataset}" if self.trained else UNTRAINED


@dataclass(frozen=True, kw_only=True)
class ZooEntry(Entry):
    """A network.

    Attributes:
        build: makes the Keras model, untrained, for a fixed batch size or (None) any.
    """

    build: Callable[[int | None], Any]


@dataclass(frozen=True, kw_only=True)
class ClassicalEntry(Entry):
    """A model of scikit-learn.

    Attributes:
        estimator: makes the classifier, untrained, from a seed.
    """

    estimator: Callable[[int], Any]
