"""The process in which an interpreter runs: `python -m harness.model.reference_process DIRECTORY INTERPRETER`.

Reads `model.tflite` and `samples.npy` (rows of bytes) from the directory, writes `outputs.npy` (rows of bytes) there.
"""

from __future__ import annotations

import math
import resource
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ADDRESS_SPACE = 8 * 2**30
"""Enough for any model that a microcontroller holds; a corrupt one must not take the host's memory."""
ARENA = 64 * 2**20
"""Of TensorFlow Lite Micro, which takes what its caller says."""

Infer = Callable[[NDArray[np.uint8]], bytes]
"""From a sample's bytes to those of its outputs."""


def main(directory: Path, interpreter: str) -> None:
    """Run every sample through the model."""
    infer = {"tflite": _tflite, "tflm": _tflm}[interpreter]((directory / "model.tflite").read_bytes())
    samples = np.load(directory / "samples.npy", allow_pickle=False)
    np.save(directory / "outputs.npy", np.stack([np.frombuffer(infer(sample), np.uint8) for sample in samples]))


def _tflite(model: bytes) -> Infer:
    """TFLite's reference kernels, by LiteRT."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()

    def infer(sample: NDArray[np.uint8]) -> bytes:
        for one, values in zip(inputs, _tensors(sample, inputs), strict=True):
            interpreter.set_tensor(one["index"], values)
        interpreter.invoke()
        answer = b"".join(interpreter.get_tensor(one["index"]).tobytes() for one in outputs)
        interpreter.reset_all_variables()
        return answer

    return infer


def _tflm(model: bytes) -> Infer:
    """TensorFlow Lite Micro with its portable kernels, by the package of its own project."""
    from tflite_micro.python.tflite_micro import runtime

    graph = runtime.convert_bytearray_to_object(model).subgraphs[0]
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA)
    inputs = [interpreter.get_input_details(index) for index in range(len(graph.inputs))]

    def infer(sample: NDArray[np.uint8]) -> bytes:
        for index, values in enumerate(_tensors(sample, inputs)):
            interpreter.set_input(values, index)
        interpreter.invoke()
        answer = b"".join(interpreter.get_output(index).tobytes() for index in range(len(graph.outputs)))
        interpreter.reset()
        return answer

    return infer


def _tensors(sample: NDArray[np.uint8], inputs: Sequence[Mapping[str, Any]]) -> Iterator[NDArray[np.generic]]:
    """A sample's bytes as the tensors that an interpreter's details name."""
    start = 0
    for one in inputs:
        size = math.prod(int(length) for length in one["shape"]) * int(np.dtype(one["dtype"]).itemsize)
        yield sample[start : start + size].view(one["dtype"]).reshape(one["shape"])
        start += size


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except (RuntimeError, ValueError, MemoryError, OverflowError, struct.error) as error:
        sys.exit(" ".join(str(error).split()) or type(error).__name__)
