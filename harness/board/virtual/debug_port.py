"""The virtual board's debug probe: one debug port and one AHB access port (Arm IHI 0031), as pyOCD drives them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from pyocd.core import exceptions
from pyocd.core.memory_interface import MemoryInterface
from pyocd.probe.debug_probe import DebugProbe

from harness.board.virtual.bus import AccessError
from harness.board.virtual.identification import PRODUCT, VENDOR
from harness.board.virtual.machine import Machine
from harness.board.virtual.peripherals.identification import ROM_TABLE
from harness.board.virtual.turnstile import Turnstile

_DPIDR, _CTRL_STAT, _SELECT, _RDBUFF = 0x0, 0x4, 0x8, 0xC
_CSW, _TAR, _DRW, _BD0, _BD3, _CFG, _BASE, _IDR = 0x00, 0x04, 0x0C, 0x10, 0x1C, 0xF4, 0xF8, 0xFC
_SW_DP, _AHB_AP = 0x2BA0_1477, 0x2477_0011
_POWER_UP_REQUESTS = 0x5000_0000
_DEVICE_ENABLED = 1 << 6
_WORD = 0xFFFF_FFFF
_DHCSR = 0xE000_EDF0
_HALT_PATIENCE_S = 0.005


class _Memory(MemoryInterface):
    """Whole blocks of memory in one request, past the access port: what makes flashing quick."""

    def __init__(self, probe: VirtualProbe) -> None:
        self._probe = probe

    def write_memory(self, addr: int, data: int, transfer_size: int = 32, **_attributes: Any) -> None:
        size = transfer_size // 8
        self._probe.write_bytes(addr, (data & (1 << transfer_size) - 1).to_bytes(size, "little"))

    def read_memory(self, addr: int, transfer_size: int = 32, now: bool = True, **_attributes: Any) -> Any:
        value = int.from_bytes(self._probe.read_bytes(addr, transfer_size // 8), "little")
        return value if now else lambda: value

    def write_memory_block32(self, addr: int, data: list[int], **_attributes: Any) -> None:
        # pyOCD's CRC analyzer hands over words of more than 32 bits.
        self._probe.write_bytes(addr, struct.pack(f"<{len(data)}I", *(word & _WORD for word in data)))

    def read_memory_block32(self, addr: int, size: int, **_attributes: Any) -> list[int]:
        return list(struct.unpack(f"<{size}I", self._probe.read_bytes(addr, 4 * size)))

    def write_memory_block8(self, addr: int, data: list[int], **_attributes: Any) -> None:
        self._probe.write_bytes(addr, bytes(data))

    def read_memory_block8(self, addr: int, size: int, **_attributes: Any) -> list[int]:
        return list(self._probe.read_bytes(addr, size))


class VirtualProbe(DebugProbe):
    """A probe soldered to one machine. See pyOCD's `DebugProbe` for the verbs."""

    vendor_name = VENDOR
    product_name = PRODUCT
    supported_wire_protocols: Final = [DebugProbe.Protocol.DEFAULT, DebugProbe.Protocol.SWD]
    capabilities: Final = {DebugProbe.Capability.SWJ_SEQUENCE}

    def __init__(self, name: str, machine: Machine, turnstile: Turnstile) -> None:
        """Make a probe with `name` for its unique id."""
        super().__init__()
        self._name = name
        self._machine = machine
        self._turnstile = turnstile
        self._open = False
        self._protocol: Any = None
        self._reset_asserted = False
        self._control = self._select = self._address = self._buffer = 0
        self._csw = 0x2300_0042

    @property
    def unique_id(self) -> str:
        """The board's name."""
        return self._name

    @property
    def wire_protocol(self) -> Any:
        """SWD, once connected."""
        return self._protocol

    @property
    def is_open(self) -> bool:
        """Whether a client has opened it."""
        return self._open

    def open(self) -> None:
        """Nothing to open."""
        self._open = True

    def close(self) -> None:
        """Nothing to close; the machine runs on."""
        self._open = False

    def connect(self, protocol: Any = None) -> None:  # noqa: ARG002
        """Speak SWD, whatever was asked for."""
        self._protocol = DebugProbe.Protocol.SWD

    def disconnect(self) -> None:
        """End the connection."""
        self._protocol = None

    def swj_sequence(self, length: int, bits: int) -> None:
        """Accept any sequence that selects a protocol."""

    def set_clock(self, frequency: float) -> None:
        """Accept any frequency."""

    def flush(self) -> None:
        """Nothing is ever queued."""

    def reset(self) -> None:
        """Pulse nRESET."""
        with self._turnstile.visit():
            self._machine.reset()

    def assert_reset(self, asserted: bool) -> None:
        """Hold nRESET; the machine resets when it is let go."""
        if self._reset_asserted and not asserted:
            self.reset()
        self._reset_asserted = bool(asserted)

    def is_reset_asserted(self) -> bool:
        """Whether nRESET is held."""
        return self._reset_asserted

    # ---- debug port

    def read_dp(self, addr: int, now: bool = True) -> Any:
        """A register of the debug port."""
        register = addr & 0xC
        value = 0
        if register == _DPIDR:
            value = _SW_DP
        elif register == _CTRL_STAT and self._select & 0xF == 0:
            value = self._control | (self._control & _POWER_UP_REQUESTS) << 1
        elif register == _RDBUFF:
            value = self._buffer
        return value if now else lambda: value

    def write_dp(self, addr: int, data: int) -> None:
        """A register of the debug port."""
        register = addr & 0xC
        if register == _CTRL_STAT and self._select & 0xF == 0:
            self._control = data
        elif register == _SELECT:
            self._select = data

    # ---- access port

    def read_ap(self, addr: int, now: bool = True) -> Any:
        """A register of the access port."""
        value = self._buffer = self._read_ap(self._select & 0xF0 | addr & 0xC)
        return value if now else lambda: value

    def write_ap(self, addr: int, data: int) -> None:
        """A register of the access port."""
        self._write_ap(self._select & 0xF0 | addr & 0xC, data & _WORD)

    def read_ap_multiple(self, addr: int, count: int = 1, now: bool = True) -> Any:
        """A register of the access port, several times."""
        values = [self.read_ap(addr) for _ in range(count)]
        return values if now else lambda: values

    def write_ap_multiple(self, addr: int, values: list[int]) -> None:
        """A register of the access port, several times."""
        for value in values:
            self.write_ap(addr, value)

    def get_memory_interface_for_ap(self, ap_address: Any) -> MemoryInterface | None:
        """Memory access in whole blocks, through the only access port."""
        return _Memory(self) if ap_address.nominal_address == 0 else None

    def _read_ap(self, register: int) -> int:
        if self._select >> 24:
            return 0
        constants = {_CFG: 0, _BASE: ROM_TABLE | 0x3, _IDR: _AHB_AP, _CSW: self._csw, _TAR: self._address}
        if register in constants:
            return constants[register]
        if register == _DRW or _BD0 <= register <= _BD3:
            with self._transfer(register) as (address, size):
                return int.from_bytes(self.read_bytes(address, size), "little") << 8 * (address & 3)
        return 0

    def _write_ap(self, register: int, value: int) -> None:
        if self._select >> 24:
            return
        if register == _CSW:
            self._csw = value | _DEVICE_ENABLED
        elif register == _TAR:
            self._address = value
        elif register == _DRW or _BD0 <= register <= _BD3:
            with self._transfer(register) as (address, size):
                data = value >> 8 * (address & 3) & (1 << 8 * size) - 1
                self.write_bytes(address, data.to_bytes(size, "little"))

    @contextmanager
    def _transfer(self, register: int) -> Iterator[tuple[int, int]]:
        """Address and size of an access through DRW or a banked data register; TAR moves on as CSW says."""
        size = 1 << (self._csw & 3)
        if register == _DRW:
            yield self._address, size
            if self._csw >> 4 & 3:
                self._address = (self._address + size) & _WORD
        else:
            yield (self._address & ~0xF) | (register & 0xC), size

    # ---- memory

    def read_bytes(self, address: int, size: int) -> bytes:
        """Memory or registers, as the core's bus sees them."""
        if address == _DHCSR:
            # A debugger polls for a halt much faster than wires would let it, and holds up the core that it waits for.
            self._turnstile.wait_for_stop(_HALT_PATIENCE_S)
        return bytes(self._visit(address, lambda: self._machine.chip.bus.read(address, size)))

    def write_bytes(self, address: int, data: bytes) -> None:
        """Memory or registers, as the core's bus sees them."""
        self._visit(address, lambda: self._machine.chip.bus.write(address, data))

    def _visit(self, address: int, access: Callable[[], Any]) -> Any:
        with self._turnstile.visit():
            try:
                result = access()
            except AccessError as error:
                raise exceptions.TransferFaultError(fault_address=address) from error
            # A debugger goes on as if the reset it asked for had happened at once.
            self._machine.complete_reset()
            return result
