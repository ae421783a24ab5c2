"""The `tvm` backend: `.tflite` to C-callable kernels through TVM's TIR and LLVM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import sha256
from harness.deploy.backend import Claims, GeneratedCode, Step
from harness.deploy.float16_constants import open_float32_graph
from harness.deploy.options import BuildOptions, Kernels
from harness.deploy.target import Core, Target
from harness.deploy.tvm.supported import operators, unsupported
from harness.deploy.tvm.tuning_records import Choices, TuningFile
from harness.errors import BuildError, HarnessError
from harness.model.tflite_graph import Graph
from harness.optimize.variant import Quantization, Variant

if TYPE_CHECKING:
    from harness.deploy.memory import Memory
    from harness.deploy.tvm.program import KernelSource, Program

_INTEGERS = (Quantization.INT8, Quantization.INT8_FLOAT_IO)
_QUANTIZATIONS = (Quantization.FLOAT32, Quantization.FLOAT16, *_INTEGERS)
_PACKAGES = ("apache-tvm", "apache-tvm-ffi", "tflite")


@dataclass(frozen=True)
class TvmBackend:
    """Compiles float32, float16 and int8 models; nothing of TVM runs on the target.

    Attributes:
        choices: sizes of tiles by task, while they are tuned; None: the best that the user's tuning file knows.
    """

    choices: Choices | None = None
    name: str = field(default="tvm", init=False)

    def versions(self) -> Mapping[str, str]:
        """Exact versions of the compiler's packages, and what was tuned."""
        packages = {package: version(package) for package in _PACKAGES}
        if self.choices is None:
            tuned = TuningFile.of_user().digest
        else:
            tuned = sha256(repr(sorted(self.choices.items())).encode())[:16]
        return {**packages, "tuning": tuned} if tuned else packages

    def load(self) -> None:
        """Import TVM: about a second."""
        from harness.deploy.tvm import float_graph, int8_graph, lowering  # noqa: F401

    def claims(self) -> Claims:
        """Floats and int8 on every core."""
        return Claims(tuple(Core), {kind: operators(kind in _INTEGERS) for kind in _QUANTIZATIONS})

    def complaints(self, variant: Variant, target: Target, options: BuildOptions) -> Sequence[str]:  # noqa: ARG002
        """Quantizations, operators and types that are missing; every core will do."""
        if variant.quantization not in _QUANTIZATIONS:
            return [f"{variant.quantization} is not supported; convert the model to {', '.join(_QUANTIZATIONS)}"]
        return unsupported(open_float32_graph(variant.model), variant.quantization in _INTEGERS)

    def generate(self, variant: Variant, target: Target, options: BuildOptions, directory: Path) -> GeneratedCode:
        """Write `model.c` and `kernels.o` into an empty directory.

        Raises:
            BuildError: TVM or LLVM failed.
        """
        uses_dsp = _uses_dsp(target, options)
        program = self.program(variant, target, options)
        try:
            return _write(program, target, uses_dsp, directory)
        except Exception as error:
            raise BuildError(f"TVM could not compile {variant.model.name}: {error}") from error

    def program(self, variant: Variant, target: Target, options: BuildOptions) -> Program:
        """The variant as a list of kernel calls.

        Raises:
            BuildError: TVM failed.
        """
        choices = self.choices
        if choices is None:
            choices = TuningFile.of_user().best(target.name, version("apache-tvm"))
        return _program(variant, open_float32_graph(variant.model), target, _uses_dsp(target, options), choices)


def _uses_dsp(target: Target, options: BuildOptions) -> bool:
    return target.core.has_dsp and options.kernels is Kernels.OPTIMIZED


def _program(variant: Variant, graph: Graph, target: Target, uses_dsp: bool, choices: Choices) -> Program:
    from harness.deploy.tvm.program import assemble_groups, overwritable
    from harness.deploy.tvm.residuals import fuse_residuals

    groups = fuse_residuals(graph)
    try:
        if variant.quantization in _INTEGERS:
            from harness.deploy.tvm.int8_graph import lower_int8

            return assemble_groups(graph, groups, lambda group: lower_int8(graph, group, uses_dsp), overwritable)
        from harness.deploy.tvm.float_graph import lower_float

        lower = lower_float(variant.model, graph, groups, target, uses_dsp, choices)
        return assemble_groups(graph, groups, lower, overwritable)
    except HarnessError:
        raise
    except Exception as error:
        raise BuildError(f"TVM could not import {variant.model.name}: {error}") from error


def _write(program: Program, target: Target, uses_dsp: bool, directory: Path) -> GeneratedCode:
    from harness.deploy.memory import lay_out
    from harness.deploy.tvm.emit_c import model_source
    from harness.deploy.tvm.kernels import dsp
    from harness.deploy.tvm.lowering import llvm_target, write_object

    functions = _name_functions(program)
    memory = lay_out(program)
    kernels, source = directory / "kernels.o", directory / "model.c"
    with dsp.extension(uses_dsp):
        built = {name: kernel.prim_func(name) for kernel, name in functions.items()}
    write_object(built, llvm_target(target), kernels)
    source.write_text(model_source(program, memory, functions, target.core))
    return _describe(program, memory, functions, source, kernels)


def _name_functions(program: Program) -> dict[KernelSource, str]:
    """A name for each distinct kernel, in the order of first use."""
    functions: dict[KernelSource, str] = {}
    for step in program.steps:
        for call in step.calls:
            functions.setdefault(call.kernel, f"model_{call.kernel.kind}_{len(functions)}")
    return functions


def _describe(
    program: Program, memory: Memory, functions: Mapping[KernelSource, str], source: Path, kernels: Path
) -> GeneratedCode:
    graph = program.graph
    return GeneratedCode(
        sources=(source,),
        objects=(kernels,),
        include_directories=(),
        arena_bytes=memory.nbytes,
        arena_lower_bound=memory.lower_bound,
        steps=tuple(Step(functions[step.calls[-1].kernel], step.layers) for step in program.steps),
        inputs=tuple(graph.tensors[index].value() for index in graph.inputs),
        outputs=tuple(graph.tensors[index].value() for index in graph.outputs),
    )
