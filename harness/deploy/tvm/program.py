"""What a program of TVM's kernels is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from harness.deploy import program
from harness.deploy.program import ALIASES, Activation, Group, Scratch, assemble_groups

if TYPE_CHECKING:
    from tvm.tirx import PrimFunc

    from harness.deploy.program import Argument
    from harness.deploy.tvm.micro.micro_kernel import MicroKernel

__all__ = [
    "ALIASES",
    "Activation",
    "Argument",
    "Call",
    "Group",
    "KernelSource",
    "Program",
    "Scratch",
    "assemble_groups",
    "overwritable",
]


class KernelSource(Protocol):
    """Something a C function can be generated from; equal ones share one function."""

    @property
    def kind(self) -> str:
        """What the function's name starts with."""

    @property
    def workspaces(self) -> tuple[int, ...]:
        """Bytes of each workspace; their pointers come after all other arguments."""

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        """What the function calls."""

    @property
    def in_place(self) -> tuple[int, ...]:
        """Numbers of the arguments whose memory the output may take, if nothing else needs it."""

    def prim_func(self, name: str) -> PrimFunc:
        """The function, of raw pointers and C linkage."""


Call = program.Call[KernelSource]
Program = program.Program[KernelSource]


def overwritable(_group: Group, calls: Sequence[Call]) -> list[int]:
    """The tensors over which a step's output may be written, by what its kernel says."""
    if len(calls) != 1:
        return []
    candidates = (calls[0].arguments[number] for number in calls[0].kernel.in_place)
    return [argument.tensor for argument in candidates if isinstance(argument, Activation)]
