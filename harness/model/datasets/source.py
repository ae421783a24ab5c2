"""Where samples to learn from come from: what a data set is called, what it takes, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.goal import Goal
from harness.value import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Argument = int | float | bool | str | tuple[int, ...] | None
Arguments = Mapping[str, Argument]


def whole(arguments: Arguments, name: str) -> int:
    """An argument that is a whole number; 0 for a seed that is not set."""
    return int(real(arguments, name))


def real(arguments: Arguments, name: str) -> float:
    """An argument that is a number."""
    value = arguments[name]
    assert value is None or isinstance(value, (int, float)), f"{name} is {value!r}"
    return value or 0


def shape(arguments: Arguments, name: str) -> tuple[int, ...]:
    """An argument that is a shape."""
    value = arguments[name]
    assert isinstance(value, tuple), f"{name} is {value!r}"
    return value


@dataclass(frozen=True)
class DataSpec(Value):
    """A data set as a description names it.

    Attributes:
        name: in `SOURCES`.
        args: all that its source takes, defaults filled in.
    """

    name: str
    args: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True)
class Split:
    """Samples to learn from and samples to judge by.

    Attributes:
        train_x, test_x: (count, *input shape) of the goal's input type.
        train_y, test_y: (count,) or, where a goal is sequential, (count, length) int64 classes; or float32 of the
            output's shape.
    """

    train_x: NDArray[np.generic]
    train_y: NDArray[np.generic]
    test_x: NDArray[np.generic]
    test_y: NDArray[np.generic]

    @classmethod
    def first_for_test(cls, x: NDArray[np.generic], y: NDArray[np.generic], test_ratio: float) -> Split:
        """The first samples for the test, the others for training."""
        tests = int(len(x) * test_ratio)
        return cls(x[tests:], y[tests:], x[:tests], y[:tests])


def _no_files(_arguments: Arguments) -> tuple[Path, ...]:
    return ()


@dataclass(frozen=True)
class Source:
    """One kind of data set.

    Attributes:
        title: for people.
        defaults: what it takes, and the values of what is left out. The types of these are the types it takes.
        goal: what is to be learnt, from the arguments alone: known also where the data is not.
        load: makes or reads the samples; raises DatasetError where that can't be.
        files: what has to be on disk.
        noise: whether there is nothing to be learnt from it.
    """

    title: str
    defaults: Arguments
    goal: Callable[[Arguments], Goal]
    load: Callable[[Arguments], Split]
    files: Callable[[Arguments], tuple[Path, ...]] = _no_files
    noise: bool = False
