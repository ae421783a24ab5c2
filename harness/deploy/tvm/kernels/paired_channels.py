"""Output channels of int8 convolutions: two at a time, as their weights are packed, and an odd last one alone."""

from __future__ import annotations

from dataclasses import replace

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.kernel import Tensors, call
from harness.deploy.tvm.kernels.residual import made_at
from harness.deploy.tvm.micro.add_values import AddValues
from harness.deploy.tvm.micro.dots import Dots
from harness.deploy.tvm.micro.moves import CopyWords


def channel_groups(dots: Dots) -> list[tuple[Dots, int]]:
    """The micro-kernels that share the output channels, and how many groups each computes.

    Args:
        dots: the one for two channels.
    """
    shapes = ((dots, dots.out_channels // 2), (replace(dots, paired=False), dots.out_channels % 2))
    return [(shape, groups) for shape, groups in shapes if groups]


def compute_channels(
    dots: Dots,
    tensors: Tensors,
    inputs: Buffer,
    counts: tuple[Expr, Expr, Expr],
    begin: Expr,
    residual: AddValues | None,
) -> None:
    """Emit a block of outputs in all channels.

    The weights of a group of channels are copied beside the inputs, out of the flash's wait states.

    Args:
        dots: for two channels.
        tensors: of them `weights`, `taps`, `parameters`, and where outputs go.
        inputs: the block's.
        counts: tiles in a row, outputs beside them, rows.
        begin: the block's first element in the output.
    """
    weights, taps, parameters = tensors["weights"], tensors["taps"], tensors["parameters"]
    for shape, groups in channel_groups(dots):
        with T.serial(groups) as number:
            group = number if shape.paired else T.int32(shape.out_channels // 2)
            call(CopyWords(), T.address_of(taps[0]), T.address_of(weights[group * shape.words]), T.int32(shape.words))
            call(
                shape,
                T.address_of(inputs[0]),
                T.address_of(taps[0]),
                T.address_of(parameters[group * 6]),
                made_at(residual, tensors, begin, group * 2),
                *counts,
            )
