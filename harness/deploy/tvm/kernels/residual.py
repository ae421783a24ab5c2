"""An addition to what a convolution gives, block by block, so that its sum may take the other summand's memory."""

from __future__ import annotations

from tvm.ir import Expr
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.kernel import Parameter, Tensors, call
from harness.deploy.tvm.micro.add_values import AddValues


def residual_parameters(residual: AddValues | None, outputs: int) -> tuple[Parameter, ...]:
    """The other summand, right before the output."""
    return () if residual is None else (Parameter("summand", "int8", outputs),)


def residual_workspace(residual: AddValues | None, block_outputs: int) -> tuple[Parameter, ...]:
    """Where a block of outputs lies until it is added to."""
    return () if residual is None else (Parameter("made", "int8", block_outputs, workspace=True),)


def made_at(residual: AddValues | None, tensors: Tensors, begin: Expr, offset: Expr) -> Expr:
    """The address of an output of the convolution, `offset` into the block that begins at output `begin`."""
    return T.address_of(tensors["y"][begin + offset] if residual is None else tensors["made"][offset])


def add_residual(residual: AddValues | None, tensors: Tensors, begin: Expr, count: Expr) -> None:
    """Write the sums of a block of `count` outputs."""
    if residual is not None:
        summand, y = (T.address_of(tensors[name][begin]) for name in ("summand", "y"))
        call(residual, T.address_of(tensors["made"][0]), summand, y, count)
