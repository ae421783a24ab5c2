"""int8 dense layers with weights packed two channels to a halfword, for cores with the DSP extension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.image_rows import widen_values
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, call
from harness.deploy.tvm.kernels.packing import pack_channels
from harness.deploy.tvm.micro.dense_dots import DenseDots
from harness.deploy.tvm.micro.finish import Finish
from harness.deploy.tvm.micro.micro_kernel import MicroKernel
from harness.deploy.tvm.micro.moves import WidenWords

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_STEPS = 8
_GROUP = 8


@dataclass(frozen=True)
class PackedDense(Kernel):
    """FULLY_CONNECTED over few rows: each of them reads all weights, from where they are."""

    kind: ClassVar[str] = "dense"
    rows: int
    depth: int
    out_channels: int
    finish: Finish

    @property
    def _permuted(self) -> bool:
        return self.depth % 4 == 0

    def _shapes(self) -> list[tuple[DenseDots, int]]:
        """The micro-kernels that share the outputs, and how many groups each computes."""
        words = -(-self.depth // 2)
        chunks = -(-words // _MOST_STEPS)
        steps = -(-words // chunks)
        groups, rest = divmod(self.out_channels, _GROUP)
        shapes = [(DenseDots(_GROUP // 2, False, chunks, steps, self.finish), groups)]
        shapes.append((DenseDots(rest // 2, bool(rest % 2), chunks, steps, self.finish), 1 if rest else 0))
        return [(shape, count) for shape, count in shapes if count]

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        return (*(shape for shape, _ in self._shapes()), *([WidenWords()] if self._permuted else []))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        shapes = self._shapes()
        widened = 2 * shapes[0][0].chunks * shapes[0][0].steps
        return (
            Parameter("x", "int8", self.rows * self.depth),
            Parameter("weights", "int32", sum(shape.words * count for shape, count in shapes)),
            Parameter("parameters", "int32", 3 * self.out_channels),
            Parameter("y", "int8", self.rows * self.out_channels),
            Parameter("widened", "int16", widened, workspace=True),
        )

    def pack(self, weights: NDArray[np.int8]) -> NDArray[np.int32]:
        """(out_channels, depth) weights in the order in which the loop reads them."""
        shapes = self._shapes()
        taps = 2 * shapes[0][0].chunks * shapes[0][0].steps
        padded = np.pad(weights, ((0, 0), (0, taps - self.depth)))
        if self._permuted:
            # The depth is made up to whole words, of which the last may be half a group of four: it is all zeros.
            whole = self.depth // 4 * 4
            padded[:, :whole] = weights.reshape(self.out_channels, -1, 4)[..., [0, 2, 1, 3]].reshape(-1, whole)
        packed, begin = [], 0
        for shape, count in shapes:
            for _ in range(count):
                words = pack_channels(padded[begin : begin + shape.outputs]).reshape(-1, taps // 2)
                packed.append(words.T.ravel())
                begin += shape.outputs
        return np.concatenate(packed)

    def body(self, *buffers: Buffer) -> None:
        x, weights, parameters, y, widened = buffers
        with T.serial(self.rows) as row:
            widen_values(widened, x, row * self.depth, T.int32(0), T.int32(self.depth), self._permuted)
            words = outputs = 0
            for shape, count in self._shapes():
                call(
                    shape,
                    T.address_of(widened[0]),
                    T.address_of(weights[words]),
                    T.address_of(parameters[3 * outputs]),
                    T.address_of(y[row * self.out_channels + outputs]),
                    T.int32(count),
                )
                words, outputs = words + shape.words * count, outputs + shape.outputs * count
