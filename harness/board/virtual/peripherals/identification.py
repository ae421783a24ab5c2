"""What a debugger reads to find its way: the ROM table, and the identity of each CoreSight component."""

from __future__ import annotations

from harness.board.virtual.peripherals.register_block import RegisterBlock

ROM_TABLE = 0xE00F_F000
_ARM, _ST = 0x43B, 0x020
_COMPONENTS = {0xE000_E000: 0x00C, 0xE000_1000: 0x002, 0xE000_2000: 0x003, 0xE000_0000: 0x001}
"""Origin to part number: system control space, DWT, FPB, ITM."""


def component_identities() -> list[RegisterBlock]:
    """The identity registers of the core's components."""
    return [
        RegisterBlock("identity", origin + 0xFC0, 0x40, _identity(part, component_class=0xE, designer=_ARM, base=0x10))
        for origin, part in _COMPONENTS.items()
    ]


def rom_table(part: int) -> RegisterBlock:
    """The table that points to them; `part` is the microcontroller's."""
    entries = {4 * index: (origin - ROM_TABLE) & 0xFFFF_F000 | 0x3 for index, origin in enumerate(_COMPONENTS)}
    identity = _identity(part, component_class=0x1, designer=_ST, base=0xFD0)
    return RegisterBlock("ROM table", ROM_TABLE, 0x1000, entries | identity)


def _identity(part: int, *, component_class: int, designer: int, base: int) -> dict[int, int]:
    """PIDR and CIDR (Arm IHI 0029, B2.2), the first of them, PIDR4, at offset `base`; `designer` is a JEP106 code."""
    peripheral = part | (designer & 0x7F) << 12 | 1 << 19
    continuation = designer >> 8 & 0xF
    values = [continuation, 0, 0, 0]
    values += [peripheral >> shift & 0xFF for shift in (0, 8, 16, 24)]
    values += [0x0D, component_class << 4, 0x05, 0xB1]
    return {base + 4 * index: value for index, value in enumerate(values)}
