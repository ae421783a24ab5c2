"""What all kernels share: parameters that are plain pointers, and a body written with TVM's IR builder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from tvm.ir import Expr, PointerType, PrimType
from tvm.script.ir_builder import IRBuilder
from tvm.tirx import Buffer, PrimFunc, Var
from tvm.tirx.script import builder as T  # noqa: N812  (TVM's own convention)

from harness.deploy.tvm.micro.micro_kernel import MicroKernel


@dataclass(frozen=True)
class Parameter:
    """A pointer that a kernel takes, to `elements` values of `dtype`; a workspace holds nothing between two calls."""

    name: str
    dtype: str
    elements: int
    workspace: bool = False

    @property
    def nbytes(self) -> int:
        return self.elements * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Kernel(ABC):
    """A function to generate. Its fields fix what it computes: two layers with equal kernels share one function."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """Inputs, constants, output, then workspaces."""

    @abstractmethod
    def body(self, *buffers: Buffer) -> None:
        """Emit the statements; one flat buffer a parameter."""

    @property
    def workspaces(self) -> tuple[int, ...]:
        """Bytes of each workspace."""
        return tuple(parameter.nbytes for parameter in self.parameters if parameter.workspace)

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        """What the body calls."""
        return ()

    @property
    def in_place(self) -> tuple[int, ...]:
        """Which arguments the output may lie on: every value of theirs is read before its place is written."""
        return ()

    def prim_func(self, name: str) -> PrimFunc:
        """This kernel as a function of raw pointers, of C linkage, called `name`."""
        return pointer_function(name, self.parameters, self.body)


class Tensors(dict[str, Buffer]):
    """A kernel's buffers by the names of their parameters."""

    @classmethod
    def of(cls, kernel: Kernel, buffers: tuple[Buffer, ...]) -> Tensors:
        """The buffers that a body was called with."""
        names = (parameter.name for parameter in kernel.parameters)
        return cls(zip(names, buffers, strict=True))


def pointer_function(name: str, parameters: tuple[Parameter, ...], body: Callable[..., None]) -> PrimFunc:
    """A function of raw pointers with the statements that `body` emits for its buffers."""
    with IRBuilder() as builder, T.prim_func():
        T.func_name(name)
        T.func_attr({"global_symbol": name, "calling_conv": 0, "tirx.noalias": True})
        pointers = [
            T.arg(parameter.name, Var(parameter.name, PointerType(PrimType(parameter.dtype))))
            for parameter in parameters
        ]
        body(
            *(
                T.decl_buffer((parameter.elements,), parameter.dtype, data=pointer, layout=None)
                for pointer, parameter in zip(pointers, parameters, strict=True)
            )
        )
    return builder.get()


def registers(count: int) -> Buffer:
    """`count` variables of int32; LLVM keeps them in registers as long as every index is a constant."""
    return T.alloc_buffer((count,), "int32", scope="local", layout=None)


def store(buffer: Buffer, index: Expr | int, value: Expr) -> None:
    """buffer[index] = value."""
    T.buffer_store(buffer, value, [index])


def call(function: MicroKernel, *arguments: Expr) -> None:
    """Call a micro-kernel; pointers are addresses of elements."""
    T.evaluate(T.call_extern("int32", function.symbol, *arguments))


def largest_divisor(number: int, candidates: tuple[int, ...]) -> int:
    """The first of the candidates that divides the number; 1 if none does."""
    return next((candidate for candidate in candidates if number % candidate == 0), 1)
