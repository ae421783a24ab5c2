"""Lowers the operators that resize images, of either type."""

from __future__ import annotations

from harness.deploy.tvm.kernels.resize import ResizeBilinear, ResizeNearest
from harness.deploy.tvm.operator_view import OperatorView
from harness.deploy.tvm.program import Activation, Call
from harness.deploy.tvm.resize_tables import bilinear, nearest

RESIZES = frozenset({"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"})


def lower_resize(source: OperatorView) -> Call:
    """RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR."""
    x, y = source.given(0), source.output
    _, height, width, channels = x.shape
    _, *out_size = y.shape[:3]
    rules = bool(source.number("align_corners")), bool(source.number("half_pixel_centers"))
    sizes = list(zip((height, width), out_size, strict=True))
    shape, size = (height, width, channels), (out_size[0], out_size[1])
    if source.operator.op == "RESIZE_BILINEAR":
        tables = tuple(bilinear(*extents, *rules, x.dtype) for extents in sizes)
        return Call(ResizeBilinear(shape, size, x.dtype), (source.argument(0), *tables, Activation(y.index)))
    tables = tuple(nearest(*extents, *rules) for extents in sizes)
    return Call(ResizeNearest(shape, size, x.dtype), (source.argument(0), *tables, Activation(y.index)))
