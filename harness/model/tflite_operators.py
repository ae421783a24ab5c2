"""One operator of a `.tflite` file: its name, its options, and the tensors that it joins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.model.tflite_graph import GraphOperator, OptionValue
from harness.model.tflite_tensors import readable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.model.tflite_fields import Fields

# Options that hold a number of an enumeration of the schema, by the schema's names.
_ENUMERATIONS = {
    "Padding": "Padding",
    "FusedActivationFunction": "ActivationFunctionType",
    "WeightsFormat": "FullyConnectedOptionsWeightsFormat",
    "Mode": "MirrorPadMode",
}
# Operators that mean nothing without their options.
_REQUIRED_OPTIONS = {
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "CONV_3D": "Conv3DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DIV": "DivOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GATHER": "GatherOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MUL": "MulOptions",
    "PACK": "PackOptions",
    "SOFTMAX": "SoftmaxOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "SVDF": "SVDFOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNPACK": "UnpackOptions",
}

MOST_NUMBERS = 64
"""Of a list that is an option, such as RESHAPE's `new_shape`."""


def read_operator(index: int, fields: Fields, codes: Sequence[Fields], tensors: int) -> GraphOperator:
    """One operator from the schema's fields; its name is still that of its operator and place.

    Args:
        codes: the file's operator codes.
        tensors: how many the graph has.

    Raises:
        ModelError: an index is out of range, or options are missing or broken; the text names the operator.
    """
    if fields["OpcodeIndex"] >= len(codes):
        raise ModelError(f"operator {index}: operator code {fields['OpcodeIndex']} of {len(codes)}")
    op = _name(codes[fields["OpcodeIndex"]])
    try:
        inputs = [None if one == -1 else one for one in indices(fields["Inputs"], tensors, optional=True)]
        outputs = indices(fields["Outputs"], tensors)
        options = _options(op, fields)
    except ModelError as error:
        raise ModelError(f"operator {index} ({op}): {error}") from error
    return GraphOperator(index, f"{op}_{index}", op, tuple(inputs), tuple(outputs), options)


def indices(vector: NDArray[np.int32] | None, tensors: int, optional: bool = False) -> list[int]:
    """A vector of tensor indices; -1 only where a tensor is optional."""
    found = [] if vector is None else [int(one) for one in vector]
    for one in found:
        if not (-1 if optional else 0) <= one < tensors:
            raise ModelError(f"tensor {one} of {tensors}")
    return found


def _name(code: Fields) -> str:
    import tflite

    # Codes above 127 do not fit into the older of the two fields, which then holds a smaller one.
    number = max(code["DeprecatedBuiltinCode"], code["BuiltinCode"])
    if number == tflite.BuiltinOperator.CUSTOM:
        return readable(code["CustomCode"]) or "CUSTOM"
    return _enumerated("BuiltinOperator").get(number, f"BUILTIN_{number}")


def _enumerated(name: str) -> Mapping[int, str]:
    import tflite

    return {number: word for word, number in vars(getattr(tflite, name)).items() if not word.startswith("_")}


def _options(op: str, fields: Fields) -> dict[str, OptionValue]:
    kind = _enumerated("BuiltinOptions").get(fields["BuiltinOptionsType"], "of an unknown kind")
    found = fields["BuiltinOptions"]
    if op in _REQUIRED_OPTIONS and (kind != _REQUIRED_OPTIONS[op] or found is None):
        raise ModelError(f"needs {_REQUIRED_OPTIONS[op]}, has {kind}")
    options = {_snake(name): _option(name, value) for name, value in (found or {}).items()}
    return {name: value for name, value in options.items() if value is not None}


def _option(name: str, value: Any) -> OptionValue | None:
    """An option as a plain value; None for nested tables and long lists, of operators that no backend has."""
    if isinstance(value, int) and name in _ENUMERATIONS:
        words = _enumerated(_ENUMERATIONS[name])
        if value not in words:
            raise ModelError(f"{_snake(name)} {value} does not exist")
        return words[value]
    if isinstance(value, bytes):
        return readable(value)
    if isinstance(value, (int, float)):
        return value
    return tuple(int(one) for one in value) if hasattr(value, "dtype") and value.size <= MOST_NUMBERS else None


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
