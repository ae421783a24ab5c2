"""What a network is to learn from a data set: all that its first and last layer and its loss depend on."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.dataset import Task
from harness.value import Value

METRIC_TITLES = {"accuracy": "top-1", "mae": "mean absolute error"}
"""Metrics by their Keras names, for people."""


@dataclass(frozen=True)
class Goal(Value):
    """The two ends of a network.

    Attributes:
        input_shape: of one sample, without the batch.
        outputs: units of the last layer.
        activation, loss, metric: of the last layer and of training, by their Keras names.
        input_range: lowest and highest real value of an input, or of an index.
        indices: whether inputs are int32 numbers of entries in a table instead of float32 values.
        sequential: whether every element of the input sequence has an output of its own.
    """

    input_shape: tuple[int, ...]
    outputs: int
    activation: str
    loss: str
    metric: str
    input_range: tuple[float, float] = (0.0, 1.0)
    indices: bool = False
    sequential: bool = False

    @property
    def input_dtype(self) -> str:
        return "int32" if self.indices else "float32"

    @property
    def classifies(self) -> bool:
        """Whether a sample has one label: the number of a class."""
        return self.metric == "accuracy" and not self.sequential

    @property
    def task(self) -> Task:
        """What labelled samples for it look like."""
        if self.classifies:
            return Task.CLASSIFY
        return Task.NEXT if self.metric == "accuracy" else Task.REGRESS

    @property
    def reconstructs(self) -> bool:
        """Whether what goes in is to come out again."""
        return self.input_shape == (self.outputs,) and self.outputs > 1


def classify(input_shape: tuple[int, ...], classes: int, input_range: tuple[float, float] = (0.0, 1.0)) -> Goal:
    """One of so many classes for each sample."""
    return Goal(input_shape, classes, "softmax", "sparse_categorical_crossentropy", "accuracy", input_range)


def regress(
    input_shape: tuple[int, ...],
    outputs: int = 1,
    activation: str = "linear",
    input_range: tuple[float, float] = (0.0, 1.0),
) -> Goal:
    """So many real values for each sample."""
    return Goal(input_shape, outputs, activation, "mse", "mae", input_range)
