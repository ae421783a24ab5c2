"""Expressions that become one instruction of the DSP extension each, or plain arithmetic on a core without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tvm.ir import Expr
from tvm.tirx import Buffer
from tvm.tirx.script import builder as T  # noqa: N812

_EXTENSION: ContextVar[bool] = ContextVar("the core has the DSP extension", default=True)


@contextmanager
def extension(there: bool) -> Iterator[None]:
    """In the block, expressions are for cores with the extension, or for those without."""
    token = _EXTENSION.set(there)
    try:
        yield
    finally:
        _EXTENSION.reset(token)


def smlad(a: Expr, b: Expr, accumulator: Expr) -> Expr:
    """accumulator + a.low * b.low + a.high * b.high, over signed halfwords."""
    if not _EXTENSION.get():
        return accumulator + _low(a) * _low(b) + _high(a) * _high(b)
    return T.call_llvm_pure_intrin("int32", "llvm.arm.smlad", a, b, accumulator)


def smlabb(a: Expr, b: Expr, accumulator: Expr) -> Expr:
    """accumulator + a.low * b.low."""
    if not _EXTENSION.get():
        return accumulator + _low(a) * _low(b)
    return T.call_llvm_pure_intrin("int32", "llvm.arm.smlabb", a, b, accumulator)


def smlatt(a: Expr, b: Expr, accumulator: Expr) -> Expr:
    """accumulator + a.high * b.high."""
    if not _EXTENSION.get():
        return accumulator + _high(a) * _high(b)
    return T.call_llvm_pure_intrin("int32", "llvm.arm.smlatt", a, b, accumulator)


def smmul(a: Expr, b: Expr) -> Expr:
    """(a * b) >> 32, in 64 bits; LLVM has no intrinsic for SMMUL, but knows its meaning."""
    product = a.astype("int64") * b.astype("int64")
    return T.shift_right(product, T.int64(32)).astype("int32")


def smmulr(a: Expr, b: Expr) -> Expr:
    """(a * b + 2**31) >> 32, in 64 bits: SMMULR, as LLVM knows it."""
    product = a.astype("int64") * b.astype("int64") + T.int64(1 << 31)
    return T.shift_right(product, T.int64(32)).astype("int32")


def sxtb16(word: Expr) -> Expr:
    """Bytes 0 and 2, sign-extended, as two halfwords."""
    if not _EXTENSION.get():
        return pack_low(_signed(word, 24, 24), _signed(word, 8, 24))
    return T.call_llvm_pure_intrin("int32", "llvm.arm.sxtb16", word)


def sxtb16_odd(word: Expr) -> Expr:
    """Bytes 1 and 3, sign-extended, as two halfwords; the rotation is part of the instruction."""
    high = T.shift_right(T.reinterpret("uint32", word), T.uint32(8)).astype("int32")
    return sxtb16(T.bitwise_or(high, T.shift_left(word, 24)))


def pack_low(low: Expr, high: Expr) -> Expr:
    """PKHBT: the low halfwords of both."""
    return T.bitwise_or(T.bitwise_and(low, T.int32(0xFFFF)), T.shift_left(high, 16))


def pack_high(low: Expr, high: Expr) -> Expr:
    """PKHTB: the high halfwords of both."""
    return T.bitwise_or(T.bitwise_and(T.shift_right(low, 16), T.int32(0xFFFF)), T.bitwise_and(high, T.int32(-0x10000)))


def load_bytes(buffer: Buffer, index: Expr) -> Expr:
    """Four int8 values from any address, as a word."""
    return T.reinterpret("int32", buffer.vload([index], "int8x4"))


def load_halfwords(buffer: Buffer, index: Expr) -> Expr:
    """Two int16 values from any even address, as a word."""
    return T.reinterpret("int32", buffer.vload([index], "int16x2"))


def store_halfwords(buffer: Buffer, index: Expr, word: Expr) -> None:
    """A word as two int16 values, to any even address."""
    buffer_index = T.ramp(index, 1, 2)
    T.buffer_store(buffer, T.reinterpret("int16x2", word), [buffer_index])


def _low(word: Expr) -> Expr:
    return _signed(word, 16, 16)


def _high(word: Expr) -> Expr:
    return T.shift_right(word, T.int32(16))


def _signed(word: Expr, left: int, right: int) -> Expr:
    """The word shifted to the left, and back with its sign."""
    shifted = T.shift_left(T.reinterpret("uint32", word), T.uint32(left))
    return T.shift_right(T.reinterpret("int32", shifted), T.int32(right))
