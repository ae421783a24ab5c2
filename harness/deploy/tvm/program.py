"""What a program of TVM's kernels is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from harness.deploy import program
from harness.deploy.program import ALIASES, Activation, Scratch, assemble

if TYPE_CHECKING:
    from tvm.tirx import PrimFunc

    from harness.deploy.program import Argument

__all__ = ["ALIASES", "Activation", "Argument", "Call", "KernelSource", "Program", "Scratch", "assemble"]


class KernelSource(Protocol):
    """Something a C function can be generated from; equal ones share one function."""

    @property
    def kind(self) -> str:
        """What the function's name starts with."""

    @property
    def workspaces(self) -> tuple[int, ...]:
        """Bytes of each workspace; their pointers come after all other arguments."""

    def prim_func(self, name: str) -> PrimFunc:
        """The function, of raw pointers and C linkage."""


Call = program.Call[KernelSource]
Program = program.Program[KernelSource]
