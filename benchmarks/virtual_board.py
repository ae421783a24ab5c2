"""How fast the virtual boards are: MIPS by kind of code, functional and timed, beside QEMU on the same code.

    python benchmarks/virtual_board.py [--seconds S] [--board NAME]...

For each kind of code (see firmware/speed.c), one round after another runs on a core of this machine: on a virtual
board, functional and timed, and on `qemu-system-arm` (machines mps2-an386 and mps2-an500), which is given the same
source, linked for its memories. MIPS are million instructions of the emulated core in a second of the process's CPU
time, translation of the code not counted; those of QEMU follow from the rounds it gets done. Then: how long a board
takes from power on, and from a reset, to its firmware's first answer, and what four board processes do at a time.

Others on this machine can only slow things down: the best of three looks counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from elftools.elf.elffile import ELFFile

from harness.bench.device import Device
from harness.board.board_file import load_board
from harness.board.dut import open_dut
from harness.board.rack import Kind, RackEntry
from harness.board.timing_mode import TimingMode
from harness.board.virtual.machine import Machine
from harness.board.virtual.timing_switch import TimingSwitch
from harness.deploy.backends import find_backend
from harness.deploy.build import build_firmware
from harness.deploy.options import BuildOptions
from harness.optimize import make_variant
from harness.optimize.variant import Quantization

SOURCES = Path(__file__).parent / "firmware"
KINDS = ("int8", "float", "branches", "copy")
ROUNDS_A_BYTE = 64
LOOKS = 3
BOARDS_AT_A_TIME = 4
MODEL = "kws_ds_cnn"
SLICE_CYCLES = 2_000_000
CPACR = (0xE000_ED88, 0xF << 20)


@dataclass(frozen=True)
class Place:
    """A board or machine that the code is linked for.

    Attributes:
        setup: registers to write first, as (address, value).
        console: data register of a CMSDK UART.
    """

    flash: int
    ram: int
    setup: tuple[tuple[int, int], ...]
    console: int | None = None


@dataclass(frozen=True)
class Subject:
    """A virtual board, and the QEMU machine with the same core."""

    board: str
    place: Place
    machine: str
    cpu: tuple[str, ...]


SUBJECTS = (
    Subject(
        "nucleo_l4r5zi",
        # FLASH_ACR: 5 wait states, prefetch, both caches.
        Place(0x0800_0000, 0x2000_0000, (CPACR, (0x4002_2000, 0x705))),
        "mps2-an386",
        ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"),
    ),
    Subject(
        "nucleo_f746zg",
        # FLASH_ACR: 7 wait states, prefetch, ART; CCR: both caches. Data in SRAM1, behind the data cache.
        Place(0x0800_0000, 0x2001_0000, (CPACR, (0x4002_3C00, 0x307), (0xE000_ED14, 0x3_0200))),
        "mps2-an500",
        ("-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16"),
    ),
)
QEMU_PLACE = Place(0x0000_0000, 0x2000_0000, (CPACR,), 0x4000_4000)


def build(subject: Subject, place: Place, kind: int, directory: Path) -> Path:
    """The image of one kind of code for one place."""
    elf = directory / f"{subject.board}-{kind}-{place.flash:x}.elf"
    setup = ",".join(f"{{{address:#x},{value:#x}}}" for address, value in place.setup)
    command = ["arm-none-eabi-gcc", *subject.cpu, "-mfloat-abi=hard", "-mthumb", "-O2", "-ffast-math", "-Wall"]
    command += ["-Wextra", "-nostartfiles", "--specs=nano.specs", f"-DKIND={kind}", f"-DSETUP={setup}"]
    command += [f"-DCONSOLE={place.console:#x}"] if place.console else []
    command += [f"-Wl,--defsym=FLASH={place.flash:#x},--defsym=RAM={place.ram:#x}", "-T", str(SOURCES / "speed.ld")]
    subprocess.run([*command, str(SOURCES / "speed.c"), "-o", str(elf)], check=True)
    return elf


@dataclass(frozen=True)
class Run:
    """What one emulator did."""

    mips: float
    instructions_a_round: float
    cycles_of_the_first_slices: tuple[int, ...]


def run_virtual(subject: Subject, elf: Path, mode: TimingMode, seconds: float) -> Run:
    """The code on a virtual board in this process."""
    machine = Machine(load_board(subject.board))
    engine = machine.chip.engine
    with elf.open("rb") as stream:
        image = ELFFile(stream)
        for segment in image.iter_segments("PT_LOAD"):
            engine.write(segment["p_paddr"], segment.data())
        (symbol,) = image.get_section_by_name(".symtab").get_symbol_by_name("rounds")
    TimingSwitch(machine.chip, mode)
    machine.reset()
    first = []
    for _ in range(LOOKS):
        machine.run(SLICE_CYCLES)
        first.append(machine.cycles)

    def done() -> tuple[int, int]:
        return int(engine.clock.state.instructions), int.from_bytes(engine.read(symbol["st_value"], 4), "little")

    before = done()
    rates = []
    for _ in range(LOOKS):
        began, ran = time.process_time(), engine.clock.state.instructions
        while time.process_time() - began < seconds:
            machine.run(SLICE_CYCLES)
        rates.append((engine.clock.state.instructions - ran) / (time.process_time() - began))
    instructions, rounds = (after - early for after, early in zip(done(), before, strict=True))
    return Run(max(rates) / 1e6, instructions / rounds, tuple(first))


def rounds_in_qemu(subject: Subject, elf: Path, seconds: float) -> float:
    """Rounds a second in QEMU."""
    command = ["qemu-system-arm", "-M", subject.machine, "-nographic", "-monitor", "none", "-kernel", str(elf)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            process.stdout.read(1)
            return max(_rounds_a_second(process, seconds) for _ in range(LOOKS))
        finally:
            process.kill()


def _rounds_a_second(process: subprocess.Popen[bytes], seconds: float) -> float:
    assert process.stdout is not None
    began, count = _cpu_seconds(process.pid), 0
    while (taken := _cpu_seconds(process.pid) - began) < seconds:
        count += len(os.read(process.stdout.fileno(), 1 << 16))
    return count * ROUNDS_A_BYTE / taken


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def compare(subject: Subject, seconds: float) -> None:
    """Print a line for each kind of code."""
    with tempfile.TemporaryDirectory() as name:
        for number, kind in enumerate(KINDS):
            image = build(subject, subject.place, number, Path(name))
            functional = run_virtual(subject, image, TimingMode.FUNCTIONAL, seconds)
            timed = run_virtual(subject, image, TimingMode.TIMED, seconds)
            line = f"{subject.board:14} {kind:9} {functional.mips:10.0f} {timed.mips:8.0f}"
            if shutil.which("qemu-system-arm"):
                rounds = rounds_in_qemu(subject, build(subject, QEMU_PLACE, number, Path(name)), seconds)
                qemu = rounds * functional.instructions_a_round / 1e6
                line += f" {qemu:8.0f} {functional.mips / qemu:12.2f} {timed.mips / qemu:8.2f}"
            print(line, flush=True)


def boot(subject: Subject) -> None:
    """Print how long a board process takes to start, and its firmware to answer."""
    variant = make_variant(MODEL, Quantization.INT8)
    firmware = build_firmware(variant, load_board(subject.board).target, find_backend("tvm"), BuildOptions())
    times = []
    for _ in range(LOOKS):
        marks = [time.perf_counter()]
        with open_dut(RackEntry("benchmark", subject.board, Kind.VIRTUAL)) as dut:
            marks.append(time.perf_counter())
            dut.probe.flash(firmware.elf)
            device = Device(dut.console, firmware)
            marks.append(time.perf_counter())
            dut.probe.reset()
            device.connect()
            marks.append(time.perf_counter())
        times.append([after - before for before, after in pairwise(marks)])
    started, flashed, answered = (min(column) for column in zip(*times, strict=True))
    print(f"{subject.board:14} open {started:.2f} s, flash {flashed:.2f} s, reset to first answer {answered:.3f} s")


def run_together(subject: Subject, seconds: float) -> None:
    """Print what several boards do at a time, and that it is what one does."""
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(BOARDS_AT_A_TIME) as pool:
        image = build(subject, subject.place, 0, Path(name))
        alone = run_virtual(subject, image, TimingMode.TIMED, seconds)
        work = [pool.submit(run_virtual, subject, image, TimingMode.TIMED, seconds) for _ in range(BOARDS_AT_A_TIME)]
        runs = [one.result() for one in work]
    same = all(run.cycles_of_the_first_slices == alone.cycles_of_the_first_slices for run in runs)
    print(
        f"{subject.board:14} {BOARDS_AT_A_TIME} at a time on {os.cpu_count()} cores: "
        f"{' '.join(f'{run.mips:.0f}' for run in runs)} MIPS each by CPU time (alone {alone.mips:.0f}), "
        f"{'the same cycles' if same else 'OTHER CYCLES'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.7, help="of each look (default 0.7)")
    parser.add_argument("--board", action="append", choices=[one.board for one in SUBJECTS], help="only this one")
    arguments = parser.parse_args()
    subjects = [one for one in SUBJECTS if not arguments.board or one.board in arguments.board]
    print(f"{'':14} {'':9} {'functional':>10} {'timed':>8} {'QEMU':>8} {'functional/Q':>12} {'timed/Q':>8}")
    for subject in subjects:
        compare(subject, arguments.seconds)
    for subject in subjects:
        boot(subject)
        run_together(subject, arguments.seconds)


if __name__ == "__main__":
    main()
