"""Generates, links and runs a model on an emulated core, and asks the TFLite interpreter for the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.deploy.backend import Backend, GeneratedCode
from harness.deploy.options import O2, BuildOptions
from harness.deploy.target import Target
from harness.model.model import Model, Tensor
from harness.optimize.variant import Quantization, Variant
from tests.deploy.on_core import CORTEX_M4, BareCore, link

Arrays = tuple[NDArray[np.generic], ...]


@dataclass
class Deployed:
    """Generated code on a core."""

    model: Model
    code: GeneratedCode
    core: BareCore

    def run(self, inputs: Arrays) -> Arrays:
        contents = self.core.run(*(values.tobytes() for values in inputs))
        return tuple(
            np.frombuffer(content, tensor.dtype).reshape(tensor.shape)
            for content, tensor in zip(contents, self.model.outputs, strict=True)
        )


def deploy(
    backend: Backend, model: Model, directory: Path, target: Target = CORTEX_M4, options: BuildOptions = O2
) -> Deployed:
    """The model on a bare core."""
    directory.mkdir(exist_ok=True)
    quantized = any(tensor.dtype in ("int8", "int16") for layer in model.layers for tensor in layer.outputs)
    variant = Variant(model, Quantization.INT8 if quantized else Quantization.FLOAT32, source="test")
    code = backend.generate(variant, target, options, directory)
    return Deployed(model, code, BareCore(link(code, target, directory), target.core))


def random_inputs(model: Model, rng: np.random.Generator) -> Arrays:
    """Any integers, or floats within one and a half of zero; int32 are indices of tables of ten rows or more."""

    def values(tensor: Tensor) -> NDArray[np.generic]:
        if tensor.dtype == "float32":
            return rng.uniform(-1.5, 1.5, tensor.shape).astype(np.float32)
        low, high = (0, 9) if tensor.dtype == "int32" else (np.iinfo(tensor.dtype).min, np.iinfo(tensor.dtype).max)
        return rng.integers(low, high, tensor.shape, tensor.dtype, endpoint=True)

    return tuple(values(tensor) for tensor in model.inputs)


class Reference:
    """The TFLite interpreter with its reference kernels."""

    def __init__(self, model: Model) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        resolver = OpResolverType.BUILTIN_REF
        self._interpreter = Interpreter(model_path=str(model.path), experimental_op_resolver_type=resolver)
        self._interpreter.allocate_tensors()

    def run(self, inputs: Arrays) -> Arrays:
        for details, values in zip(self._interpreter.get_input_details(), inputs, strict=True):
            self._interpreter.set_tensor(details["index"], values)
        self._interpreter.invoke()
        return tuple(self._interpreter.get_tensor(d["index"]) for d in self._interpreter.get_output_details())


def largest_difference(deployed: Deployed, samples: int = 3, seed: int = 0) -> float:
    """Of any output value, over some random samples, from the interpreter's: in steps for int8.

    For float32, relative to the largest of the reference's values.
    """
    reference, rng, worst = Reference(deployed.model), np.random.default_rng(seed), 0.0
    for _ in range(samples):
        inputs = random_inputs(deployed.model, rng)
        for mine, theirs in zip(deployed.run(inputs), reference.run(inputs), strict=True):
            scale = 1.0 if np.issubdtype(theirs.dtype, np.integer) else float(np.abs(theirs).max()) + 1e-30
            difference = np.abs(mine.astype(np.float64) - theirs.astype(np.float64))
            worst = max(worst, float(difference.max()) / scale)
    return worst
