"""int8 softmax in integers, bit by bit as TFLite's reference kernel and gemmlowp's fixed point do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, registers, store
from harness.deploy.tvm.kernels.requantize import doubling_high_multiply, rounding_shift_right

_ACCUMULATION_INTEGER_BITS = 12
_OUTPUT_SHIFT = 31 - 8


@dataclass(frozen=True)
class Softmax(Kernel):
    """SOFTMAX of each row; exponentials come from the table of `exp_of_differences`."""

    kind: ClassVar[str] = "softmax"
    rows: int
    columns: int

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("x", "int8", self.rows * self.columns),
            Parameter("exponentials", "int32", 256),
            Parameter("y", "int8", self.rows * self.columns),
        )

    def body(self, *buffers: Buffer) -> None:
        x, exponentials, y = buffers
        with T.serial(self.rows) as row:
            state = registers(2)
            store(state, 0, T.int32(-128))
            with T.serial(self.columns) as k:
                store(state, 0, T.max(state[0], x[row * self.columns + k].astype("int32")))
            store(state, 1, T.int32(0))
            with T.serial(self.columns) as k:
                difference = state[0] - x[row * self.columns + k].astype("int32")
                term = rounding_shift_right(exponentials[difference], T.int32(_ACCUMULATION_INTEGER_BITS))
                store(state, 1, state[1] + term)
            headroom = T.clz(state[1])
            reciprocal = registers(1)
            _store_reciprocal(reciprocal, T.bitwise_and(T.shift_left(state[1], headroom), T.int32(2**31 - 1)))
            exponent = T.int32(_ACCUMULATION_INTEGER_BITS + _OUTPUT_SHIFT) - headroom
            with T.serial(self.columns) as k:
                difference = state[0] - x[row * self.columns + k].astype("int32")
                product = doubling_high_multiply(reciprocal[0], exponentials[difference])
                value = rounding_shift_right(product, exponent) - T.int32(128)
                store(y, row * self.columns + k, T.max(T.min(value, T.int32(127)), T.int32(-128)).astype("int8"))


def _store_reciprocal(result: Buffer, fraction: Expr) -> None:
    """result = 1 / (1 + fraction), both raw Q0.31: three Newton-Raphson steps on Q2.29 (gemmlowp)."""
    a = registers(1)
    store(a, 0, fraction)
    # The mean of a and 1, to nearest, ties up: neither is negative.
    total = a[0].astype("int64") + T.int64(2**31 - 1)
    half_denominator = registers(1)
    store(half_denominator, 0, T.shift_right(total + T.int64(1), T.int64(1)).astype("int32"))
    x = registers(1)
    store(x, 0, T.int32(1515870810) + doubling_high_multiply(half_denominator[0], T.int32(-1010580540)))
    for _ in range(3):
        error = T.int32(1 << 29) - doubling_high_multiply(half_denominator[0], x[0])
        step = T.shift_left(doubling_high_multiply(x[0], error), 2)
        store(x, 0, x[0] + step)
    largest = T.int32((1 << 30) - 1)
    store(result, 0, T.Select(x[0] > largest, T.int32(2**31 - 1), T.shift_left(T.min(x[0], largest), 1)))
