"""Samples in the layout that a model takes and gives.

**Sample layout.** A model with one input takes an array of shape (count, *input shape without the batch) of the input's
type. A model with several takes rows of bytes, (count, bytes) uint8: all inputs of one sample in the graph's order,
each little-endian and in C order, joined without padding. Outputs follow the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm
from harness.model.model import Model, Tensor
from harness.model.synthetic import patchy_noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INPUT_RANGE = (0.0, 1.0)
"""Real values that a random float input takes when nothing is known of the model."""


def sample_shape(tensor: Tensor) -> tuple[int, ...]:
    """The shape of one sample: without the batch dimension, which is 1."""
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape


def input_form(model: Model) -> InputForm:
    """What the model's first input takes: its range from the quantization, or from the zoo, or `INPUT_RANGE`."""
    import numpy as np

    from harness.model.zoo import ZOO

    tensor = model.inputs[0]
    low, high = ZOO[model.name].goal.input_range if model.name in ZOO else INPUT_RANGE
    if tensor.scale is not None and tensor.zero_point is not None and np.dtype(tensor.dtype).kind in "iu":
        limits = np.iinfo(tensor.dtype)
        low, high = (tensor.scale * (float(limit) - tensor.zero_point) for limit in (limits.min, limits.max))
    return InputForm(sample_shape(tensor), tensor.dtype, low, high)


def to_rows(tensors: Sequence[Tensor], samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Samples in the layout above as rows of bytes, (count, bytes of all tensors).

    Raises:
        DatasetError: their shape or type is not what the tensors ask for.
    """
    import numpy as np

    nbytes = sum(tensor.nbytes for tensor in tensors)
    if len(tensors) == 1:
        wanted = ((*samples.shape[:1], *sample_shape(tensors[0])), np.dtype(tensors[0].dtype))
    else:
        wanted = ((*samples.shape[:1], nbytes), np.dtype(np.uint8))
    if not samples.shape or (samples.shape, samples.dtype) != wanted:
        raise DatasetError(f"samples are {samples.shape} {samples.dtype}, the model takes {wanted[0]} {wanted[1]}")
    return np.ascontiguousarray(samples).reshape(len(samples), -1).view(np.uint8).reshape(len(samples), nbytes)


def to_bytes(tensors: Sequence[Tensor], samples: NDArray[np.generic]) -> tuple[bytes, ...]:
    """Of each sample the bytes that a board is sent or sends; raises what `to_rows` does."""
    return tuple(row.tobytes() for row in to_rows(tensors, samples))


def from_rows(tensors: Sequence[Tensor], rows: NDArray[np.uint8]) -> NDArray[np.generic]:
    """The opposite of `to_rows`."""
    if len(tensors) != 1:
        return rows
    return rows.view(tensors[0].dtype).reshape(len(rows), *sample_shape(tensors[0]))


def quantize_samples(dataset: Dataset, tensor: Tensor) -> NDArray[np.generic]:
    """The samples of a data set as the model's input tensor takes them, (count, *shape without batch).

    Real values become integers as in TFLite: `round(x / scale) + zero_point`, halves away from zero, saturated.
    Integers pass unchanged if they are of the tensor's type, or fit into it without loss.

    Raises:
        DatasetError: shape or type does not fit the model, or a value is not finite.
    """
    import numpy as np

    samples = dataset.samples
    shape = (len(samples), *sample_shape(tensor))
    if [size for size in samples.shape if size != 1] != [size for size in shape if size != 1]:
        raise DatasetError(f"{dataset.name}: samples have shape {samples.shape[1:]}, the model takes {shape[1:]}")
    samples = samples.reshape(shape)
    if samples.dtype == tensor.dtype and samples.dtype.kind != "f":
        return samples
    if samples.dtype.kind == "f":
        if not np.isfinite(samples).all():
            raise DatasetError(f"{dataset.name}: a sample holds a value that is not finite; clean the data set")
        return _quantized(samples.astype(np.float32), tensor, dataset.name)
    return _narrowed(samples, tensor, dataset.name)


def _quantized(samples: NDArray[np.float32], tensor: Tensor, name: str) -> NDArray[np.generic]:
    import numpy as np

    if tensor.dtype == "float32":
        return samples
    if tensor.scale is None or tensor.zero_point is None:
        raise DatasetError(f"{name}: holds real values, but the model's {tensor.dtype} input has no scale")
    limits = np.iinfo(tensor.dtype)
    scaled = (samples / np.float32(tensor.scale)).astype(np.float64)
    steps = np.trunc(scaled)
    steps += np.where(np.abs(scaled - steps) >= 0.5, np.sign(scaled), 0)
    quantized: NDArray[np.generic] = np.clip(steps + tensor.zero_point, limits.min, limits.max).astype(tensor.dtype)
    return quantized


def _narrowed(samples: NDArray[np.generic], tensor: Tensor, name: str) -> NDArray[np.generic]:
    import numpy as np

    if samples.dtype.kind not in "iu" or np.dtype(tensor.dtype).kind not in "iu":
        raise DatasetError(
            f"{name}: holds {samples.dtype}, the model takes {tensor.dtype}; store real values as float32, "
            f"or quantized ones as {tensor.dtype}"
        )
    narrowed = samples.astype(tensor.dtype)
    if not np.array_equal(narrowed, samples):
        raise DatasetError(f"{name}: {samples.dtype} samples exceed the model's {tensor.dtype}; store them as that")
    return narrowed


def random_inputs(model: Model, count: int, seed: int) -> NDArray[np.generic]:
    """Inputs for a model without data, in the sample layout; the same for the same seed.

    Integers of 8 and 16 bit take their whole range; wider ones are indices: of any entry where the zoo has a model of
    this name, else 0 or 1. Real ones take the range in the zoo's entry, or else `INPUT_RANGE`. What is no index varies
    as `patchy_noise` does.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    columns = [to_rows([tensor], _random(model.name, tensor, count, generator)) for tensor in model.inputs]
    return from_rows(model.inputs, np.concatenate(columns, axis=1))


def _random(name: str, tensor: Tensor, count: int, generator: np.random.Generator) -> NDArray[np.generic]:
    import numpy as np

    from harness.model.zoo import ZOO

    shape, dtype = sample_shape(tensor), np.dtype(tensor.dtype)
    goal = ZOO[name].goal if name in ZOO else None
    if dtype.kind == "f":
        low, high = goal.input_range if goal else INPUT_RANGE
        return (low + (high - low) * patchy_noise(shape, count, generator)).astype(dtype)
    if dtype.kind == "b" or dtype.itemsize > 2:
        entries = int(goal.input_range[1]) + 1 if goal and goal.indices else 2
        return generator.integers(0, entries, (count, *shape)).astype(dtype)
    limits = np.iinfo(dtype)
    return (limits.min + np.rint((limits.max - limits.min) * patchy_noise(shape, count, generator))).astype(dtype)
