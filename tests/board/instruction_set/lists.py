"""Loads and stores of several registers: LDM, STM, PUSH, POP, VLDM, VSTM."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.board.instruction_set.encodings import Extension

_LOADED, _STORED, _ALIGNED = (0, 1, 2, 3, 4, 8), (0, 1, 2, 3, 4, 5, 8), (6, 9)
_STACK = 13

Spend = Callable[[int, int], bool]


def list_transfer(source: random.Random, extensions: Extension, spend: Spend) -> bytes:
    """One of them, or nothing; `spend` is asked whether a register may move by so many bytes."""
    makers = [_narrow, _stack]
    if Extension.MAINLINE in extensions:
        makers.append(_wide)
    if Extension.FLOAT in extensions:
        makers.append(_floats)
    return source.choice(makers)(source, spend)


def _bits(registers: list[int]) -> int:
    return sum(1 << register for register in registers)


def _chosen(source: random.Random, registers: tuple[int, ...], least: int) -> list[int]:
    return source.sample(registers, source.randint(least, 4))


def _narrow(source: random.Random, spend: Spend) -> bytes:
    load = source.random() < 0.5
    chosen = _chosen(source, _LOADED[:5] if load else _STORED[:6], 1)
    if not spend(_ALIGNED[0], 4 * len(chosen)):
        return b""
    return ((0xC800 if load else 0xC000) | _ALIGNED[0] << 8 | _bits(chosen)).to_bytes(2, "little")


def _stack(source: random.Random, spend: Spend) -> bytes:
    load = source.random() < 0.5
    chosen = _chosen(source, _LOADED[:5] if load else tuple(range(8)), 1)
    if not spend(_STACK, 4 * len(chosen)):
        return b""
    return ((0xBC00 if load else 0xB400) | _bits(chosen)).to_bytes(2, "little")


def _wide(source: random.Random, spend: Spend) -> bytes:
    load, down, writes_back = (source.random() < 0.5 for _ in range(3))
    base = source.choice(_ALIGNED)
    chosen = _chosen(source, _LOADED if load else _STORED, 2)
    if writes_back and not spend(base, 4 * len(chosen)):
        return b""
    first = 0xE800 | (1 << 8 if down else 1 << 7) | writes_back << 5 | load << 4 | base
    return first.to_bytes(2, "little") + _bits(chosen).to_bytes(2, "little")


def _floats(source: random.Random, spend: Spend) -> bytes:
    load, down, doubles = (source.random() < 0.5 for _ in range(3))
    writes_back = down or source.random() < 0.5
    registers = 16 if doubles else 32
    start = source.randrange(registers)
    count = source.randint(1, min(registers - start, 4 if doubles else 8))
    base, words = source.choice(_ALIGNED), count * (2 if doubles else 1)
    if writes_back and not spend(base, 4 * words):
        return b""
    high, low = (0, start) if doubles else (start & 1, start >> 1)
    first = 0xEC00 | (1 << 8 if down else 1 << 7) | high << 6 | writes_back << 5 | load << 4 | base
    second = low << 12 | (0xB00 if doubles else 0xA00) | words
    return first.to_bytes(2, "little") + second.to_bytes(2, "little")
