"""The C file that calls TVM's kernels."""

from __future__ import annotations

from collections.abc import Mapping

from harness.deploy import model_source as emit
from harness.deploy.memory import Memory
from harness.deploy.target import Core
from harness.deploy.tvm.program import KernelSource, Program


def model_source(program: Program, memory: Memory, functions: Mapping[KernelSource, str], core: Core) -> str:
    """The text of the C file; `functions` names each kernel's function."""
    return emit.model_source(
        program,
        memory,
        [*_prototypes(program, functions), "", *_micro_kernels(functions, core)],
        lambda call, arguments: f"    {functions[call.kernel]}({', '.join(arguments)});",
    )


def _micro_kernels(functions: Mapping[KernelSource, str], core: Core) -> list[str]:
    """The C of what the kernels call, each once."""
    distinct = {micro.symbol: micro for kernel in functions for micro in kernel.micro_kernels}
    return [micro.source(core) for micro in distinct.values()]


def _prototypes(program: Program, functions: Mapping[KernelSource, str]) -> list[str]:
    counts = {
        functions[call.kernel]: len(call.arguments) + len(call.kernel.workspaces)
        for step in program.steps
        for call in step.calls
    }
    return [f"void {name}({', '.join(['const void *'] * count)});" for name, count in counts.items()]
