"""The `portable_c` backend: `.tflite` to ONNX to one file of portable C."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from harness.deploy.backend import Claims, GeneratedCode
from harness.deploy.float16_constants import open_float32_graph
from harness.deploy.options import BuildOptions
from harness.deploy.portable_c.supported import is_quantized, operators, unsupported
from harness.deploy.target import Core, Target
from harness.errors import BuildError
from harness.model.tflite_graph import Graph
from harness.optimize.variant import Quantization, Variant

_QUANTIZATIONS = (Quantization.FLOAT32, Quantization.FLOAT16, Quantization.INT8, Quantization.INT8_FLOAT_IO)
_PACKAGES = ("emx-onnx-cgen", "onnx")


class PortableCBackend:
    """Plain C for float32, float16 and int8 models on any core; no library, no assembly, the baseline to beat."""

    name = "portable_c"

    def versions(self) -> Mapping[str, str]:
        """Exact versions of the generator and of the format between."""
        return {package: version(package) for package in _PACKAGES}

    def load(self) -> None:
        """Import ONNX: half a second. The generator runs in a process of its own."""
        import onnx  # noqa: F401

    def claims(self) -> Claims:
        """Floats and int8 on every core."""
        return Claims(tuple(Core), {kind: operators(kind.activations == "int8") for kind in _QUANTIZATIONS})

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:  # noqa: ARG002
        """Quantizations, operators and types that are missing; every core will do, and all options."""
        if variant.quantization not in _QUANTIZATIONS:
            return [f"{variant.quantization} is not supported; convert the model to {', '.join(_QUANTIZATIONS)}"]
        return unsupported(open_float32_graph(variant.model))

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:  # noqa: ARG002
        """Write `model.c`, which includes the generator's file, into an empty directory.

        Raises:
            BuildError: the generator failed.
        """
        from harness.deploy.portable_c.emx import compile_onnx, read_program
        from harness.deploy.portable_c.glue import make_glue
        from harness.deploy.portable_c.requantize import with_exact_scaling

        graph = open_float32_graph(variant.model)
        quantized = is_quantized(graph)
        emx_source = compile_onnx(_onnx(graph, quantized), directory)
        text = emx_source.read_text()
        if quantized:
            text = with_exact_scaling(text, graph)
            emx_source.write_text(text)
        program = read_program(text)
        if len(program.parameters) != len(graph.inputs) + len(graph.outputs):
            raise BuildError("emx-onnx-cgen changed the model's inputs and outputs")
        glue = make_glue(program, graph, emx_source.name)
        source = directory / "model.c"
        source.write_text(glue.text)
        return GeneratedCode(
            sources=(source,),
            objects=(),
            include_directories=(directory,),
            arena_bytes=glue.arena_bytes,
            arena_lower_bound=glue.arena_lower_bound,
            steps=glue.steps,
            inputs=tuple(graph.tensors[index].value() for index in graph.inputs),
            outputs=tuple(graph.tensors[index].value() for index in graph.outputs),
        )


def _onnx(graph: Graph, quantized: bool) -> bytes:
    """The same model in ONNX's format."""
    from harness.deploy.portable_c.float_operators import FLOAT_OPERATORS
    from harness.deploy.portable_c.int8_operators import INT8_OPERATORS
    from harness.deploy.portable_c.onnx_writer import OnnxWriter

    writer, operators = OnnxWriter(graph), INT8_OPERATORS if quantized else FLOAT_OPERATORS
    for operator in graph.operators:
        writer.layer = operator.index
        operators[operator.op](writer, operator)
    return writer.write()
