"""What fills flash and RAM: shares by part, and the symbols behind them."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.symbol_size import SymbolSize
from reports.view import NOTHING, Number, Row, clean

FLASH_PARTS = ("weights", "kernels", "runtime", "base")
RAM_PARTS = ("model", "runtime", "base")


@dataclass(frozen=True)
class MemoryRow:
    """One candidate.

    Attributes:
        flash, ram: a number for each of `FLASH_PARTS` and `RAM_PARTS`.
        symbols: largest first; empty where they were not read.
    """

    row: Row
    flash: tuple[Number, ...]
    ram: tuple[Number, ...]
    symbols: tuple[SymbolSize, ...]


def memory_rows(rows: tuple[Row, ...]) -> tuple[MemoryRow, ...]:
    """The candidates whose image was counted."""
    found = (
        MemoryRow(
            row,
            tuple(row.number(f"flash_{part}") for part in FLASH_PARTS),
            tuple(row.number(f"ram_{part}") for part in RAM_PARTS),
            tuple(SymbolSize(clean(s.name), clean(s.file), clean(s.part), s.flash, s.ram) for s in row.record.symbols),
        )
        for row in rows
    )
    return tuple(one for one in found if any(number.text != NOTHING for number in (*one.flash, *one.ram)))
