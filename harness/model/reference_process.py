"""The process in which the interpreter runs: `python -m harness.model.reference_process DIRECTORY KERNELS`.

Reads `model.tflite` and `samples.npy` (rows of bytes) from the directory, writes `outputs.npy` (rows of bytes) there.
"""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ADDRESS_SPACE = 8 * 2**30
"""Enough for any model that a microcontroller holds; a corrupt one must not take the host's memory."""


def main(directory: Path, kernels: str) -> None:
    """Run every sample through the model."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_path=str(directory / "model.tflite"),
        experimental_op_resolver_type=OpResolverType[kernels],
        num_threads=1,
    )
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    samples = np.load(directory / "samples.npy", allow_pickle=False)
    rows = np.empty((len(samples), sum(_size(one) for one in outputs)), np.uint8)
    for sample, row in zip(samples, rows, strict=True):
        start = 0
        for one in inputs:
            values = sample[start : start + _size(one)].view(one["dtype"])
            interpreter.set_tensor(one["index"], values.reshape(one["shape"]))
            start += _size(one)
        interpreter.invoke()
        row[:] = np.frombuffer(b"".join(interpreter.get_tensor(one["index"]).tobytes() for one in outputs), np.uint8)
        interpreter.reset_all_variables()
    np.save(directory / "outputs.npy", rows)


def _size(details: Mapping[str, Any]) -> int:
    """Bytes of an input or output."""
    return math.prod(int(size) for size in details["shape"]) * int(np.dtype(details["dtype"]).itemsize)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except (RuntimeError, ValueError, MemoryError, OverflowError) as error:
        sys.exit(" ".join(str(error).split()) or type(error).__name__)
