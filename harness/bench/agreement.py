"""Does the board compute what the host computes?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.deploy.backend import Tolerance
from harness.model.model import Model, Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INTEGER_TOLERANCE = 1.0
"""Steps of an output that the model quantizes: kernels may round one way or the other where TFLite's own do."""

FLOAT_TOLERANCE = 1e-3
"""Of the largest output of the host: sums in another order, and libm's exp, differ in the last digits."""


@dataclass(frozen=True)
class Agreement:
    """How the outputs of the board differ from those of the host, over all samples.

    Attributes:
        largest, mean: absolute differences, of stored values: steps for integers, real units for floats.
        argmax_share: share of samples with the same top class in the first output.
        disagreement: what is wrong, where the largest difference is not tolerated; else empty.
    """

    largest: float
    mean: float
    argmax_share: float
    disagreement: str


def decode(outputs: Sequence[bytes], tensor: Tensor, offset: int = 0) -> NDArray[np.float64]:
    """One output tensor of every sample, (count, elements), from the outputs concatenated as the board sends them."""
    import numpy as np

    rows = [np.frombuffer(output, tensor.dtype, tensor.elements, offset) for output in outputs]
    return np.stack(rows).astype(np.float64)


def output_steps(model: Model) -> tuple[float, ...]:
    """The step of each output in which the model rounds it, in stored values: 0 where it rounds nothing.

    1 for integers; for floats that a last DEQUANTIZE makes of integers, the scale of these.
    """
    last = {
        output: source.scale or 0.0
        for layer in model.layers
        if layer.op == "DEQUANTIZE"
        for source, output in zip(layer.inputs, layer.outputs, strict=False)
    }
    return tuple(last.get(one, 0.0) if one.dtype.startswith("float") else 1.0 for one in model.outputs)


def compare(
    board: Sequence[bytes],
    host: Sequence[bytes],
    tensors: Sequence[Tensor],
    steps: Sequence[float] = (),
    stated: Tolerance | None = None,
    giver: str = "the host",
) -> Agreement:
    """Compare what the board sent with what the host's reference gave, sample by sample, output by output.

    Args:
        tensors: the model's outputs.
        steps: theirs, see `output_steps`; left out, floats are not rounded.
        stated: by the code, see `GeneratedCode.tolerance`.
        giver: of `host`, for people.
    """
    import numpy as np

    largest, means, argmax_share, disagreement, offset = 0.0, [], 1.0, "", 0
    for index, tensor in enumerate(tensors):
        ours, theirs = decode(board, tensor, offset), decode(host, tensor, offset)
        # A NaN on either side is as different as can be.
        difference = np.nan_to_num(np.abs(ours - theirs), nan=np.inf)
        if index == 0:
            argmax_share = float(np.mean(ours.argmax(axis=1) == theirs.argmax(axis=1)))
        largest = max(largest, float(difference.max()))
        means.append(float(difference.mean()))
        is_float = tensor.dtype.startswith("float")
        step = steps[index] if steps else float(not is_float)
        tolerance = max(INTEGER_TOLERANCE * step, stated.bound if stated else 0.0)
        if is_float:
            rounding = FLOAT_TOLERANCE * max(1.0, float(np.abs(theirs).max()))
            # Dequantized values are whole steps apart up to their own rounding.
            tolerance = max(tolerance * (1 + FLOAT_TOLERANCE), rounding)
        if difference.max() > tolerance and not disagreement:
            sample = int(difference.max(axis=1).argmax())
            why = f" ({stated.reason})" if stated else ""
            disagreement = (
                f"output {tensor.name!r} of sample {sample} differs from {giver} by {difference.max():.4g}, "
                f"more than {tolerance:.4g}{why}; the same top class in {argmax_share:.1%} of samples"
            )
        offset += tensor.nbytes
    return Agreement(largest, float(np.mean(means)), argmax_share, disagreement)
