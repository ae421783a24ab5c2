"""What firmware that speaks EEMBC's protocol has to know of its model: `eembc_model.h`."""

from __future__ import annotations

import re

from harness.deploy.backend import GeneratedCode
from harness.errors import UnsupportedModelError
from harness.model.mlperf_tiny import Benchmark, SampleFormat, benchmark_of
from harness.model.model import Tensor

_C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t", "float32": "float"}


def eembc_header(model_name: str, code: GeneratedCode) -> str:
    """The text of `eembc_model.h`.

    A model that fits none of MLPerf Tiny's benchmarks goes by its own name, takes samples as its inputs store them, one
    input after another, and gives its first output.

    Args:
        model_name: how the user calls the model.

    Raises:
        UnsupportedModelError: the elements of its output are of a type that the protocol has no numbers for.
    """
    benchmark = benchmark_of(code.inputs, code.outputs)
    name = benchmark.name if benchmark else re.sub(r"[^A-Za-z0-9._-]", "_", model_name)
    lines = [
        _define("MODEL", f'"{name}"'),
        _define("RESULT_IS_ERROR", int(benchmark is not None and benchmark.reconstructs)),
        *_sample(benchmark, code.inputs),
        *_output(code.outputs[0]),
    ]
    return "\n".join(
        ["#ifndef EEMBC_MODEL_H", "#define EEMBC_MODEL_H", "", "#include <stdint.h>", "", *lines, "#endif\n"]
    )


def _sample(benchmark: Benchmark | None, inputs: tuple[Tensor, ...]) -> list[str]:
    """How a sample is stored, and where it has to be converted, how the input is."""
    stored_bytes = sum(tensor.nbytes for tensor in inputs)
    if benchmark is None or benchmark.sample_format is SampleFormat.STORED:
        return [_define("SAMPLE_BYTES", f"{stored_bytes}u"), _define("SAMPLE_IS_STORED", 1)]
    element = "uint8" if benchmark.sample_format is SampleFormat.PIXELS else "float32"
    is_stored = inputs[0].dtype == element
    return [
        _define("SAMPLE_BYTES", f"{benchmark.sample_bytes}u"),
        _define("SAMPLE_IS_STORED", int(is_stored)),
        _define("SAMPLE_SCALE", _real(benchmark.pixel_scale)),
        f"typedef {_C_TYPES[element]} eembc_sample_t;",
        *([] if is_stored else _input(inputs[0])),
    ]


def _input(tensor: Tensor) -> list[str]:
    import numpy as np

    is_real = tensor.dtype == "float32"
    lines = [
        _define("INPUT_ELEMENTS", f"{tensor.elements}u"),
        _define("INPUT_IS_REAL", int(is_real)),
        f"typedef {_c_type(tensor)} eembc_input_t;",
    ]
    if not is_real:
        limits = np.iinfo(tensor.dtype)
        lines += [_define("INPUT_LOWEST", _real(limits.min)), _define("INPUT_HIGHEST", _real(limits.max))]
        lines += _quantization("INPUT", tensor)
    return lines


def _output(tensor: Tensor) -> list[str]:
    elements = _define("OUTPUT_ELEMENTS", f"{tensor.elements}u")
    return [elements, f"typedef {_c_type(tensor)} eembc_output_t;", *_quantization("OUTPUT", tensor)]


def _quantization(of: str, tensor: Tensor) -> list[str]:
    scale = 1.0 if tensor.scale is None else tensor.scale
    return [_define(f"{of}_SCALE", _real(scale)), _define(f"{of}_ZERO_POINT", _real(tensor.zero_point or 0))]


def _c_type(tensor: Tensor) -> str:
    if tensor.dtype not in _C_TYPES:
        known = ", ".join(_C_TYPES)
        raise UnsupportedModelError(
            f"tensor {tensor.name!r} is {tensor.dtype}; firmware that speaks EEMBC's protocol takes {known}"
        )
    return _C_TYPES[tensor.dtype]


def _real(value: float) -> str:
    """A C constant of type float; nine digits give back every one."""
    return f"{value:.8e}f"


def _define(name: str, value: object) -> str:
    return f"#define EEMBC_{name} {value}"
