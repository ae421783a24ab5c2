"""int8 kernels that work value by value, and those that only move values."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

from harness.deploy.quantize_math import Multiplier
from harness.deploy.tvm.kernels.kernel import Kernel, Parameter, call, store
from harness.deploy.tvm.kernels.requantize import Clamp, multiply
from harness.deploy.tvm.micro.add_values import AddValues
from harness.deploy.tvm.micro.micro_kernel import MicroKernel

_ADD_LEFT_SHIFT = 20


@dataclass(frozen=True)
class Operand:
    """One input of two, broadcast by strides of 0.

    Attributes:
        strides: one for each dimension of the output.
        scale: for sums, of this input over twice the larger of both inputs' scales.
    """

    elements: int
    strides: tuple[int, ...]
    zero_point: int
    scale: Multiplier


@dataclass(frozen=True)
class Binary(Kernel):
    """ADD, SUB and MUL of two tensors that broadcast to `shape`."""

    kind: ClassVar[str] = "binary"
    op: str
    shape: tuple[int, ...]
    left: Operand
    right: Operand
    scale: Multiplier
    output: Clamp

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("left", "int8", self.left.elements),
            Parameter("right", "int8", self.right.elements),
            Parameter("y", "int8", prod(self.shape)),
        )

    def body(self, *buffers: Buffer) -> None:
        left, right, y = buffers
        with T.grid(*self.shape) as indices:
            position = list(indices) if len(self.shape) > 1 else [indices]
            if self.op == "MUL":
                result = _centred(left, self.left, position) * _centred(right, self.right, position)
            else:
                one, other = _scaled(left, self.left, position), _scaled(right, self.right, position)
                result = one + other if self.op == "ADD" else one - other
            value = multiply(result, self.scale) + T.int32(self.output.zero_point)
            store(y, _flat(position, _dense_strides(self.shape)), self.output.apply(value))


@dataclass(frozen=True)
class AddAlike(Kernel):
    """ADD of two tensors of one shape, for cores with the DSP extension."""

    kind: ClassVar[str] = "add"
    elements: int
    values: AddValues

    @property
    def micro_kernels(self) -> tuple[MicroKernel, ...]:
        return (self.values,)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(Parameter(name, "int8", self.elements) for name in ("left", "right", "y"))

    @property
    def in_place(self) -> tuple[int, ...]:
        return 0, 1

    def body(self, *buffers: Buffer) -> None:
        call(self.values, *(T.address_of(buffer[0]) for buffer in buffers), T.int32(self.elements))


@dataclass(frozen=True)
class Rescale(Kernel):
    """RELU, RELU6 and QUANTIZE of an int8 tensor: another scale and zero point, and a clamp."""

    kind: ClassVar[str] = "rescale"
    elements: int
    in_zero_point: int
    scale: Multiplier
    output: Clamp

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return Parameter("x", "int8", self.elements), Parameter("y", "int8", self.elements)

    @property
    def in_place(self) -> tuple[int, ...]:
        return (0,)

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        with T.serial(self.elements) as k:
            value = multiply(x[k].astype("int32") - T.int32(self.in_zero_point), self.scale)
            store(y, k, self.output.apply(value + T.int32(self.output.zero_point)))


@dataclass(frozen=True)
class LookUp(Kernel):
    """LOGISTIC and TANH: what a table has for the bits of each value."""

    kind: ClassVar[str] = "look_up"
    elements: int

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        places = (Parameter(name, "int8", self.elements) for name in ("x", "y"))
        return next(places), Parameter("table", "int8", 256), next(places)

    @property
    def in_place(self) -> tuple[int, ...]:
        return (0,)

    def body(self, *buffers: Buffer) -> None:
        x, table, y = buffers
        with T.serial(self.elements) as k:
            store(y, k, table[T.bitwise_and(x[k].astype("int32"), T.int32(255))])


@dataclass(frozen=True)
class Quantize(Kernel):
    """QUANTIZE of float32 to int8: to nearest, ties away from zero."""

    kind: ClassVar[str] = "quantize"
    elements: int
    scale: float
    zero_point: int

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return Parameter("x", "float32", self.elements), Parameter("y", "int8", self.elements)

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        with T.serial(self.elements) as k:
            real = T.max(T.min(x[k] / T.float32(self.scale), T.float32(512)), T.float32(-512))
            rounded = (real + T.Select(real < T.float32(0), T.float32(-0.5), T.float32(0.5))).astype("int32")
            clamped = T.max(T.min(rounded + T.int32(self.zero_point), T.int32(127)), T.int32(-128))
            store(y, k, clamped.astype("int8"))


@dataclass(frozen=True)
class Dequantize(Kernel):
    """DEQUANTIZE of int8 to float32."""

    kind: ClassVar[str] = "dequantize"
    elements: int
    scale: float
    zero_point: int

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return Parameter("x", "int8", self.elements), Parameter("y", "float32", self.elements)

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        with T.serial(self.elements) as k:
            difference = x[k].astype("int32") - T.int32(self.zero_point)
            store(y, k, difference.astype("float32") * T.float32(self.scale))


@dataclass(frozen=True)
class Pad(Kernel):
    """PAD with a constant: `before` and `after` values in each dimension."""

    kind: ClassVar[str] = "pad"
    shape: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    value: int

    @property
    def _out_shape(self) -> tuple[int, ...]:
        return tuple(b + n + a for b, n, a in zip(self.before, self.shape, self.after, strict=True))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        strides, out_strides = _dense_strides(self.shape), _dense_strides(self._out_shape)
        return (
            Parameter("x", "int8", strides[0] * self.shape[0]),
            Parameter("y", "int8", out_strides[0] * self._out_shape[0]),
        )

    def body(self, *buffers: Buffer) -> None:
        x, y = buffers
        strides = _dense_strides(self._out_shape)
        with T.serial(strides[0] * self._out_shape[0]) as k:
            store(y, k, T.int8(self.value))
        with T.grid(*self.shape) as indices:
            position = list(indices) if len(self.shape) > 1 else [indices]
            moved = [index + before for index, before in zip(position, self.before, strict=True)]
            store(y, _flat(moved, strides), x[_flat(position, _dense_strides(self.shape))])


@dataclass(frozen=True)
class Concatenate(Kernel):
    """CONCATENATION of tensors of equal scales, as (outer, inner of each) to (outer, sum of inner)."""

    kind: ClassVar[str] = "concatenate"
    outer: int
    inner: tuple[int, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        parts = tuple(Parameter(f"x{n}", "int8", self.outer * size) for n, size in enumerate(self.inner))
        return (*parts, Parameter("y", "int8", self.outer * sum(self.inner)))

    def body(self, *buffers: Buffer) -> None:
        *parts, y = buffers
        start = 0
        for part, size in zip(parts, self.inner, strict=True):
            with T.serial(self.outer) as o, T.serial(size) as k:
                store(y, o * sum(self.inner) + start + k, part[o * size + k])
            start += size


def _centred(buffer: Buffer, operand: Operand, position: list[Expr]) -> Expr:
    return buffer[_flat(position, operand.strides)].astype("int32") - T.int32(operand.zero_point)


def _scaled(buffer: Buffer, operand: Operand, position: list[Expr]) -> Expr:
    return multiply(T.shift_left(_centred(buffer, operand, position), _ADD_LEFT_SHIFT), operand.scale)


def _dense_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, stride = [], 1
    for extent in reversed(shape):
        strides.append(stride)
        stride *= extent
    return tuple(reversed(strides))


def _flat(position: list[Expr], strides: tuple[int, ...]) -> Expr:
    return sum((index * stride for index, stride in zip(position, strides, strict=True) if stride), T.int32(0))
