"""What there is to tell of a machine's run: time, instructions, sleep, resets and faults."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from harness.board.virtual.events import Fault
from harness.board.virtual.machine import Machine
from harness.board.virtual.resets import Reset, ResetCause

_KEPT_FAULTS = 64
_OURS = (ResetCause.POWER_ON, ResetCause.PIN)
WATCHDOGS: Final = (ResetCause.INDEPENDENT_WATCHDOG, ResetCause.WINDOW_WATCHDOG)


@dataclass(frozen=True)
class FaultSeen:
    """An instruction that faulted.

    Attributes:
        pc: of the instruction.
        address: of the data, for faults of data accesses.
        cycle: when.
    """

    fault: Fault
    pc: int
    address: int
    cycle: int


@dataclass(frozen=True)
class RunFigures:
    """A run so far.

    Attributes:
        seconds, cycles: of virtual time, since power on.
        asleep: the share of cycles that the core slept.
        resets: those that the firmware, or a watchdog, caused; the oldest may be forgotten.
        faults: what its instructions caused; the oldest may be forgotten.
        console: name and bit rate of the UART that last sent something.
    """

    seconds: float
    cycles: int
    instructions: int
    asleep: float
    resets: tuple[Reset, ...]
    faults: tuple[FaultSeen, ...]
    console: tuple[str, int] | None


class RunWatch:
    """Watches one machine from now on."""

    def __init__(self, machine: Machine) -> None:
        """Listen to the machine; whoever listened before goes on to."""
        self._machine: Final = machine
        self._faults: Final[deque[FaultSeen]] = deque(maxlen=_KEPT_FAULTS)
        self._asleep_since = machine.cycles if machine.asleep else None
        self._slept = 0
        self._listener: Final = machine.on_state
        machine.on_state = self._note_state
        machine.on_fault = self._note_fault

    @property
    def last_fault(self) -> FaultSeen | None:
        """The latest, if there was one."""
        return self._faults[-1] if self._faults else None

    @property
    def resets(self) -> tuple[Reset, ...]:
        """Those that nobody outside asked for."""
        return tuple(reset for reset in self._machine.chip.resets.record if reset.cause not in _OURS)

    def slept(self) -> int:
        """Cycles that the core has slept."""
        return self._slept + (self._machine.cycles - self._asleep_since if self._asleep_since is not None else 0)

    def figures(self) -> RunFigures:
        """The run so far."""
        machine = self._machine
        return RunFigures(
            seconds=machine.seconds,
            cycles=machine.cycles,
            instructions=int(machine.chip.engine.clock.state.instructions),
            asleep=self.slept() / machine.cycles if machine.cycles else 0.0,
            resets=self.resets,
            faults=tuple(self._faults),
            console=machine.line.console,
        )

    def _note_state(self, trigger: bool, asleep: bool) -> None:
        self._listener(trigger, asleep)
        if asleep and self._asleep_since is None:
            self._asleep_since = self._machine.cycles
        elif not asleep and self._asleep_since is not None:
            self._slept += self._machine.cycles - self._asleep_since
            self._asleep_since = None

    def _note_fault(self, fault: Fault, pc: int, address: int) -> None:
        self._faults.append(FaultSeen(fault, pc, address, self._machine.cycles))
