"""A scheduled TIR function, lowered to raw pointers; its large buffers become workspaces that the arena holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import tvm
from tvm import s_tir, tirx

from harness.deploy.tvm.micro.micro_kernel import MicroKernel

_MOST_STACK_BYTES = 512
"""Larger buffers of a kernel than this lie in the arena."""


@dataclass(frozen=True, eq=False)
class Task:
    """A kernel with choices.

    Attributes:
        key: the same for the same function, whatever model it comes from.
        function: before it is scheduled.
        sizes: of the tiles that were chosen.
    """

    key: str
    function: tirx.PrimFunc
    sizes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class FloatKernel:
    """One generated function; equal only to itself.

    Attributes:
        task: what is tuned; None where there is nothing to choose.
    """

    kind: str
    function: tirx.PrimFunc
    workspaces: tuple[int, ...]
    micro_kernels: tuple[MicroKernel, ...] = ()
    in_place: tuple[int, ...] = ()
    task: Task | None = None

    def prim_func(self, name: str) -> tirx.PrimFunc:
        """The function under its final name."""
        return self.function.with_attr("global_symbol", name)


def lower_scheduled(kind: str, function: tirx.PrimFunc, target: tvm.target.Target) -> FloatKernel:
    """Lower a function of buffers to one of pointers: its buffers in order, then its workspaces."""
    bound = function.with_attr("global_symbol", kind).with_attr("target", target.with_host(target))
    module = tvm.ir.transform.Sequential(_passes())(tvm.IRModule({tvm.ir.GlobalVar(kind): bound}))
    (lowered,) = module.functions.values()
    pointers, declarations, statements = [], [], []
    workspaces: list[int] = []

    def take(buffer: Any, name: str) -> None:
        pointer = tirx.Var(name, tvm.ir.PointerType(buffer.ty.dtype))
        pointers.append(pointer)
        declarations.append(tirx.DeclBuffer(buffer, data=pointer))

    for number, parameter in enumerate(lowered.params):
        take(parameter, f"argument_{number}")
    for statement in lowered.body.seq if isinstance(lowered.body, tirx.SeqStmt) else [lowered.body]:
        if isinstance(statement, tirx.AllocBuffer) and _nbytes(statement.buffer) > _MOST_STACK_BYTES:
            take(statement.buffer, f"workspace_{len(workspaces)}")
            workspaces.append(_nbytes(statement.buffer))
        else:
            statements.append(statement)
    unpacked = tirx.PrimFunc(pointers, tirx.SeqStmt(declarations + statements), lowered.ret_type)
    unpacked = unpacked.with_attr("calling_conv", 0).with_attr("tirx.noalias", True)
    return FloatKernel(kind, unpacked, tuple(workspaces))


def _nbytes(buffer: Any) -> int:
    return prod(int(extent) for extent in buffer.ty.shape) * np.dtype(str(buffer.ty.dtype)).itemsize


def _passes() -> list[Any]:
    """TVM's own order, without the passes that wrap a function for its runtime."""
    return [
        s_tir.transform.CanonicalizeLoop(),
        s_tir.transform.LowerInitBlock(),
        s_tir.transform.PlanAndUpdateBufferAllocationLocation(),
        s_tir.transform.ConvertBlocksToOpaque(),
        s_tir.transform.CompactBufferAllocation(),
        s_tir.transform.LowerMatchBuffer(),
        s_tir.transform.StmtSimplify(),
        s_tir.transform.LowerOpaqueBlock(),
        tirx.transform.FlattenBuffer(),
        tirx.transform.NarrowDataType(32),
        s_tir.transform.LoopPartition(),
        tirx.transform.VectorizeLoop(True),
        tirx.transform.StorageRewrite(),
        s_tir.transform.HoistIfThenElse(),
        tirx.transform.UnrollLoop(),
        s_tir.transform.RenormalizeSplitPattern(),
        tirx.transform.StmtSimplify(),
        tirx.transform.RemoveNoOp(),
        s_tir.transform.RewriteUnsafeSelect(),
        tirx.transform.CommonSubexprElim(),
    ]
