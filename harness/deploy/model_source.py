"""The C file that implements `firmware/include/model.h`: weights, arena, and the calls of one inference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.deploy.memory import Memory
from harness.deploy.program import Activation, Call, KernelT, Program, Scratch


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


def model_source(
    program: Program[KernelT],
    memory: Memory,
    declarations: Sequence[str],
    statement: Callable[[Call[KernelT], Sequence[str]], str],
) -> str:
    """The text of the C file.

    Args:
        declarations: what the calls need: headers, prototypes.
        statement: the C of one call, indented by four, from C expressions of its arguments and then its workspaces:
            addresses of bytes in the arena, names of arrays of words. It returns from the function where it fails.
    """
    constants = _Constants()
    body = []
    for number, step in enumerate(program.steps):
        body += [statement(call, _arguments(call, number, memory, constants)) for call in step.calls]
        body.append(f"    if (step_done)\n        step_done({number});")
    inputs, outputs = (_places(program, memory, ends) for ends in (program.graph.inputs, program.graph.outputs))
    implementation = model_implementation(inputs, outputs, len(program.steps), memory.nbytes, body)
    return "\n".join(['#include "model.h"\n', *declarations, "", *constants.definitions, "", *implementation])


def model_implementation(
    inputs: Sequence[tuple[int, int]],
    outputs: Sequence[tuple[int, int]],
    steps: int,
    arena_bytes: int,
    body: Sequence[str],
) -> list[str]:
    """The lines that define `arena` and all that `model.h` declares.

    Args:
        inputs, outputs: offset in the arena and bytes of each.
        body: of `model_run`, whose argument is `step_done`.
    """
    return [
        f"static uint8_t arena[{max(arena_bytes, 1)}] __attribute__((aligned(16)));\n",
        f"const uint32_t model_input_count = {len(inputs)};",
        f"const uint32_t model_output_count = {len(outputs)};",
        f"const uint32_t model_step_count = {steps};",
        f"const uint32_t model_arena_bytes = {arena_bytes};",
        f"const model_tensor_t model_inputs[] = {{{_tensors(inputs)}}};",
        f"const model_tensor_t model_outputs[] = {{{_tensors(outputs)}}};\n",
        "int32_t model_init(void)\n{\n    return 0;\n}\n",
        "int32_t model_run(model_step_done_t step_done)\n{",
        *body,
        "    return 0;\n}\n",
    ]


def _arguments(call: Call[KernelT], step: int, memory: Memory, constants: _Constants) -> list[str]:
    arguments = []
    for argument in call.arguments:
        if isinstance(argument, Activation):
            arguments.append(f"arena + {memory.of_tensor(argument.tensor) + argument.offset}")
        elif isinstance(argument, Scratch):
            arguments.append(f"arena + {memory.of_scratch(step, argument)}")
        else:
            arguments.append(constants.name(argument))
    return arguments + [f"arena + {memory.of_workspace(step, n)}" for n in range(len(call.kernel.workspaces))]


def _places(program: Program[KernelT], memory: Memory, tensors: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(memory.of_tensor(tensor), program.graph.tensors[tensor].value().nbytes) for tensor in tensors]


def _tensors(places: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{{arena + {offset}, {nbytes}}}" for offset, nbytes in places)
