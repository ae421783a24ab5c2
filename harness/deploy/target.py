"""What code generation and linking need to know of a board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.value import Value


class Core(StrEnum):
    """Processor cores that a board can have; the values are GCC's and LLVM's names (`-mcpu`)."""

    CORTEX_M0PLUS = "cortex-m0plus"
    CORTEX_M4 = "cortex-m4"
    CORTEX_M7 = "cortex-m7"
    CORTEX_M33 = "cortex-m33"

    @property
    def has_dsp(self) -> bool:
        """It has the DSP extension (SMLAD and its like), which all Cortex-M33 of our boards were built with."""
        return self is not Core.CORTEX_M0PLUS


class MemoryKind(StrEnum):
    """What a memory is for."""

    FLASH = "flash"
    RAM = "ram"


@dataclass(frozen=True)
class Memory(Value):
    """One memory of the map, in bytes; the first of its kind is the one that firmware is linked to."""

    name: str
    kind: MemoryKind
    origin: int
    size: int


@dataclass(frozen=True)
class Target(Value):
    """A kind of board, as the compiler and the linker see it.

    Attributes:
        name: the board's name, such as `nucleo_l4r5zi`.
        fpu: GCC's `-mfpu` value, such as `fpv4-sp-d16`; empty for soft float.
        family: the folder under `firmware/families` with start-up and peripherals.
        clock_hz: the core clock that the firmware sets up.
        console_baud: of the UART to the host.
        defines: constants of this board for the family's C code, written into the generated `board.h`.
    """

    name: str
    core: Core
    fpu: str
    family: str
    clock_hz: int
    console_baud: int
    memories: tuple[Memory, ...]
    defines: Mapping[str, int] = field(default_factory=dict)

    def first(self, kind: MemoryKind) -> Memory:
        """The memory of this kind that firmware is linked to."""
        return next(memory for memory in self.memories if memory.kind is kind)

    @property
    def flash(self) -> Memory:
        return self.first(MemoryKind.FLASH)

    @property
    def ram(self) -> Memory:
        return self.first(MemoryKind.RAM)
