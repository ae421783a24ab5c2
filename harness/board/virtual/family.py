"""A family of microcontrollers (`lab/families/*.yaml`) as a value: what lies where in its chips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.value import Value


@dataclass(frozen=True)
class PeripheralEntry(Value):
    """One peripheral of a chip.

    Attributes:
        name: as the reference manual and the CMSIS header have it.
        type: a module below `board/virtual/peripherals`, dotted, whose `build` makes it; such as `stm32.usart_v2`.
        size: of its registers, in bytes.
        interrupts: its numbers in the interrupt controller, by what they are for; a sole one is named "".
        clock: the name of the clock that it counts or divides, in the family's clock tree.
        gate: (offset, bit) of its clock enable in the peripheral named RCC; None where it needs none.
        options: what else its type wants to know.
    """

    name: str
    type: str
    origin: int
    size: int = 0x400
    interrupts: Mapping[str, int] = field(default_factory=dict)
    clock: str = ""
    gate: tuple[int, int] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FixedMemory(Value):
    """A memory that every chip of the family has beside those of the board file.

    Attributes:
        size: in bytes.
        words: what a read-only memory holds, 32 bits by address.
    """

    name: str
    origin: int
    size: int
    writable: bool = False
    words: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Family(Value):
    """A family, or a family with what one part of it has besides.

    Attributes:
        windows: (origin, size) of the address ranges of peripherals; elsewhere, where no memory is, accesses fault.
        flash_size_at, unique_id_at: addresses in read-only memory of the flash size in KiB and of the 96-bit unique id;
            None where the family keeps them elsewhere.
        debug_id_at: the address of the register that tells the part to debuggers; None where there is none.
        priority_bits: of an exception's priority, where its maker has not left that as usual for the core.
        unmodelled: origins of peripherals that are storage like everything that is not listed, but are known by name.
        svd: a file of pyOCD's bundled archive that names registers we do not model; empty where it has none.
        sources: the reference manuals that the figures come from.
    """

    name: str
    title: str
    windows: tuple[tuple[int, int], ...]
    peripherals: tuple[PeripheralEntry, ...]
    memories: tuple[FixedMemory, ...] = ()
    flash_size_at: int | None = None
    unique_id_at: int | None = None
    debug_id_at: int | None = None
    priority_bits: int | None = None
    unmodelled: Mapping[str, int] = field(default_factory=dict)
    svd: str = ""
    sources: tuple[str, ...] = ()
