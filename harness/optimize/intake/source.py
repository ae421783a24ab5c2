"""A model that its own tool has loaded: what is converted, and what the conversion is checked against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays = Sequence[NDArray[np.generic]]


FOREIGN_FLOATS = ("float16", "bfloat16", "float64")
"""Types of floats that TFLite's operators do not compute in."""


@dataclass(frozen=True)
class Source:
    """A loaded model; all arrays are of batch one and in the layout of the `.tflite`: channels last.

    Attributes:
        inputs: shape and numpy type of each.
        converter: makes TFLite's converter of it.
        answer: what the tool that the file is of answers to inputs.
    """

    inputs: tuple[tuple[tuple[int, ...], str], ...]
    converter: Callable[[], Any]
    answer: Callable[[Arrays], list[NDArray[np.generic]]]


def fixed_batch(shape: Sequence[int | None], name: str) -> tuple[int, ...]:
    """A shape with its batch set to one.

    Raises:
        ModelError: another size is open.
    """
    from harness.errors import ModelError

    sizes = [size if index else 1 for index, size in enumerate(shape)]
    if any(size is None or size < 1 for size in sizes):
        raise ModelError(f"input {name!r} leaves a size open: {tuple(shape)}; save the model with fixed sizes")
    return tuple(int(size or 1) for size in sizes)


def function_converter(inputs: tuple[tuple[tuple[int, ...], str], ...], network: Callable[..., list[Any]]) -> Any:
    """TFLite's converter of a function from tensors to a list of tensors."""
    import tensorflow as tf

    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in inputs]
    return tf.lite.TFLiteConverter.from_concrete_functions(
        [tf.function(network, autograph=False).get_concrete_function(*specs)]
    )
