"""Rules that turn a fused float kernel's loops into register tiles; what no rule fits stays as TVM made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tvm import s_tir, tirx

from harness.deploy.tvm.choices import Choose, first_that_fits

_REDUCTION = 2
"""TIR's number for a reduction axis."""


@dataclass(frozen=True)
class _Tiling:
    """Where an anchor's tile goes.

    Attributes:
        outer: its loops around a tile, from the outermost; the tile is finished in the last of them.
        reduction: the loops of the sum, within these.
        unrolled: the loops of a tile, innermost.
        row: the loop over rows, in which padding is computed; None if there are no rows.
    """

    outer: list[Any]
    reduction: list[Any]
    unrolled: list[Any]
    row: Any | None


def schedule(function: tirx.PrimFunc, choose: Choose = first_that_fits) -> tirx.PrimFunc:
    """The function with its one reduction tiled into registers, and what comes before and after fused into it.

    Args:
        choose: the sizes of the tiles.
    """
    return transform(s_tir.Schedule(function), choose).mod["main"]


def transform(sch: Any, choose: Choose) -> Any:
    """The same on a schedule of the function, which it gives back: a space to search, where `choose` samples."""
    blocks = sch.get_child_blocks(sch.get_sblock("root"))
    anchors = [block for block in blocks if _axes(sch, block, reduction=True)]
    if not anchors:
        return _one_loop_nest(sch, blocks)
    if len(anchors) > 1:
        return sch
    place = next(n for n, block in enumerate(blocks) if sch.get(block) == sch.get(anchors[0]))
    tiling = _tile(sch, blocks[place], choose)
    if tiling is None:
        return sch
    pads = [block for block in blocks[:place] if not _inlined(sch, block)]
    _finish_in_tile(sch, blocks[place], blocks[place + 1 :], tiling)
    if tiling.row is not None:
        for pad in pads:
            sch.compute_at(pad, tiling.row)
    _unroll_below(sch, sch.decompose_reduction(blocks[place], tiling.reduction[0]), tiling.outer[-1])
    return sch


def _one_loop_nest(sch: Any, blocks: list[Any]) -> Any:
    """Work value by value: no intermediate result is kept."""
    for block in blocks[:-1]:
        sch.compute_inline(block)
    return sch


def _axes(sch: Any, block: Any, reduction: bool) -> list[Any]:
    """The block's loops over reduction axes, or over the others."""
    kinds = [int(axis.iter_type) == _REDUCTION for axis in sch.get(block).iter_vars]
    loops = sch.get_loops(block)[-len(kinds) :] if kinds else []
    return [loop for loop, kind in zip(loops, kinds, strict=True) if kind is reduction]


def _inlined(sch: Any, block: Any) -> bool:
    """Inline what only renames or reorders the input; padding, which asks at each value, is not worth it."""
    if "if_then_else" in str(sch.get(block).body):
        return False
    sch.compute_inline(block)
    return True


def _tile(sch: Any, anchor: Any, choose: Choose) -> _Tiling | None:
    """Tiles of pixels by channels for convolutions, of channels for pooling and dense layers."""
    name = sch.get(anchor).name_hint
    spatial, reduction = _axes(sch, anchor, reduction=False), _axes(sch, anchor, reduction=True)
    if "pool" in name and len(spatial) == 4:
        outer, inner = _split(sch, spatial[3], (8, 4, 6, 5, 3, 2), choose)
        return _Tiling([*spatial[:3], outer], reduction, [inner], spatial[1])
    if "depthwise" in name and len(spatial) == 5:
        columns, pixels = _split(sch, spatial[2], (4, 5, 2, 3), choose)
        outer, inner = _split(sch, spatial[3], (4, 2, 3), choose)
        return _Tiling([*spatial[:2], columns, outer, spatial[4]], reduction, [pixels, inner], spatial[1])
    if "conv2d" in name and len(spatial) == 4:
        columns, pixels = _split(sch, spatial[2], (4, 5, 2, 3), choose)
        outer, inner = _split(sch, spatial[3], (4, 6, 3, 5, 2), choose)
        return _Tiling([*spatial[:2], outer, columns], reduction, [pixels, inner], spatial[1])
    if "matmul" in name and spatial:
        outer, inner = _split(sch, spatial[-1], (12, 10, 8, 7, 6, 5, 4, 3, 2), choose)
        return _Tiling([*spatial[:-1], outer], reduction, [inner], None)
    return None


def _split(sch: Any, loop: Any, usual: tuple[int, ...], choose: Choose) -> Any:
    return sch.split(loop, [None, choose(sch, int(sch.get(loop).extent), usual)])


def _finish_in_tile(sch: Any, anchor: Any, epilogue: list[Any], tiling: _Tiling) -> None:
    """Bias and activation are applied where the tile lies in registers."""
    sch.reorder(*tiling.outer, *tiling.reduction, *tiling.unrolled)
    for loop in tiling.unrolled:
        sch.unroll(loop)
    for block in epilogue[:-1]:
        sch.compute_inline(block)
    last = epilogue[-1] if epilogue else sch.cache_write(anchor, 0, "global")
    sch.reverse_compute_at(last, tiling.outer[-1])
    _unroll_below(sch, last, tiling.outer[-1])


def _unroll_below(sch: Any, block: Any, at: Any) -> None:
    loops = sch.get_loops(block)
    depth = next(n for n, loop in enumerate(loops) if sch.get(loop).loop_var.same_as(sch.get(at).loop_var))
    for loop in loops[depth + 1 :]:
        if int(sch.get(loop).extent) > 1:
            sch.unroll(loop)
