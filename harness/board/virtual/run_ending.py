"""When a stand-alone board's run is over, and why."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.board.virtual.events import Fault
from harness.board.virtual.exception_state import HARD_FAULT
from harness.board.virtual.machine import Machine, Pause
from harness.board.virtual.run_watch import WATCHDOGS, FaultSeen, RunWatch
from harness.board.virtual.scheduler import NEVER
from harness.deploy.symbols import Symbols

_SEMIHOSTING = b"\xab\xbe"
"""BKPT 0xAB."""
_QUIET_S = 1.0
"""Virtual time that the firmware has for an answer once the host's input is over."""


@dataclass(frozen=True)
class RunPlan:
    """What is wanted of a run.

    Attributes:
        timed: count what memory costs, too.
        until: end well once the console has printed this, and badly on a fault, a watchdog's reset, or a time limit.
        seconds: of virtual time, at most.
        timeout_s: on the host's clock, at most.
        gdb: TCP port for GDB; the core waits for it at the reset vector. None: no GDB.
        trace: where a Perfetto trace is to go.
    """

    timed: bool = True
    until: bytes | None = None
    seconds: float | None = None
    timeout_s: float | None = None
    gdb: int | None = None
    trace: Path | None = None


@dataclass(frozen=True)
class Ending:
    """Why a run ended, and whether that is what was wanted."""

    well: bool
    reason: str


class RunEnding:
    """Looks for the end of one machine's run.

    Attributes:
        interrupted: the user wants it to end.
    """

    def __init__(self, machine: Machine, plan: RunPlan, symbols: Symbols, watch: RunWatch) -> None:
        """The host's clock runs from now on."""
        self.interrupted = False
        self._machine: Final = machine
        self._plan: Final = plan
        self._symbols: Final = symbols
        self._watch: Final = watch
        self._heard = b""
        self._deadline: Final = time.monotonic() + plan.timeout_s if plan.timeout_s is not None else None
        self._quiet_since: float | None = None

    def hear(self, sent: bytes) -> None:
        """Take note of what the firmware has sent."""
        self._quiet_since = None
        wanted = self._plan.until
        if wanted is not None and wanted not in self._heard:
            self._heard = self._heard[max(0, len(self._heard) - len(wanted)) :] + sent

    def note_pause(self, pause: Pause, *, input_is_over: bool) -> None:
        """Once the host's input is over, let time go by while the firmware waits for more of it."""
        if input_is_over and pause in (Pause.WAITING, Pause.SLEEPING):
            if self._quiet_since is None:
                self._quiet_since = self._machine.seconds
            self._machine.allow_idle(_QUIET_S)

    def check(self) -> Ending | None:
        """The end, if it has come."""
        wanted = self._plan.until
        if wanted is not None and wanted in self._heard:
            return Ending(True, f"printed {_shown(wanted)}")
        if failure := self._failure():
            return Ending(False, failure)
        unseen = f", and {_shown(wanted)} was not printed" if wanted is not None else ""
        if over := self._over():
            return Ending(wanted is None, f"{over}; it was at {self._place()}{unseen}")
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return Ending(False, f"{self._plan.timeout_s:g} s have passed; it was at {self._place()}{unseen}")
        return None

    def describe(self, fault: FaultSeen) -> str:
        """A fault for people: what it was, and where."""
        what = fault.fault.name.lower().replace("_", " ")
        if fault.fault is Fault.BREAKPOINT:
            code = self._machine.chip.engine.read(fault.pc, 2)
            what = f"{'semihosting call' if code == _SEMIHOSTING else what} without a debugger"
        address = f" of {fault.address:#010x}" if fault.fault is Fault.DATA_BUS else ""
        return f"fault ({what}{address}) at {self._symbols.name(fault.pc)}"

    def _failure(self) -> str | None:
        """What no firmware gets out of by itself; where it is to print something, also what it should not get into."""
        chip = self._machine.chip
        fault = self._watch.last_fault
        if chip.exceptions.locked_up and self._plan.gdb is None and not chip.debug.debugger_attached:
            return f"locked up: {self.describe(fault)}" if fault else "locked up at its first instruction"
        if self._plan.until is None:
            return None
        expiry = next((reset for reset in self._watch.resets if reset.cause in WATCHDOGS), None)
        if expiry is not None:
            return f"{expiry.cause} at {self._symbols.name(expiry.pc)}"
        if fault is None and HARD_FAULT in chip.exceptions.active:
            return f"HardFault; its handler was at {self._place()}"
        return self.describe(fault) if fault else None

    def _over(self) -> str | None:
        """What ends a run that does not fail."""
        machine, seconds = self._machine, self._plan.seconds
        if self.interrupted:
            return "interrupted"
        if seconds is not None and machine.seconds >= seconds:
            return f"{seconds:g} s of virtual time are over"
        if self._plan.gdb is not None:
            return None
        if seconds is None and self._quiet_since is not None and machine.seconds >= self._quiet_since + _QUIET_S:
            return "it waits for input, and there is no more"
        if machine.asleep and self._sleeps_for_good():
            return "it sleeps, and nothing is left that could wake it"
        return None

    def _sleeps_for_good(self) -> bool:
        machine = self._machine
        return machine.runnable() and machine.chip.scheduler.next == NEVER and not machine.line.wants_bytes()

    def _place(self) -> str:
        return self._symbols.name(self._machine.chip.debug.pc)


def _shown(text: bytes) -> str:
    return repr(text.decode(errors="replace"))
