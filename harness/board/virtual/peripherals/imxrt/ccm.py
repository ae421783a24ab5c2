"""CCM (RM: clock controller module): clock roots, each with a choice of eight sources and a divider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from harness.board.virtual.clock_tree import CORE, ClockTree
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.imxrt.anadig import Anadig
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.errors import ConfigError

_ROOT_STRIDE, _ROOTS_END, _STATUS0 = 0x80, 79 * 0x80, 0x20
_DIVIDER, _OFF = 0xFF, 1 << 24
_EVERY_ROOT: Final = ("osc_rc_48m_div2", "osc_24m", "osc_rc_400m", "osc_rc_16m")
"""The first four sources of each root."""
_RC_HZ: Final = 24_000_000


class Ccm(RegisterBlock):
    """Sets the chip's clock tree from the roots that the family's file names."""

    def __init__(self, entry: PeripheralEntry, tree: ClockTree, anadig_origin: int, crystal_hz: int) -> None:
        """Option `roots`: by the name of the clock, the number of its root, and the last four of its sources."""
        super().__init__(entry.name, entry.origin, entry.size)
        self._tree: Final = tree
        self._roots: Final = {name: _root(entry, name, root) for name, root in entry.options["roots"].items()}
        self.anadig: Final = Anadig(anadig_origin, crystal_hz, self._set_clocks)

    def reset(self) -> None:
        """All roots from the 48 MHz oscillator, halved."""
        super().reset()
        self._set_clocks()

    def read(self, offset: int) -> int:
        """Storage; a root's status is its control register, which takes effect at once."""
        if offset < _ROOTS_END:
            register = offset % _ROOT_STRIDE
            if register == _STATUS0 or register < 0x10:
                return self.stored(offset - register)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; beside a root's control register are those that set, clear and toggle its bits."""
        register = offset % _ROOT_STRIDE
        if offset >= _ROOTS_END or register >= 0x10:
            super().write(offset, value)
            return
        old = self.stored(offset - register)
        new = {0x0: value, 0x4: old | value, 0x8: old & ~value, 0xC: old ^ value}[register & ~3]
        super().write(offset - register, new)
        self._set_clocks()

    def _set_clocks(self) -> None:
        """A core whose source is off would stand still for ever; it goes on with the oscillator of the reset."""
        sources = self.anadig.sources()
        clocks = {name: self._hz(number, names, sources) for name, (number, names) in self._roots.items()}
        self._tree.update({**clocks, CORE: clocks[CORE] or _RC_HZ})

    def _hz(self, root: int, names: tuple[str, ...], sources: Mapping[str, int]) -> int:
        control = self.stored(root * _ROOT_STRIDE)
        hz = sources.get(names[control >> 8 & 7], 0) // ((control & _DIVIDER) + 1)
        return 0 if control & _OFF else hz


def _root(entry: PeripheralEntry, name: str, root: Any) -> tuple[int, tuple[str, ...]]:
    match root:
        case {"root": int(number), "from": [*names]} if len(names) == 4:
            return number, (*_EVERY_ROOT, *names)
    raise ConfigError(f"{entry.name}: roots: {name}: expected {{root: NUMBER, from: [four sources]}}")


def build(connections: Connections, entry: PeripheralEntry) -> Ccm:
    """Options: `roots`; `anadig`, the origin of the ANADIG registers, which come with this block."""
    crystal = connections.spec.clocks.get("osc_24m_hz", 0)
    ccm = Ccm(entry, connections.clocks, int(entry.options["anadig"]), crystal)
    connections.bus.add(ccm.anadig)
    return ccm
