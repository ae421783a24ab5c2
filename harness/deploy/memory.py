"""How long each of a program's buffers lives, and where the arena's plan puts it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.deploy.arena import Lifetime, lower_bound, plan_arena
from harness.deploy.program import Activation, Kernel, Program, Scratch
from harness.model.model import ITEM_BYTES

Key = tuple[str, int, int]
"""A buffer: ("tensor", storage, 0), or ("scratch" or "workspace", step, number)."""


@dataclass(frozen=True)
class Memory:
    """The arena.

    Attributes:
        nbytes: its size.
        lower_bound: bytes of the largest set of buffers alive at once.
    """

    offsets: dict[Key, int]
    storage: tuple[int, ...]
    nbytes: int
    lower_bound: int

    def of_tensor(self, tensor: int) -> int:
        """Offset of a tensor of the graph."""
        return self.offsets["tensor", self.storage[tensor], 0]

    def of_scratch(self, step: int, scratch: Scratch) -> int:
        return self.offsets[scratch.name, step, 0]

    def of_workspace(self, step: int, number: int) -> int:
        return self.offsets["workspace", step, number]


def lay_out(program: Program[Kernel]) -> Memory:
    """Plan the arena. Inputs live from the start to their last use, outputs from their making to the end."""
    lifetimes = {**_tensors(program), **_step_buffers(program)}
    buffers = list(lifetimes.values())
    plan = plan_arena(buffers)
    offsets = dict(zip(lifetimes, plan.offsets, strict=True))
    return Memory(offsets, program.storage, plan.nbytes, lower_bound(buffers))


def _tensors(program: Program[Kernel]) -> dict[Key, Lifetime]:
    spans: dict[int, list[int]] = {}

    def extend(tensor: int, step: int) -> None:
        span = spans.setdefault(program.storage[tensor], [step, step])
        span[:] = min(span[0], step), max(span[1], step)

    for tensor in program.graph.inputs:
        extend(tensor, -1)
    for number, step in enumerate(program.steps):
        for call in step.calls:
            for argument in call.arguments:
                if isinstance(argument, Activation):
                    extend(argument.tensor, number)
    for tensor in program.graph.outputs:
        extend(tensor, len(program.steps))
    return {("tensor", storage, 0): Lifetime(_nbytes(program, storage), *span) for storage, span in spans.items()}


def _nbytes(program: Program[Kernel], tensor: int) -> int:
    held = program.graph.tensors[tensor].value()
    return held.elements * ITEM_BYTES[held.dtype]


def _step_buffers(program: Program[Kernel]) -> dict[Key, Lifetime]:
    """Scratch and workspaces: a step's calls follow each other, so that their workspaces may be the same memory."""
    found: dict[Key, Lifetime] = {}
    for number, step in enumerate(program.steps):
        for call in step.calls:
            for argument in call.arguments:
                if isinstance(argument, Scratch):
                    found[argument.name, number, 0] = Lifetime(argument.nbytes, number, number)
            for place, nbytes in enumerate(call.kernel.workspaces):
                key = ("workspace", number, place)
                known = found[key].nbytes if key in found else 0
                found[key] = Lifetime(max(nbytes, known), number, number)
    return found
