"""The self-test of a virtual board whose family has no bench firmware: flash, RAM, core, SysTick, by the debugger."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.bench.finding import Finding
from harness.board.pyocd_probe import PyocdProbe
from harness.board.rack import Kind, RackEntry
from harness.board.spec import BoardSpec
from harness.board.virtual_process import run_virtual_board
from harness.deploy.toolchain import core_flags, find_toolchain, run_tool
from harness.paths import FIRMWARE
from harness.units import format_quantity

_SOURCE = FIRMWARE / "selftest" / "bare_test.S"
_MARK = 0x600D_600D
_ROUNDS, _MOST_CYCLES_A_ROUND = 1000, 40
_EDGE_BYTES = 256
_PATIENCE_S = 5.0


def bare_test(board: str | Path, spec: BoardSpec) -> list[Finding]:
    """Run the self-test on a virtual board.

    Args:
        board: its name or file.

    Raises:
        HarnessError: the program can't be assembled, or the board not be flashed; tells what came of it.
    """
    ram = spec.target.ram
    entry = RackEntry("check", str(board), Kind.VIRTUAL)
    with run_virtual_board(entry) as virtual, TemporaryDirectory() as name:
        image = _assemble(spec, Path(name))
        probe = PyocdProbe(virtual.probe, spec.debug.virtual_target)
        try:
            findings = [*_memory_findings(spec, probe)]
            probe.write_memory(ram.origin, bytes(8))
            probe.flash(image)
            findings.append(_flash_finding(spec, probe, image.read_bytes()))
            probe.reset()
            findings.append(_core_finding(probe, ram.origin))
        finally:
            probe.close()
    return findings


def _assemble(spec: BoardSpec, directory: Path) -> Path:
    compiler, ram = find_toolchain().compiler, spec.target.ram
    compiled, image = directory / "bare_test.elf", directory / "bare_test.bin"
    places = (f"-DRAM={ram.origin:#x}", f"-DSTACK={ram.origin + ram.size:#x}")
    link = ("-nostdlib", f"-Wl,-Ttext={spec.target.flash.origin:#x}", "-Wl,-e,start")
    run_tool([compiler, *core_flags(spec.target), *places, *link, "-o", compiled, _SOURCE])
    run_tool([compiler.with_name("arm-none-eabi-objcopy"), "-O", "binary", compiled, image])
    return image


def _memory_findings(spec: BoardSpec, probe: PyocdProbe) -> list[Finding]:
    """Both ends of each bank."""
    findings = []
    for bank in spec.memory_timing.banks:
        if bank.writable:
            pattern = random.Random(bank.name).randbytes(_EDGE_BYTES)
            places = (bank.origin, bank.origin + bank.size - _EDGE_BYTES)
            for place in places:
                probe.write_memory(place, pattern)
            good = all(probe.read_memory(place, _EDGE_BYTES) == pattern for place in places)
            findings.append(Finding(f"RAM {bank.name}", good, f"both ends of {format_quantity(bank.size, 'B')}"))
    return findings


def _flash_finding(spec: BoardSpec, probe: PyocdProbe, image: bytes) -> Finding:
    origin = spec.target.flash.origin
    good = probe.read_memory(origin, len(image)) == image
    return Finding("flash programming", good, f"{len(image)} bytes at {origin:#010x}")


def _core_finding(probe: PyocdProbe, origin: int) -> Finding:
    deadline, cycles, mark = time.monotonic() + _PATIENCE_S, 0, 0
    while mark != _MARK and time.monotonic() < deadline:
        cycles, mark = struct.unpack("<II", probe.read_memory(origin, 8))
    good = mark == _MARK and _ROUNDS <= cycles <= _ROUNDS * _MOST_CYCLES_A_ROUND
    seen = f"{_ROUNDS:,} rounds of a loop in {cycles:,} cycles by SysTick" if mark == _MARK else "did not get there"
    return Finding("core and SysTick", good, seen)
