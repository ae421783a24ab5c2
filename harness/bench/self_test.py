"""Boots a self-test on a virtual board: does it do what its file says?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.bench.bare_test import bare_test
from harness.bench.device import Device, Inference
from harness.bench.finding import Finding
from harness.bench.self_test_model import (
    ECHO_BYTES,
    GOOD,
    RANGES,
    checksum,
    pack_inputs,
    self_test_firmware,
    unpack_outputs,
)
from harness.board.dut import Dut, open_dut
from harness.board.rack import Kind, RackEntry
from harness.board.spec import BoardSpec, MemoryBank
from harness.board.virtual.algorithm_description import PAGE
from harness.deploy.board_files import list_families
from harness.units import format_quantity

if TYPE_CHECKING:
    from harness.board.trace import EnergyTrace

_SAMPLE_RATE_HZ = 1e6
_PATTERN_BYTES = 4096
_CLOCK_TOLERANCE = 1e-3


def self_test(board: str | Path, spec: BoardSpec) -> list[Finding]:
    """Run the self-test on a virtual board: with the bench firmware where its family has one.

    Args:
        board: its name or file.

    Raises:
        HarnessError: the firmware can't be built, or the board not be flashed or spoken to; tells what came of it.
    """
    if spec.target.family not in list_families():
        return bare_test(board, spec)
    firmware = self_test_firmware(spec.target)
    pattern = random.Random(spec.name).randbytes(_PATTERN_BYTES)
    place = spec.target.flash.origin + spec.target.flash.size - PAGE
    with open_dut(RackEntry("check", str(board), Kind.VIRTUAL, sample_rate_hz=_SAMPLE_RATE_HZ)) as dut:
        _flash(dut, firmware.elf, place, pattern)
        device = Device(dut.console, firmware)
        info = device.connect()
        banks = [bank for bank in spec.memory_timing.banks if bank.writable][:RANGES]
        memories = [(bank.origin, bank.size) for bank in banks]
        echo = random.Random(spec.name).randbytes(ECHO_BYTES)
        inputs = pack_inputs(memories, (place, _PATTERN_BYTES), echo)
        with dut.timed():
            assert dut.energy is not None
            dut.energy.start()
            inference = device.infer(inputs)
            trace = dut.energy.stop()
    failures, found, echoed = unpack_outputs(inference.output)
    return [
        Finding("firmware answers", True, f"it says that it runs at {format_quantity(info.clock_hz, 'Hz')}"),
        Finding("flash programming", found == checksum(pattern), f"{_PATTERN_BYTES:,} bytes at {place:#010x}"),
        *_memory_findings(banks, failures),
        Finding("console", echoed == echo, f"{ECHO_BYTES} bytes and back at {spec.target.console_baud:,} baud"),
        *_time_findings(spec, trace, inference),
    ]


def _flash(dut: Dut, elf: Path, place: int, pattern: bytes) -> None:
    """Program the image, and a pattern at the end of the flash, both through pyOCD; leave the firmware running."""
    from intelhex import IntelHex  # type: ignore[import-untyped]

    content = IntelHex()
    content.puts(place, pattern)
    with TemporaryDirectory() as name:
        image = Path(name) / "pattern.hex"
        content.write_hex_file(str(image))
        dut.probe.flash(image)
    dut.probe.flash(elf)
    dut.probe.reset()


def _memory_findings(banks: list[MemoryBank], failures: list[int]) -> Iterator[Finding]:
    for bank, failure in zip(banks, failures, strict=False):
        seen = f"{format_quantity(bank.size, 'B')} at {bank.origin:#010x}"
        bad = "" if failure == GOOD else f": {failure:#010x} does not hold what is written there"
        yield Finding(f"RAM {bank.name}", failure == GOOD, seen + bad)


def _time_findings(spec: BoardSpec, trace: EnergyTrace, inference: Inference) -> Iterator[Finding]:
    windows = trace.window_energies_j()
    seconds = float(trace.trigger.sum()) / trace.sample_rate_hz
    seen = f"high for {format_quantity(seconds, 's')}, {len(windows)} times for 1 inference"
    yield Finding("trigger pin", len(windows) == 1, seen)
    if seconds:
        clock = inference.cycles / seconds
        good = abs(clock / spec.target.clock_hz - 1) < _CLOCK_TOLERANCE
        seen = f"{inference.cycles:,} cycles in {format_quantity(seconds, 's')}: {format_quantity(clock, 'Hz')}"
        yield Finding("cycle counter and clock", good, seen)
    if windows:
        power = sum(windows) / seconds
        seen = f"{format_quantity(power, 'W')} at {trace.voltage_v:g} V while it computes"
        yield Finding("energy", power > 0, seen)
