"""One tensor of a `.tflite` file: shape, type, quantization and data, each checked against the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import TYPE_CHECKING

from harness.errors import ModelError
from harness.model.model import ITEM_BYTES
from harness.model.tflite_graph import GraphTensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.model.tflite_fields import Fields

MOST_BYTES = 2**28
"""The largest tensor that is read; what is larger is a mistake, as no microcontroller has a thousandth of it."""
MOST_DIMENSIONS = 8
MOST_NAME = 1000
"""Bytes of a name that are shown; the rest is left out."""
_ALIGNMENT = 8


class Buffers:
    """The data of each buffer, also of those that lie behind the tables.

    However many tensors share a buffer, there is one copy of it at most.
    """

    def __init__(self, content: bytes, buffers: Sequence[Fields]) -> None:
        import numpy as np

        self._found: list[NDArray[np.uint8] | None] = []
        self._unpacked: dict[int, NDArray[np.int8]] = {}
        behind = 0
        for index, buffer in enumerate(buffers):
            data, offset, size = buffer["Data"], buffer["Offset"], buffer["Size"]
            if offset > 1:
                behind += size
                if offset + size > len(content) or behind > len(content):
                    raise ModelError(f"buffer {index} ends at byte {offset + size:,} of {len(content):,}, or overlaps")
                data = np.frombuffer(content, np.uint8, size, offset)
            self._found.append(data if data is not None and data.size else None)

    def __len__(self) -> int:
        return len(self._found)

    def data(self, index: int) -> NDArray[np.uint8] | None:
        """Bytes at an address that is good for any type; None for an empty buffer."""
        import numpy as np

        found = self._found[index]
        if found is not None and found.ctypes.data % _ALIGNMENT:
            found = self._found[index] = np.frombuffer(found.tobytes(), np.uint8)
        return found

    def unpacked(self, index: int) -> NDArray[np.int8]:
        """(2 n,) int8 from the n bytes of a buffer that is not empty: two values each, the first in the low half."""
        data = self._found[index]
        assert data is not None
        if index not in self._unpacked:
            self._unpacked[index] = _unpacked(data)
        return self._unpacked[index]


def read_tensor(index: int, fields: Fields, buffers: Buffers) -> GraphTensor:
    """One tensor from the schema's fields.

    Raises:
        ModelError: its parts disagree, or it is of a kind that no backend takes; the text names the tensor.
    """
    name = readable(fields["Name"]) or f"tensor_{index}"
    try:
        dtype, shape = _dtype(fields["Type"]), _shape(fields)
        scales, zero_points, dimension = _quantization(fields["Quantization"], shape, dtype)
        if fields["Sparsity"] is not None:
            raise ModelError("it is stored sparse; convert the model without sparsity")
        data = _data(fields["Buffer"], buffers, shape, dtype)
    except ModelError as error:
        raise ModelError(f"tensor {index} {name!r}: {error}") from error
    return GraphTensor(index, name, shape, dtype, scales, zero_points, dimension, data, bool(fields["IsVariable"]))


def readable(text: bytes | None) -> str:
    """A string of the file, with what can't be printed replaced."""
    decoded = (text or b"")[:MOST_NAME].decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "�" for character in decoded)


def _dtype(number: int) -> str:
    import tflite

    names = {value: name for name, value in vars(tflite.TensorType).items() if not name.startswith("_")}
    name = str(names.get(number, f"number {number}"))
    if name.lower() not in (*ITEM_BYTES, "int4"):
        raise ModelError(f"type {name} is not supported; convert to float32 or int8")
    return name.lower()


def _shape(fields: Fields) -> tuple[int, ...]:
    shape = _integers(fields["Shape"])
    if shape and shape[0] == -1:
        shape = (1, *shape[1:])
    if len(shape) > MOST_DIMENSIONS or any(size < 0 for size in shape):
        raise ModelError(f"shape {shape} is not fixed; convert the model with fixed sizes")
    return shape


def require_fixed_size(tensor: GraphTensor, fields: Fields) -> None:
    """Refuse a model input of which anything but the batch is left open."""
    if -1 in _integers(fields["ShapeSignature"])[1:]:
        signature = _integers(fields["ShapeSignature"])
        raise ModelError(f"input {tensor.name!r} has shape {signature}; convert the model with fixed sizes")


def _integers(vector: NDArray[np.int32] | None) -> tuple[int, ...]:
    return () if vector is None else tuple(int(one) for one in vector)


def _quantization(
    fields: Fields | None, shape: tuple[int, ...], dtype: str
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    import numpy as np

    scales = _unquantized()[0] if fields is None or fields["Scale"] is None else fields["Scale"]
    # Files of TensorFlow 1 mark a tensor without quantization by one scale of 0.
    if fields is None or scales.size == 0 or (scales.size == 1 and scales[0] == 0):
        return *_unquantized(), 0
    zero_points = np.zeros(1, np.int64) if fields["ZeroPoint"] is None else fields["ZeroPoint"]
    if zero_points.size == 1:
        zero_points = np.repeat(zero_points, scales.size)
    dimension: int = fields["QuantizedDimension"]
    if scales.size > 1 and not (0 <= dimension < len(shape) and shape[dimension] == scales.size):
        raise ModelError(f"{scales.size} scales do not match dimension {dimension} of shape {shape}")
    if zero_points.size != scales.size or not (np.isfinite(scales).all() and (scales > 0).all()):
        raise ModelError("its quantization is broken: needs positive scales, and as many zero points")
    if dtype.lstrip("u").startswith("int"):
        least, most = (-8, 7) if dtype == "int4" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if zero_points.min() < least or zero_points.max() > most:
            raise ModelError(f"a zero point lies outside {dtype}")
    return scales, zero_points, dimension


@cache
def _unquantized() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """No scales and no zero points: the same for all tensors that have none."""
    import numpy as np

    return np.empty(0, np.float32), np.empty(0, np.int64)


def _data(number: int, buffers: Buffers, shape: tuple[int, ...], dtype: str) -> NDArray[np.generic] | None:
    import numpy as np

    if number >= len(buffers):
        raise ModelError(f"buffer {number} of {len(buffers)}")
    expected = -(-prod(shape) // 2) if dtype == "int4" else prod(shape) * ITEM_BYTES[dtype]
    # Also of sizes beside a size of 0, which numpy counts too.
    claimed = max(expected, prod(max(size, 1) for size in shape) * ITEM_BYTES.get(dtype, 1))
    if claimed > MOST_BYTES:
        raise ModelError(f"{claimed:,} bytes are more than {MOST_BYTES:,}")
    data = buffers.data(number)
    if expected == 0 and data is None:
        return np.empty(shape, "int8" if dtype == "int4" else dtype)
    if data is None and dtype == "int4":
        raise ModelError("int4 is supported for weights alone, and this is computed")
    if data is None:
        return None
    if data.nbytes != expected:
        raise ModelError(f"shape {shape} of {dtype} takes {expected:,} bytes, its buffer has {data.nbytes:,}")
    if dtype == "int4":
        return buffers.unpacked(number)[: prod(shape)].reshape(shape)
    return data.view(np.dtype(dtype).newbyteorder("<")).reshape(shape)


def _unpacked(data: NDArray[np.uint8]) -> NDArray[np.int8]:
    import numpy as np

    halves = np.stack([data & 0xF, data >> 4], axis=1).ravel().astype(np.int8)
    halves -= (halves >= 8) * np.int8(16)
    halves.flags.writeable = False
    return halves
