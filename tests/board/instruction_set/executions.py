"""Runs an image on QEMU and on our engine: the records that its cases leave."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from harness.board.virtual.engine import Engine
from harness.board.virtual.events import Cause
from harness.board.virtual.timing.cores import timing_model
from tests.board.instruction_set.machines import ReferenceMachine

_OPEN, _CLOSE, _WRITE, _EXIT = 0x01, 0x02, 0x05, 0x18
_SECONDS = 120
_SLICE = 1 << 40


def run_on_qemu(machine: ReferenceMachine, image: bytes, directory: Path) -> bytes:
    """The records, from the file that the image writes by semihosting."""
    kernel, records = directory / "image.elf", directory / "records.bin"
    kernel.write_bytes(_elf(machine.rom, image))
    records.unlink(missing_ok=True)
    command = ["qemu-system-arm", "-M", machine.name, "-display", "none", "-serial", "null", "-monitor", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(kernel)]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=_SECONDS)
    assert done.returncode == 0, done.stderr
    return records.read_bytes()


def run_on_engine(machine: ReferenceMachine, image: bytes) -> bytes:
    """The records, from the calls by which the image would write them."""
    engine = Engine(machine.core, timing_model(machine.core))
    engine.map_memory(machine.rom, machine.rom_bytes, writable=False)
    engine.map_memory(machine.ram, machine.ram_bytes, writable=True)
    engine.map_memory(0xE000_E000, 0x1000, writable=True)
    engine.write(machine.rom, image)
    _index_code(engine, machine)
    engine.float_unit_enabled = machine.floats
    stack, pc = struct.unpack("<II", image[:8])
    engine.state.reset(stack)
    pc &= ~1
    records = bytearray()
    while True:
        event = engine.run(pc, _SLICE)
        assert event.cause in (Cause.BREAKPOINT, Cause.DEADLINE), f"{event}, {len(records)} bytes recorded"
        pc = event.pc
        if event.cause is Cause.BREAKPOINT:
            operation, argument = engine.state.registers[0], engine.state.registers[1]
            if operation == _EXIT:
                return bytes(records)
            if operation == _WRITE:
                _, address, size = struct.unpack("<III", engine.read(argument, 12))
                records += engine.read(address, size)
            engine.state.registers[0] = 0
            pc += 2


def _index_code(engine: Engine, machine: ReferenceMachine) -> None:
    """Have blocks decoded once."""
    state = engine.clock.state
    region = state.regions[0]
    region.origin, region.size = machine.rom, machine.rom_bytes
    region.block_index = engine.clock.index_code(machine.rom, machine.rom_bytes)
    state.region_count = 1


def _elf(address: int, content: bytes) -> bytes:
    """An executable of one segment."""
    header = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    (entry,) = struct.unpack_from("<I", content, 4)
    header += struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, entry, 52, 0, 0x0500_0000, 52, 32, 1, 0, 0, 0)
    size = len(content)
    return header + struct.pack("<IIIIIIII", 1, 84, address, address, size, size, 7, 4) + content
