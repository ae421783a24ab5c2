"""Writes `.tflite` files of one or a few operators, with any shapes, scales and zero points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from harness.model.model import Model
from harness.model.tflite_reader import read_tflite
from harness.optimize.variant import Quantization, Variant

_TYPES = {
    "float16": schema.TensorType.FLOAT16,
    "float32": schema.TensorType.FLOAT32,
    "int4": schema.TensorType.INT4,
    "int8": schema.TensorType.INT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
}


class TinyModel:
    """A graph that grows by tensors and operators; tensors are known by their numbers."""

    def __init__(self) -> None:
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.buffers: list[Any] = [schema.BufferT()]
        self.codes: list[Any] = []

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        scale: float | NDArray[np.float64] | None = None,
        zero_point: int = 0,
        data: NDArray[np.generic] | None = None,
        channel_axis: int = 0,
    ) -> int:
        """A tensor, quantized where a scale is given, or one a channel; constant where there is data."""
        made = schema.TensorT()
        made.shape, made.type, made.name = list(shape), _TYPES[dtype], f"tensor_{len(self.tensors)}"
        made.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = _bytes_of(data, dtype)
            self.buffers.append(buffer)
            made.buffer = len(self.buffers) - 1
        if scale is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = np.atleast_1d(np.asarray(scale, np.float32))
            made.quantization.zeroPoint = np.full(len(made.quantization.scale), zero_point, np.int64)
            made.quantization.quantizedDimension = channel_axis
        self.tensors.append(made)
        return len(self.tensors) - 1

    def operator(
        self, name: str, inputs: Sequence[int], output: int, options: str = "", version: int = 3, **values: object
    ) -> int:
        """Add an operator; `options` is the schema's class, `values` its fields. Gives back the output."""
        return self.operator_of_many(name, inputs, [output], options, version, **values)[0]

    def operator_of_many(
        self, name: str, inputs: Sequence[int], outputs: Sequence[int], options: str, version: int = 1, **values: object
    ) -> list[int]:
        """The same with several outputs."""
        code = schema.OperatorCodeT()
        number = getattr(schema.BuiltinOperator, name)
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), version
        self.codes.append(code)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(self.codes) - 1, list(inputs), list(outputs)
        if options:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            made.builtinOptions = getattr(schema, f"{options}T")()
            for field, value in values.items():
                assert hasattr(made.builtinOptions, field), field
                setattr(made.builtinOptions, field, value)
        self.operators.append(made)
        return list(outputs)

    def write(self, path: Path, inputs: Sequence[int], outputs: Sequence[int]) -> Model:
        """The file, read back."""
        graph = schema.SubGraphT()
        graph.tensors, graph.operators, graph.name = self.tensors, self.operators, "main"
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        model = schema.ModelT()
        model.version, model.description, model.subgraphs = 3, "test", [graph]
        model.operatorCodes, model.buffers = self.codes, self.buffers
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        path.write_bytes(bytes(builder.Output()))
        return read_tflite(path)


def _bytes_of(data: NDArray[np.generic], dtype: str) -> NDArray[np.uint8]:
    """As TFLite stores them: of int4, two in a byte, the first in the low half."""
    if dtype != "int4":
        return np.frombuffer(np.ascontiguousarray(data.astype(dtype)).tobytes(), np.uint8)
    halves = data.astype(np.int8).ravel().view(np.uint8) & 0xF
    halves = np.append(halves, np.zeros(len(halves) % 2, np.uint8))
    return np.asarray(halves[::2] | (halves[1::2] << 4), np.uint8)


def variant_of(model: Model, quantization: Quantization = Quantization.INT8) -> Variant:
    """The model as it is, as a variant."""
    return Variant(model, quantization, source=model.name)
