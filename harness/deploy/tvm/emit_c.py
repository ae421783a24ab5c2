"""The C file that implements `firmware/include/model.h`: weights, arena, and the calls of one inference."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.deploy.target import Core
from harness.deploy.tvm.memory import Memory
from harness.deploy.tvm.program import Activation, Call, KernelSource, Program, Scratch


class _Constants:
    """Weights as arrays of words; the same bytes are written once."""

    def __init__(self) -> None:
        self.names: dict[bytes, str] = {}
        self.definitions: list[str] = []

    def name(self, array: NDArray[np.generic]) -> str:
        content = array.tobytes()
        if content not in self.names:
            self.names[content] = f"constant_{len(self.names)}"
            words = np.frombuffer(content + bytes(-len(content) % 4), "<u4")
            values = ",".join(map(str, words.tolist()))
            self.definitions.append(
                f"static const uint32_t {self.names[content]}[{len(words)}] __attribute__((aligned(8))) = {{{values}}};"
            )
        return self.names[content]


def model_source(program: Program, memory: Memory, functions: Mapping[KernelSource, str], core: Core) -> str:
    """The text of the C file; `functions` names each kernel's function."""
    constants = _Constants()
    body = []
    for number, step in enumerate(program.steps):
        body += [f"    {_call(call, number, memory, constants, functions)}" for call in step.calls]
        body.append(f"    if (step_done)\n        step_done({number});")
    graph = program.graph
    return "\n".join(
        [
            '#include "model.h"\n',
            *_prototypes(program, functions),
            "",
            *_micro_kernels(functions, core),
            *constants.definitions,
            "",
            f"static uint8_t arena[{max(memory.nbytes, 1)}] __attribute__((aligned(16)));\n",
            f"const uint32_t model_input_count = {len(graph.inputs)};",
            f"const uint32_t model_output_count = {len(graph.outputs)};",
            f"const uint32_t model_step_count = {len(program.steps)};",
            f"const uint32_t model_arena_bytes = {memory.nbytes};",
            f"const model_tensor_t model_inputs[] = {{{_tensors(program, memory, graph.inputs)}}};",
            f"const model_tensor_t model_outputs[] = {{{_tensors(program, memory, graph.outputs)}}};\n",
            "int32_t model_init(void)\n{\n    return 0;\n}\n",
            "int32_t model_run(model_step_done_t step_done)\n{",
            *body,
            "    return 0;\n}\n",
        ]
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


def _call(call: Call, step: int, memory: Memory, constants: _Constants, functions: Mapping[KernelSource, str]) -> str:
    arguments = []
    for argument in call.arguments:
        if isinstance(argument, Activation):
            arguments.append(f"arena + {memory.of_tensor(argument.tensor)}")
        elif isinstance(argument, Scratch):
            arguments.append(f"arena + {memory.of_scratch(step, argument)}")
        else:
            arguments.append(constants.name(argument))
    arguments += [f"arena + {memory.of_workspace(step, n)}" for n in range(len(call.kernel.workspaces))]
    return f"{functions[call.kernel]}({', '.join(arguments)});"


def _tensors(program: Program, memory: Memory, tensors: tuple[int, ...]) -> str:
    values = [(memory.of_tensor(tensor), program.graph.tensors[tensor].value().nbytes) for tensor in tensors]
    return ", ".join(f"{{arena + {offset}, {nbytes}}}" for offset, nbytes in values)
