"""A DUT that is open: the same probe, console and energy analyzer, whether silicon or virtual."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from harness.board.board_file import load_board
from harness.board.energy_client import EnergyClient
from harness.board.interfaces import Console, EnergyAnalyzer, Probe
from harness.board.pyocd_probe import PyocdProbe
from harness.board.rack import Kind, RackEntry
from harness.board.serial_console import SerialConsole
from harness.board.spec import BoardSpec
from harness.board.time_switch import TimeSwitch
from harness.board.virtual_process import run_virtual_board
from harness.errors import HarnessError, InfrastructureError


@dataclass(frozen=True)
class Dut:
    """One board, and the instruments that reach it.

    Attributes:
        name: in the rack.
        energy: None where the rack has no analyzer for it.
        simulated: what is measured on it comes from a virtual board, not from silicon.
        time_switch: of a virtual board; None for silicon.
    """

    name: str
    spec: BoardSpec
    probe: Probe
    console: Console
    energy: EnergyAnalyzer | None
    simulated: bool
    time_switch: TimeSwitch | None = None

    @contextmanager
    def timed(self) -> Iterator[bool]:
        """Measure within the block: a virtual board counts time as silicon would there, and only there.

        Call it while the firmware waits. Gives False where the rack has the board functional for good: what it then
        says of cycles, time and energy means nothing.

        Raises:
            InfrastructureError: the virtual board is gone.
        """
        if self.time_switch is None:
            yield True
            return
        yield self.time_switch.set(timed=True)
        self.time_switch.set(timed=False)


@contextmanager
def open_dut(entry: RackEntry, baud: int | None = None) -> Iterator[Dut]:
    """Open a DUT of the rack for the length of the block; whoever opens it holds its lease.

    Args:
        baud: of the console, where the firmware does not keep to the board's.

    Raises:
        InfrastructureError: it can't be reached, or a virtual board's process ended in mid-use.
    """
    spec = load_board(entry.board)
    baud = baud or spec.target.console_baud
    if entry.kind is Kind.SERIAL:
        with _connected(entry, spec, spec.debug.silicon_target, baud) as dut:
            yield dut
        return
    with run_virtual_board(entry) as board:
        wired = replace(entry, probe=board.probe, console=board.console, energy=board.energy)
        try:
            with _connected(wired, spec, spec.debug.virtual_target, baud) as dut:
                yield dut
        except HarnessError:
            # What the instruments saw is a symptom if the process behind them is gone.
            board.check_alive()
            raise


@contextmanager
def _connected(entry: RackEntry, spec: BoardSpec, target: str, baud: int) -> Iterator[Dut]:
    with ExitStack() as stack:
        probe = PyocdProbe(entry.probe, target, entry.pack)
        stack.callback(_close, probe)
        console = SerialConsole(entry.console, baud)
        stack.callback(_close, console)
        energy = EnergyClient(entry.energy) if entry.energy else None
        if energy is not None:
            stack.callback(_close, energy)
        virtual = entry.kind is Kind.VIRTUAL
        switch = TimeSwitch(entry.energy) if virtual else None
        if switch is not None:
            stack.callback(_close, switch)
        yield Dut(entry.name, spec, probe, console, energy, simulated=virtual, time_switch=switch)


def _close(instrument: Probe | Console | EnergyAnalyzer | TimeSwitch) -> None:
    """Close it; one that is broken has been reported by whoever used it."""
    with suppress(InfrastructureError):
        instrument.close()
