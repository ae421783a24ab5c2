"""The inputs that a conversion is checked with, and whether the two answers are the same."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from harness.errors import ModelError
from harness.model.samples import INPUT_RANGE
from harness.model.synthetic import patchy_noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.model.model import Tensor

RANDOM = 6
BOUND = 1e-4
"""Of the greatest magnitude of an output: float32 sums in another order, over thousands of terms, stay below it."""
_FLOOR = 1e-6

Specs = Sequence[tuple[tuple[int, ...], str]]


def check_inputs(specs: Specs, seed: int) -> list[list[NDArray[np.generic]]]:
    """Random inputs and boundary ones: all at the low end of `INPUT_RANGE`, all at the high end, and by turns.

    Further ones are the same random inputs from -1 to 1 times 4, beyond what activations such as ReLU6 saturate at.
    Integers are 0 or 1: indices whose tables are not known.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    low, high = INPUT_RANGE

    def noise(spec: tuple[tuple[int, ...], str], scale: float, offset: float) -> NDArray[np.generic]:
        shape, dtype = spec
        values = patchy_noise(shape, 1, generator)[0]
        filled: NDArray[np.generic] = values * scale + offset if dtype.startswith("float") else np.rint(values)
        return filled.astype(dtype)

    def turns(shape: tuple[int, ...], dtype: str) -> NDArray[np.generic]:
        return (low + (high - low) * (np.arange(prod(shape)) % 2)).reshape(shape).astype(dtype)

    inside = [[noise(spec, high - low, low) for spec in specs] for _ in range(RANDOM)]
    beyond = [[noise(spec, 8, -4) for spec in specs] for _ in range(RANDOM)]
    ends = [[np.full(shape, end, dtype) for shape, dtype in specs] for end in (low, high)]
    return [*inside, *beyond, *ends, [turns(*spec) for spec in specs]]


def split_rows(row: NDArray[np.uint8], specs: Specs) -> list[NDArray[np.generic]]:
    """A row of bytes (see `harness.model.samples`) as the arrays it is made of."""
    import numpy as np

    parts, start = [], 0
    for shape, dtype in specs:
        size = prod(shape) * np.dtype(dtype).itemsize
        parts.append(np.frombuffer(row[start : start + size].tobytes(), dtype).reshape(shape))
        start += size
    return parts


def greatest_difference(
    outputs: Sequence[Tensor], expected: NDArray[np.uint8], found: NDArray[np.uint8]
) -> tuple[float, float]:
    """The greatest difference, as a part of the greatest magnitude of its output, and the inputs' number it is at.

    Args:
        expected, found: (count, bytes): rows of the outputs.

    Raises:
        ModelError: the two have other sizes, a source's answer is not finite, or they differ by more than `BOUND`.
    """
    import numpy as np

    if expected.shape != found.shape:
        raise ModelError(f"the source answers {expected.shape[1]} bytes a sample, the converted model {found.shape[1]}")
    specs = [(one.shape, one.dtype) for one in outputs]
    worst = (0.0, 0.0)
    for number, tensor in enumerate(outputs):
        ours = np.array([split_rows(row, specs)[number] for row in found]).astype(np.float64)
        theirs = np.array([split_rows(row, specs)[number] for row in expected]).astype(np.float64)
        if not np.isfinite(theirs).all():
            raise ModelError(f"the source's own output {tensor.name!r} is not finite")
        magnitude = float(np.abs(theirs).max(initial=0)) + _FLOOR / BOUND
        differences = np.abs(ours - theirs).reshape(len(ours), -1).max(axis=1)
        share = float(np.nan_to_num(differences, nan=np.inf).max()) / magnitude
        if share > BOUND:
            raise ModelError(
                f"conversion changed the model: output {tensor.name!r} is {differences.max():.3g} off on check input "
                f"{int(differences.argmax())}, of {magnitude:.3g} at most; allowed is {BOUND:g} of that"
            )
        worst = max(worst, (share, float(differences.argmax())))
    return worst
