"""Encodings of instructions as patterns of bits, from the tables of the Architecture Reference Manuals (v6-M to v8-M).

A pattern is a row of 0, 1 and letters, most significant bit first, the first half-word of a 32-bit instruction before
the second. All bits of a letter form one field:

- `d`, `e`: registers that are written, never the same; `n`, `m`, `a`: registers that are read; `M`: once more `m`;
- `s`, `z`: registers that are stored, never one that holds an address;
- `b`, `p`: registers that hold addresses of data, `b` a multiple of 4, `p` any; `x`: one that holds a small offset;
- `f`, `g`, `h`: floating point registers; `H`: once more `h`;
- `o`: an offset, small enough to stay within the data;
- any other letter: any value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto

from harness.deploy.target import Core


class Extension(Flag):
    """What a core has to have for an encoding."""

    BASE = 0
    MAINLINE = auto()
    DSP = auto()
    V8 = auto()
    FLOAT = auto()
    FLOAT_V5 = auto()
    DOUBLE = auto()


_MAINLINE = Extension.MAINLINE | Extension.DSP | Extension.FLOAT
EXTENSIONS: Mapping[Core, Extension] = {
    Core.CORTEX_M0PLUS: Extension.BASE,
    Core.CORTEX_M4: _MAINLINE,
    Core.CORTEX_M7: _MAINLINE | Extension.FLOAT_V5 | Extension.DOUBLE,
    Core.CORTEX_M33: _MAINLINE | Extension.FLOAT_V5 | Extension.V8,
}

Fields = dict[str, int]


@dataclass(frozen=True)
class Encoding:
    """One instruction, or a few that differ in an opcode field.

    Attributes:
        positions: bits of each field, the most significant first.
        where: which fields together are an instruction whose result is defined.
        largest: of fields that are smaller than their bits allow.
        unconditional: must not be in an IT block.
        drift: how far it moves the base register, by its fields; that may be nowhere.
        to_nearest: rounds to the nearest whatever FPSCR says, which QEMU 5.0 inside Unicorn gets wrong and QEMU 7.2
            does not: tried in that rounding mode only.
    """

    name: str
    bits: int
    length: int
    positions: Mapping[str, tuple[int, ...]]
    needs: Extension
    where: Callable[[Fields], bool]
    largest: Mapping[str, int]
    unconditional: bool
    drift: Callable[[Fields], int]
    to_nearest: bool = False

    def code(self, fields: Fields) -> bytes:
        """The instruction with these fields."""
        word = self.bits
        for letter, positions in self.positions.items():
            for index, position in enumerate(reversed(positions)):
                word |= (fields[letter] >> index & 1) << position
        halves = (word >> 16, word & 0xFFFF) if self.length == 4 else (word,)
        return b"".join(half.to_bytes(2, "little") for half in halves)


@dataclass
class Table:
    """Encodings under construction."""

    needs: Extension = Extension.BASE
    encodings: list[Encoding] = field(default_factory=list)

    def add(
        self,
        name: str,
        pattern: str,
        where: Callable[[Fields], bool] = lambda _: True,
        *,
        largest: Mapping[str, int] | None = None,
        unconditional: bool = False,
        drift: Callable[[Fields], int] = lambda _: 0,
        needs: Extension = Extension.BASE,
        to_nearest: bool = False,
    ) -> None:
        """One more."""
        bits = re.sub(r"[ _]", "", pattern)
        assert len(bits) in (16, 32), f"{name}: {len(bits)} bits"
        positions: dict[str, tuple[int, ...]] = {}
        for index, letter in enumerate(bits):
            if letter not in "01":
                positions[letter] = (*positions.get(letter, ()), len(bits) - 1 - index)
        value = int(re.sub(r"[^1]", "0", bits), 2)
        made = Encoding(
            *(name, value, len(bits) // 8, positions, self.needs | needs),
            *(where, largest or {}, unconditional, drift, to_nearest),
        )
        self.encodings.append(made)

    def add_all(self, rows: Iterable[tuple[str, str]]) -> None:
        """Encodings without any conditions."""
        for name, pattern in rows:
            self.add(name, pattern)


def thumb_expand_is_defined(fields: Fields) -> bool:
    """ThumbExpandImm of `i`: a byte that is repeated must not be 0."""
    return not (0 < fields["i"] >> 8 < 4 and fields["i"] & 0xFF == 0)
