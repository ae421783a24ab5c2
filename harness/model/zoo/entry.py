"""What the zoo says of one of its models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.model.dataset import Dataset, Task
from harness.model.datasets.on_disk import require
from harness.model.datasets.source import DataSpec, Split
from harness.model.datasets.sources import at_hand, load_split, source_of, stand_in
from harness.model.goal import METRIC_TITLES, Goal
from harness.model.synthetic import patchy_noise
from harness.model.training.training import Training

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_JUDGED = 200
"""Samples of values and of sequences that go through a board; of those that are computed there are any number."""

UNTRAINED = "seeded, untrained: timing, memory and energy hold; accuracy means nothing"


@dataclass(frozen=True)
class ZooEntry:
    """One architecture.

    Attributes:
        title, task: for people.
        dataset: what it is meant to be trained and judged on, for people.
        source: where the architecture comes from.
        goal: the ends of the network.
        build: makes the Keras model, untrained, for a fixed batch size or (None) any.
        data: what it is trained on here; None where that can't be had.
        training: how.
        seed: of weights and training, to which that of a variant is added.
        optional: whether its weights are seeded where the data is not at hand, instead of that being an error.
        recipe: all that `build` depends on beside the code of this package.
        reference: what `find_entry` finds it by.
        judged_by: where that is not the metric of its training.
    """

    name: str
    title: str
    task: str
    dataset: str
    source: str
    goal: Goal
    build: Callable[[int | None], Any]
    data: DataSpec | None = None
    training: Training = field(default_factory=Training)
    seed: int = 0
    optional: bool = True
    recipe: str = ""
    reference: str = ""
    judged_by: str = ""

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.goal.input_shape

    @property
    def input_range(self) -> tuple[float, float]:
        return self.goal.input_range

    @property
    def metric(self) -> str:
        """What it is judged by, for people."""
        usual = "perplexity" if self.goal.task is Task.NEXT else METRIC_TITLES[self.goal.metric]
        return self.judged_by or usual

    @property
    def trained(self) -> bool:
        """Whether its weights come from training; those that do not are seeded, see `remark`."""
        if self.data is None or not self.training.epochs:
            return False
        return not self.optional or at_hand(self.data)

    @property
    def remark(self) -> str:
        """What reports have to say about its weights."""
        if self.data is None or not self.training.epochs:
            return UNTRAINED
        title = source_of(self.data).title
        return f"trained on {title}" if self.trained else f"{UNTRAINED}; trained once {title} is in the data directory"

    def split(self) -> Split:
        """The samples that it is trained on and judged by.

        Raises:
            DatasetError: they are not on disk, or not what they have to be.
        """
        return load_split(self.data or stand_in(self.goal))

    def require_data(self) -> None:
        """Make sure that what it is trained on is at hand.

        Raises:
            DatasetError: a file is missing; the text says what to place where.
        """
        if self.data is not None:
            for path in source_of(self.data).files(self.data.args):
                require(path)

    def test_data(self) -> Dataset | None:
        """Labelled samples to judge it by; None where it was not trained, or only gives back what it gets."""
        if self.data is None or not self.trained or self.goal.reconstructs or source_of(self.data).noise:
            return None
        split, title, task = self.split(), source_of(self.data).title, self.goal.task
        most = len(split.test_x) if task is Task.CLASSIFY else MOST_JUDGED
        first = f", first {most:,}" if most < len(split.test_x) else ""
        labels = split.test_y[:most].astype("float32" if task is Task.REGRESS else "int64")
        return Dataset(f"{self.data.name} (test{first})", split.test_x[:most], labels, title, task)

    def representative(self, count: int, seed: int) -> NDArray[np.generic]:
        """(count, *input shape) of the training samples, or made up: what quantization is calibrated with.

        Raises:
            ModelError: there are fewer training samples.
        """
        import numpy as np

        from harness.errors import ModelError

        if not self.trained:
            # Other inputs than those that gave the weights their statistics.
            return self.made_up_inputs(count, seed + 1)
        samples = self.split().train_x
        if count > len(samples):
            raise ModelError(f"{self.name}: there are {len(samples)} training samples, not {count}")
        return samples[np.random.default_rng(seed).permutation(len(samples))[:count]]

    def made_up_inputs(self, count: int, seed: int) -> NDArray[np.generic]:
        """(count, *input_shape) within the input range, the same for the same seed."""
        import numpy as np

        (low, high), generator = self.input_range, np.random.default_rng(seed)
        if self.goal.indices:
            return generator.integers(int(low), int(high) + 1, (count, *self.input_shape), dtype=np.int32)
        noise = patchy_noise(self.input_shape, count, generator)
        return (low + (high - low) * noise).astype(np.float32)

    def with_epochs(self, epochs: int) -> ZooEntry:
        """The same, trained for so long."""
        return replace(self, training=replace(self.training, epochs=epochs))

    def on_noise(self) -> ZooEntry:
        """The same, trained on noise in the place of its data."""
        return replace(self, data=stand_in(self.goal), optional=False)
