"""The `cmsis_nn` backend: `.tflite` to C that calls Arm's kernels."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from harness.deploy.backend import Claims, GeneratedCode, Step
from harness.deploy.cmsis_nn.sources import KERNELS_VERSION, PACKAGE, PACKAGE_VERSION
from harness.deploy.cmsis_nn.supported import operators, unsupported
from harness.deploy.dense_tolerance import SHORT_MULTIPLIER, DenseDeviation, tolerance_of
from harness.deploy.options import BuildOptions
from harness.deploy.target import Core, Target
from harness.model.tflite_graph import open_graph
from harness.optimize.quantization import NETWORK_QUANTIZATIONS
from harness.optimize.variant import Variant

DENSE_DEVIATION = DenseDeviation(
    "CMSIS-NN takes 16 bits of the multiplier of an int16 FULLY_CONNECTED, TFLite 32", {"int16": SHORT_MULTIPLIER}
)
_OWN_OPERATORS = ("operators.c", "operators.h")
_DECLARATIONS = ("#include <string.h>", '#include "arm_nnfunctions.h"', '#include "operators.h"')


class CmsisNnBackend:
    """Generates calls for models of int8 and int16; no interpreter runs on the target."""

    name = "cmsis_nn"

    def versions(self) -> Mapping[str, str]:
        """Of the kernels, of the package that they come in, and of what reads the model."""
        return {"cmsis-nn": KERNELS_VERSION, PACKAGE: PACKAGE_VERSION, "tflite": version("tflite")}

    def load(self) -> None:
        """Nothing that takes long."""

    def claims(self) -> Claims:
        """Int8 and int16 on every core."""
        kinds = (kind for kind in NETWORK_QUANTIZATIONS if kind.is_calibrated)
        return Claims(tuple(Core), {kind: operators(kind.activations) for kind in kinds})

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:  # noqa: ARG002
        """Quantizations, operators and types that are missing; every core will do."""
        graph = open_graph(variant.model)
        if variant.quantization.activations == "float32":
            return [f"{variant.quantization} is not supported: CMSIS-NN computes with integers alone"]
        return unsupported(graph)

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:
        """Write `model.c` and what it needs besides CMSIS-NN into an empty directory.

        Raises:
            BuildError: CMSIS-NN's sources can't be had, or do not compile.
        """
        from harness.deploy.cmsis_nn.library import include_directory, kernel_archive, uses_dsp
        from harness.deploy.cmsis_nn.lower import lower
        from harness.deploy.memory import lay_out
        from harness.deploy.model_source import model_source

        graph = open_graph(variant.model)
        program = lower(graph, uses_dsp(target, options))
        memory = lay_out(program)
        source = directory / "model.c"
        source.write_text(
            model_source(program, memory, _DECLARATIONS, lambda call, arguments: call.kernel.statement(arguments))
        )
        for name in _OWN_OPERATORS:
            shutil.copyfile(Path(__file__).with_name(name), directory / name)
        return GeneratedCode(
            sources=(source, directory / "operators.c"),
            objects=(),
            include_directories=(directory, include_directory()),
            arena_bytes=memory.nbytes,
            arena_lower_bound=memory.lower_bound,
            steps=tuple(Step(step.calls[-1].kernel.name, step.layers) for step in program.steps),
            inputs=tuple(graph.tensors[index].value() for index in graph.inputs),
            outputs=tuple(graph.tensors[index].value() for index in graph.outputs),
            tolerance=tolerance_of(graph, DENSE_DEVIATION),
            kernel_archives=(kernel_archive(target, options),),
        )
