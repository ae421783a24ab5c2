"""Random sequences of valid instructions whose results the architecture defines, and states to begin them in.

R5 holds a small offset, R6, R7, R9 and R10 addresses in the middle of the data, SP as well; only instructions that
write back an address change those, and never by much. R11 and R12 belong to the runner.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from harness.deploy.target import Core
from tests.board.instruction_set.encodings import EXTENSIONS, Encoding, Extension, Fields
from tests.board.instruction_set.float_encodings import float_encodings
from tests.board.instruction_set.integer_encodings import integer_encodings
from tests.board.instruction_set.lists import list_transfer
from tests.board.instruction_set.memory_encodings import memory_encodings

DATA_BYTES = 256
MIDDLE = DATA_BYTES // 2
ALIGNED_POINTERS, POINTERS, INDEX = (6, 9), (7, 10), 5
_LOW_WRITTEN, _WRITTEN, _READ, _STORED = (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 8), (*range(11), 14), (0, 1, 2, 3, 4, 5, 8)
_DRIFT = 32
_FPSCR_BITS, _ROUNDING = 0xF7C0_009F, 0xC0_0000
_INTERESTING = (0, 1, 2, 31, 32, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
_INTERESTING_FLOATS = (
    *(0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 0xFFC1_2345),
    *(0x0080_0000, 0x007F_FFFF, 1, 0x8000_0001, 0x7F7F_FFFF, 0x4F00_0000, 0xCF00_0000, 0x5F80_0000, 0x3F00_0000),
)


@dataclass(frozen=True)
class Case:
    """A sequence and what it begins with.

    Attributes:
        units: pieces of code that can't be cut: an instruction, an IT block, a branch and what it skips.
        registers: R0 to R10 and LR; those that hold addresses as offsets within the data.
        flags: APSR.
        fpscr, floats: FPSCR, and S0 to S31 as bits.
    """

    units: tuple[bytes, ...]
    registers: tuple[int, ...]
    flags: int
    fpscr: int
    floats: tuple[int, ...]


class Generator:
    """Makes cases for one core; the same ones for the same seed."""

    def __init__(self, core: Core, seed: int) -> None:
        """Begin a series of cases."""
        self._random = random.Random(f"{core} {seed}")
        self._extensions = EXTENSIONS[core]
        self._mainline = Extension.MAINLINE in self._extensions
        groups = (integer_encodings(), memory_encodings(), float_encodings())
        self._groups = [[one for one in group if one.needs in self._extensions] for group in groups]
        self._drift: dict[int, int] = {}
        self._rounds_to_nearest = True

    def case(self) -> Case:
        """One more case."""
        self._drift = {}
        self._rounds_to_nearest = self._random.random() < 0.6
        count = self._random.choice((1, 2, 3, 4, 6, 8, 10))
        units = tuple(self._unit() for _ in range(count))
        choose, word = self._random.choice, self._word
        registers = [word() for _ in range(12)]
        registers[INDEX] = self._random.randrange(8) if self._mainline else 4 * self._random.randrange(8)
        for number in (*ALIGNED_POINTERS, *POINTERS):
            registers[number] = MIDDLE
        for number in POINTERS:
            registers[number] += choose((0, 0, 1, 2, 3))
        flags = self._random.getrandbits(32) & (0xF80F_0000 if self._mainline else 0xF000_0000)
        fpscr = self._fpscr() if choose((True, False)) else 0
        return Case(units, tuple(registers), flags, fpscr, tuple(self._float() for _ in range(32)))

    def _fpscr(self) -> int:
        return self._random.getrandbits(32) & (_FPSCR_BITS & ~_ROUNDING if self._rounds_to_nearest else _FPSCR_BITS)

    def _word(self) -> int:
        pick = self._random.random()
        if pick < 0.5:
            return self._random.getrandbits(32)
        return self._random.choice(_INTERESTING) if pick < 0.8 else self._random.getrandbits(8)

    def _float(self) -> int:
        pick = self._random.random()
        if pick < 0.3:
            return self._random.getrandbits(32)
        if pick < 0.5:
            return self._random.choice(_INTERESTING_FLOATS)
        # Of a moderate size, so that results are neither always infinite nor always exact.
        exponent, rest = self._random.randrange(110, 145), self._random.getrandbits(23)
        return self._random.getrandbits(1) << 31 | exponent << 23 | rest

    # ---- units

    def _unit(self) -> bytes:
        pick = self._random.random()
        if self._mainline and pick < 0.15:
            return self._it_block()
        if pick < 0.22:
            return self._skip()
        if pick < 0.32 and (code := list_transfer(self._random, self._extensions, self._spend)):
            return code
        if Extension.FLOAT in self._extensions and pick < 0.35:
            return self._set_fpscr()
        return self._instruction(lambda _: True)

    def _it_block(self) -> bytes:
        condition, count = self._random.randrange(14), self._random.randrange(1, 5)
        mask = self._random.getrandbits(4) >> 5 - count << 5 - count | 1 << 4 - count
        body = b"".join(self._instruction(lambda one: not one.unconditional) for _ in range(count))
        return (0xBF00 | condition << 4 | mask).to_bytes(2, "little") + body

    def _skip(self) -> bytes:
        """A branch over an instruction."""
        skipped = self._instruction(lambda _: True)
        offset = len(skipped) // 2 - 1
        if self._mainline and self._random.random() < 0.4:
            compare = 0xB100 | self._random.getrandbits(1) << 11 | self._random.choice(range(8))
            return (compare | offset << 3).to_bytes(2, "little") + skipped
        return (0xD000 | self._random.randrange(14) << 8 | offset).to_bytes(2, "little") + skipped

    def _set_fpscr(self) -> bytes:
        """Other rounding and modes: MOVW and MOVT of a value with no reserved bits, VMSR."""
        register, value = self._random.choice(_LOW_WRITTEN), self._fpscr()
        code = b""
        for opcode, half in ((0xF240, value & 0xFFFF), (0xF2C0, value >> 16)):
            first = opcode | half >> 12 | (half >> 11 & 1) << 10
            second = (half >> 8 & 7) << 12 | register << 8 | half & 0xFF
            code += first.to_bytes(2, "little") + second.to_bytes(2, "little")
        return code + b"\xe1\xee" + (register << 12 | 0xA10).to_bytes(2, "little")

    # ---- instructions

    def _instruction(self, allowed: Callable[[Encoding], bool]) -> bytes:
        while True:
            group = self._random.choices(self._groups, (5, 2, 4 if self._groups[2] else 0))[0]
            encoding = self._random.choice(group)
            if not allowed(encoding) or (encoding.to_nearest and not self._rounds_to_nearest):
                continue
            fields = {letter: self._field(encoding, letter, len(at)) for letter, at in encoding.positions.items()}
            if "M" in fields:
                fields["M"] = fields["m"]
            if self._is_defined(encoding, fields):
                return encoding.code(fields)

    def _field(self, encoding: Encoding, letter: str, width: int) -> int:
        registers: dict[str, tuple[int, ...]] = {
            "d": _LOW_WRITTEN if width == 3 else _WRITTEN,
            "e": _WRITTEN,
            "s": _STORED[:6] if width == 3 else _STORED,
            "z": _STORED,
            "b": ALIGNED_POINTERS[:1] if width == 3 else ALIGNED_POINTERS,
            "p": POINTERS[:1] if width == 3 else POINTERS,
            "x": (INDEX,),
        }
        if letter in "nma":
            registers[letter] = tuple(range(8)) if width == 3 else _READ
        if letter in registers:
            return self._random.choice(registers[letter])
        return self._random.randrange(encoding.largest.get(letter, 1 << width))

    def _is_defined(self, encoding: Encoding, fields: Fields) -> bool:
        written = [fields[letter] for letter in "de" if letter in fields]
        if len(set(written)) < len(written) or not encoding.where(fields):
            return False
        if "s" in fields and fields["s"] in written:
            return False
        drift = encoding.drift(fields)
        return drift == 0 or self._spend(fields["b"] if "b" in fields else fields["p"], drift)

    def _spend(self, register: int, drift: int) -> bool:
        """Let an address move, if it does not get too far."""
        if self._drift.get(register, 0) + drift > _DRIFT:
            return False
        self._drift[register] = self._drift.get(register, 0) + drift
        return True
