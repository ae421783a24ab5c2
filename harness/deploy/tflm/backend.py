"""The `tflm` backend: TensorFlow Lite Micro's interpreter, with the operators and the arena that the model needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.deploy.arena import Lifetime, lower_bound
from harness.deploy.backend import Claims, GeneratedCode, Step
from harness.deploy.dense_tolerance import (
    SHORT_MULTIPLIER,
    TWO_ROUNDINGS,
    DenseDeviation,
    tolerance_of,
    usual_tolerance,
)
from harness.deploy.firmware import CODE_DIRECTORY, Firmware
from harness.deploy.options import BuildOptions
from harness.deploy.target import Core, Target
from harness.deploy.tflm.generated import copy_glue, header, write_model
from harness.deploy.tflm.library import RELEASE_WITH_LOGS, Compiler, archive, gather
from harness.deploy.tflm.operators import (
    lacking_channel_scales,
    needed_methods,
    operators_by_type,
    refused_by_cmsis_nn,
    resolver_methods,
    unsupported,
)
from harness.deploy.tflm.probe import Arena, link_probe, measure_arena
from harness.deploy.tflm.tree import find_tree
from harness.deploy.toolchain import find_toolchain, require_cxx_headers
from harness.errors import BuildError, ConfigError
from harness.model.reference import Interpreter
from harness.model.tflite_graph import Graph, open_graph
from harness.optimize.variant import Quantization, Variant

QUANTIZATIONS = (
    Quantization.FLOAT32,
    Quantization.INT8_FLOAT_IO,
    Quantization.INT8,
    Quantization.INT16X8_FLOAT_IO,
    Quantization.INT16X8,
)
"""TFLM has no hybrid kernels, which `dynamic` wants, and its DEQUANTIZE takes no float16. A model whose weights are so
small that the converter left them float32 is taken whatever it is called."""

DENSE_DEVIATION = DenseDeviation(
    "TensorFlow Lite Micro scales sums of FULLY_CONNECTED with two roundings or 16 bits of the multiplier, TFLite with "
    "one and 32",
    {"int8": TWO_ROUNDINGS, "int16": SHORT_MULTIPLIER},
)

RELEASES_DIFFER = "releases of TensorFlow Lite Micro differ in the last bits of multipliers, which tell in int16"
"""Seen in SUB: a tree of 20 August 2026 divides scales in single precision, the interpreter of 23 October in double."""

ARENA_FILE = "arena.json"
"""In the directory of the generated code: the `Arena` as it was found."""


@dataclass(frozen=True)
class TflmBackend:
    """Interprets any model whose operators the user's tree has.

    Attributes:
        definitions: TFLM's build type, as preprocessor definitions.
    """

    definitions: tuple[str, ...] = RELEASE_WITH_LOGS
    name: str = field(default="tflm", init=False)

    def versions(self) -> Mapping[str, str]:
        """Which tree; nothing where there is none."""
        try:
            return {"tflite-micro": find_tree().version()}
        except (ConfigError, BuildError):
            return {}

    def load(self) -> None:
        """Nothing to import."""

    def claims(self) -> Claims:
        """The operators of the user's tree, on every core; nothing where there is no tree."""
        try:
            operators = operators_by_type(find_tree())
        except (ConfigError, BuildError):
            return Claims(tuple(Core), {})
        return Claims(tuple(Core), {kind: operators[kind.activations] for kind in QUANTIZATIONS})

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:  # noqa: ARG002
        """No tree, no headers for C++, or what the tree lacks: downloads, kernels, operators."""
        try:
            require_cxx_headers()
            tree = find_tree()
            methods = resolver_methods(tree)
        except (ConfigError, BuildError) as error:
            return [str(error)]
        graph = open_graph(variant.model)
        scales = lacking_channel_scales(graph, tree, options.kernels)
        return [*tree.problems(options.kernels), *unsupported(graph, methods), *scales]

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:
        """Write the model, the glue, and the libraries of what the model needs into an empty directory.

        Raises:
            UnsupportedModelError: a kernel refuses its layer.
            BuildError: the tree does not compile.
        """
        tree, graph = find_tree(), open_graph(variant.model)
        compiler = Compiler(tree, find_toolchain(), target, options, self.definitions)
        methods = needed_methods(graph, resolver_methods(tree))
        model = write_model(variant.model.read_bytes(), directory)
        copy_glue(directory)
        (directory / "generated.h").write_text(header(methods, graph))
        with TemporaryDirectory(dir=directory) as scratch:
            sources = (directory / "probe.cc", model)
            glue = [compiler.compile(source, Path(scratch, f"{source.stem}.o")) for source in sources]
            library = gather(compiler, glue, refused_by_cmsis_nn(graph))
            elf = Path(scratch, "probe.elf")
            link_probe(compiler, [*glue, *library.runtime, *library.kernels], elf)
            arena = measure_arena(elf, compiler, graph)
        (directory / "generated.h").write_text(header(methods, graph, arena))
        (directory / ARENA_FILE).write_text(arena.to_json())
        return GeneratedCode(
            sources=(model,),
            # Compiled here, with the flags of the library whose headers it shares.
            objects=(compiler.compile(directory / "model.cc", directory / "model.o"),),
            include_directories=(),
            kernel_archives=(archive(compiler.tools, library.kernels, directory / "libkernels_tflm.a"),),
            runtime_archives=(archive(compiler.tools, library.runtime, directory / "libruntime_tflm.a"),),
            arena_bytes=arena.minimum,
            arena_lower_bound=lower_bound(_lifetimes(graph)),
            steps=tuple(Step(f"{operator.op}_{operator.index}", (operator.name,)) for operator in graph.operators),
            inputs=tuple(graph.tensors[index].value() for index in graph.inputs),
            outputs=tuple(graph.tensors[index].value() for index in graph.outputs),
            tolerance=tolerance_of(graph, DENSE_DEVIATION),
            interpreter=Interpreter.TFLM,
            own_tolerance=usual_tolerance(graph, RELEASES_DIFFER),
        )


def _lifetimes(graph: Graph) -> list[Lifetime]:
    """Of all tensors that are computed: inputs from the start to their last use, outputs to the end."""
    spans: dict[int, tuple[int, int]] = dict.fromkeys(graph.inputs, (-1, -1))
    for step, operator in enumerate(graph.operators):
        for index in (*operator.inputs, *operator.outputs):
            if index is not None and graph.tensors[index].data is None:
                spans[index] = (spans.get(index, (step, step))[0], step)
    for index in graph.outputs:
        spans[index] = (spans[index][0], len(graph.operators))
    return [Lifetime(graph.tensors[index].value().nbytes, *span) for index, span in spans.items()]


def read_arena(firmware: Firmware) -> Arena:
    """What was found out of the arena as this backend's firmware was built.

    Raises:
        ConfigError: the firmware is of another backend.
    """
    file = firmware.elf.parent / CODE_DIRECTORY / ARENA_FILE
    if not file.is_file():
        raise ConfigError(f"{file} is not there: only firmware of the tflm backend has it")
    return Arena.from_json(file.read_bytes())
