"""The board of an MLPerf Tiny run: opened, flashed where that is asked for, and answering."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.mlperf_firmware import benchmark_named, build_firmware_of
from harness.errors import ConfigError, FirmwareHangError

if TYPE_CHECKING:
    from harness.bench.measurement import Provenance
    from harness.bench.mlperf.conversation import Log
    from harness.bench.mlperf.device import Identity, MlperfDevice
    from harness.board.dut import Dut
    from harness.board.interfaces import Console
    from harness.board.rack import RackEntry
    from harness.board.spec import BoardSpec
    from harness.deploy.firmware import Firmware
    from harness.model.mlperf_tiny import Benchmark
    from harness.optimize.variant import Variant


@dataclass(frozen=True)
class Request:
    """What a user asked for on the command line; None or empty where he did not.

    Attributes:
        board: name or file of a board.
        rack: rack file; None: a virtual board.
        port: serial port of a board that is flashed already, instead of a rack.
        firmware: image to flash.
        model: what to build firmware of; with an image, or none to flash, the benchmark that it holds.
        verify: see `MlperfDevice`.
    """

    board: str
    rack: Path | None
    port: str
    baud: int
    firmware: Path | None
    model: str
    quantization: str
    optimize: str
    backend: str
    build: str
    verify: bool
    boot_timeout: float
    lease_timeout: float

    def __post_init__(self) -> None:
        if self.port and (self.rack or self.firmware):
            raise ConfigError("--port is for a board that is flashed already: leave out --rack and --firmware")
        if self.optimize and (self.port or self.firmware):
            raise ConfigError(f"--optimize {self.optimize} is for firmware that is built here, of --model")
        if not (self.port or self.board):
            raise ConfigError("which board? give --board, or --port for one that is flashed already")
        if not (self.port or self.rack or self.firmware or self.model):
            raise ConfigError("a virtual board is blank: give --firmware with an image, or --model to build one of")


@dataclass(frozen=True)
class Setup:
    """A board, and what was put on it.

    Attributes:
        spec: None where only a port is known.
        dut: None where there is no more than a port.
        variant, firmware: where the image was built here.
        image: what was flashed, if anything.
    """

    provenance: Provenance
    spec: BoardSpec | None
    dut: Dut | None = None
    variant: Variant | None = None
    firmware: Firmware | None = None
    image: Path | None = None


@dataclass(frozen=True)
class Subject:
    """A board whose firmware answers.

    Attributes:
        benchmark: None where the firmware names none of MLPerf Tiny's.
    """

    setup: Setup
    device: MlperfDevice
    identity: Identity
    benchmark: Benchmark | None

    @property
    def sample_bytes(self) -> int | None:
        """What the firmware takes, where that is known: of the benchmark, or of firmware that was built here."""
        if self.benchmark is not None:
            return self.benchmark.sample_bytes
        return sum(tensor.nbytes for tensor in self.setup.firmware.inputs) if self.setup.firmware else None


@contextmanager
def open_subject(request: Request, log: Log) -> Iterator[Subject]:
    """Have the board for the length of the block, with its firmware running.

    Raises:
        ConfigError: board, rack or model do not exist.
        InfrastructureError: the board can't be had, reached or flashed, or what it says is not the protocol.
        FirmwareError: the firmware is silent, or took a fault; told with the place where the probe found it.
    """
    from harness.board.board_file import load_board
    from harness.board.dut import open_dut

    spec = load_board(request.board) if request.board else None
    if spec is None or request.port:
        with _open_port(request.port, request.baud) as (console, provenance):
            yield _meet(request, log, console, Setup(provenance, spec))
        return
    variant, firmware = None, None
    if request.model and not request.firmware:
        wanted = request.quantization, request.optimize, request.backend, request.build
        variant, firmware = build_firmware_of(request.model, spec, *wanted)
    image = firmware.elf if firmware else request.firmware
    with _entry(request) as entry, open_dut(entry, request.baud) as dut, _hang_located(dut, image):
        _start(dut, image)
        setup = Setup(_provenance(dut.simulated), spec, dut, variant, firmware, image)
        yield _meet(request, log, dut.console, setup)


@contextmanager
def _open_port(port: str, baud: int) -> Iterator[tuple[Console, Provenance]]:
    from harness.board.serial_console import SerialConsole

    console = SerialConsole(port, baud)
    try:
        # Silicon is not behind a pseudo-terminal: what is measured over one is never called so.
        yield console, _provenance(str(Path(port).resolve()).startswith("/dev/pts/"))
    finally:
        console.close()


def _provenance(simulated: bool) -> Provenance:
    from harness.bench.measurement import Provenance

    return Provenance.SIMULATED if simulated else Provenance.MEASURED


@contextmanager
def _entry(request: Request) -> Iterator[RackEntry]:
    """A DUT of the rack, leased; without a rack a virtual board of its own, which nobody else can have."""
    from harness.board.lease import lease
    from harness.board.rack import Kind, RackEntry, load_rack

    if request.rack is None:
        yield RackEntry("virtual", request.board, Kind.VIRTUAL)
        return
    with lease(load_rack(request.rack), request.board, request.lease_timeout) as entry:
        yield entry


def _start(dut: Dut, image: Path | None) -> None:
    """Flash the image, if there is one, and let it boot; what it then says is not lost."""
    from harness.progress import status

    if image is not None:
        with status(f"{dut.name}: flashing"):
            dut.probe.flash(image)
    dut.console.discard_input()
    dut.probe.reset()


def _meet(request: Request, log: Log, console: Console, setup: Setup) -> Subject:
    """Have the firmware say who it is."""
    from harness.bench.mlperf.device import MlperfDevice
    from harness.model.mlperf_tiny import known_benchmark
    from harness.progress import status

    device = MlperfDevice(console, setup.image, log, verify=request.verify)
    with status("waiting for the firmware"):
        identity = device.connect(request.boot_timeout)
    benchmark = benchmark_named(request.model) if request.model else None
    return Subject(setup, device, identity, benchmark or known_benchmark(identity.model))


@contextmanager
def _hang_located(dut: Dut, image: Path | None) -> Iterator[None]:
    """Say of firmware that hangs where the probe finds it."""
    from harness.deploy.image import image_format, symbol_at

    try:
        yield
    except FirmwareHangError as error:
        address = dut.probe.program_counter()
        is_elf = image is not None and image_format(image) == "elf"
        where = symbol_at(image, address) if image is not None and is_elf else f"{address:#010x}"
        raise FirmwareHangError(f"{error}; the probe found it in {where}") from error
