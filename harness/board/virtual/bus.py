"""The address map of registers: finds the block behind an address, and splits accesses narrower than a word."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from harness.board.virtual.engine import Engine
from harness.board.virtual.native_registers import Receiver
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.scheduler import Scheduler
from harness.board.virtual.unmodelled import UnmodelledRegisters

_LOG = logging.getLogger(__name__)
_WORD = 0xFFFF_FFFF


class AccessError(Exception):
    """A debugger's access to an address that nothing answers."""


class Bus:
    """Registers and memories as the core and the debugger see them."""

    def __init__(
        self,
        engine: Engine,
        scheduler: Scheduler,
        windows: Iterable[tuple[int, int]],
        receiver: Receiver,
        unmodelled: UnmodelledRegisters,
    ) -> None:
        """Make the map of these (origin, size).

        Args:
            receiver: may answer reads of its registers by itself.
            unmodelled: makes storage for registers of blocks that are not added.
        """
        self._engine = engine
        self._scheduler = scheduler
        self._windows = tuple(windows)
        self._unmodelled_registers = unmodelled
        self._slots: dict[int, RegisterBlock] = {}
        self._blocks: list[RegisterBlock] = []
        self._gates: dict[RegisterBlock, Callable[[], bool]] = {}
        for origin, size in self._windows:
            engine.map_registers(origin, size, self.read_register, self.write_register, receiver)

    def add(self, block: RegisterBlock) -> None:
        """Connect a block of registers."""
        self._blocks.append(block)
        for address in range(block.origin, block.origin + block.size, 16):
            self._slots[address >> 4] = block

    def gate(self, block: RegisterBlock, clocked: Callable[[], bool]) -> None:
        """Say in the log if the first write to a block comes while it has no clock: silicon would drop it."""
        self._gates[block] = clocked

    def block_at(self, address: int) -> RegisterBlock | None:
        """The block whose registers are there, where it is modelled."""
        return self._slots.get(address >> 4)

    def reset(self) -> None:
        """All registers to their reset values."""
        for block in self._blocks:
            block.reset()

    def read_register(self, address: int, size: int) -> int:
        """`size` bytes at an address within a word, as they are at this cycle."""
        self._scheduler.run_due()
        block = self._slots.get(address >> 4) or self._unmodelled(address)
        if size == 4:
            return block.read(address - block.origin)
        return block.read_narrow(address - block.origin, size)

    def write_register(self, address: int, size: int, value: int) -> None:
        """`size` bytes at an address within a word."""
        self._scheduler.run_due()
        block = self._slots.get(address >> 4) or self._unmodelled(address)
        if block in self._gates:
            self._check_gate(block)
        if size == 4:
            block.write(address - block.origin, value & _WORD)
        else:
            block.write_narrow(address - block.origin, size, value & ((1 << 8 * size) - 1))

    def read(self, address: int, size: int) -> bytes:
        """A debugger's read.

        Raises:
            AccessError: nothing answers at an address.
        """
        if self._engine.memory_at(address, size):
            return self._engine.read(address, size)
        self._check(address, size)
        first, last = address & ~3, (address + size + 3) & ~3
        words = b"".join(self.read_register(word, 4).to_bytes(4, "little") for word in range(first, last, 4))
        return words[address - first : address - first + size]

    def write(self, address: int, data: bytes) -> None:
        """A debugger's write; a write to flash goes the way of the core's own, through the flash controller.

        Raises:
            AccessError: nothing answers at an address.
        """
        memory = self._engine.memory_at(address, len(data))
        if memory and memory.writable:
            self._engine.write(address, data)
            return
        if memory is None:
            self._check(address, len(data))
        while data:
            size = 1 if address & 1 or len(data) < 2 else 2 if address & 2 or len(data) < 4 else 4
            value = int.from_bytes(data[:size], "little")
            (self._engine.write_protected if memory else self._store)(address, size, value)
            address, data = address + size, data[size:]

    def load(self, address: int, size: int) -> int:
        """A DMA controller's read of 1, 2 or 4 bytes.

        Raises:
            AccessError: nothing answers at the address.
        """
        if self._engine.memory_at(address, size):
            return int.from_bytes(self._engine.read(address, size), "little")
        self._check(address, size)
        return self.read_register(address, size)

    def store(self, address: int, size: int, value: int) -> None:
        """A DMA controller's write of 1, 2 or 4 bytes; what is not writable memory or a register, it cannot change.

        Raises:
            AccessError: nothing answers at the address.
        """
        value &= (1 << 8 * size) - 1
        memory = self._engine.memory_at(address, size)
        if memory and memory.writable:
            self._engine.uc.mem_write(address, value.to_bytes(size, "little"))
        elif memory is None:
            self._check(address, size)
            self.write_register(address, size, value)

    def _store(self, address: int, size: int, value: int) -> None:
        self.write_register(address, size, value)

    def _check(self, address: int, size: int) -> None:
        if not any(origin <= address and address + size <= origin + length for origin, length in self._windows):
            raise AccessError(f"nothing answers at {address:#010x}")

    def _check_gate(self, block: RegisterBlock) -> None:
        if not self._gates.pop(block)():
            _LOG.warning("%s is written to while its clock is off: silicon would not notice", block.name)

    def _unmodelled(self, address: int) -> RegisterBlock:
        block = self._unmodelled_registers.block(address)
        self._blocks.append(block)
        for slot in range(block.origin >> 4, (block.origin + block.size) >> 4):
            self._slots.setdefault(slot, block)
        return block
