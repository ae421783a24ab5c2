"""The virtual board's processor as a thing that runs: slices of code, exceptions between them, halting and waiting."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from harness.board.spec import BoardSpec
from harness.board.virtual.chip import Chip, build_chip
from harness.board.virtual.events import Cause, Event, Fault
from harness.board.virtual.exceptions import LOCKUP_ADDRESS
from harness.board.virtual.host_line import HostLine
from harness.board.virtual.resets import Reset, ResetCause
from harness.board.virtual.scheduler import NEVER


class Pause(Enum):
    """Why the machine gave control back."""

    SLICE_DONE = auto()
    HALTED = auto()
    """The debugger holds it, or it is locked up."""
    WAITING = auto()
    """The firmware polls an idle line: nothing happens until a byte comes."""
    SLEEPING = auto()
    """The firmware sleeps until an interrupt."""


class Machine:
    """One virtual microcontroller with its firmware.

    Attributes:
        attention: asked between two blocks; true has the machine give control back.
        line: the wire of the console.
        on_state: called with (trigger, asleep) whenever one of them may have changed.
        on_exceptions: called with the active exceptions, innermost last, whenever they may have changed.
        on_fault: called with (fault, address of the instruction, address of the data) for what an instruction caused.
    """

    def __init__(self, spec: BoardSpec) -> None:
        """Make a machine with blank flash, and let it boot: it locks up at once, as blank silicon does."""
        self.attention: Callable[[], bool] = lambda: False
        self.on_state: Callable[[bool, bool], None] = lambda _trigger, _asleep: None
        self.on_exceptions: Callable[[Sequence[int]], None] = lambda _active: None
        self.on_fault: Callable[[Fault, int, int], None] = lambda _fault, _pc, _address: None
        self.trigger = False
        self.asleep = False
        self._idle = False
        self._patience = 0
        self._requested: ResetCause | None = None
        self.chip: Final[Chip] = build_chip(spec, self._set_trigger, self.request_reset)
        self.line: Final[HostLine] = self.chip.line
        self.line.on_idle = self._line_is_idle
        self.reset(ResetCause.POWER_ON)

    @property
    def cycles(self) -> int:
        """The virtual time, in core cycles since power on."""
        return int(self.chip.engine.clock.state.cycles)

    @property
    def seconds(self) -> float:
        """The virtual time since power on."""
        return self.chip.time.seconds(self.cycles)

    @property
    def clock_hz(self) -> int:
        """The core clock now."""
        return self.chip.time.hz

    def allow_idle(self, seconds: float) -> None:
        """Let so much time pass from now on while the firmware waits for the host; without, time stands still then."""
        self._patience = self.cycles + self.chip.time.cycles(seconds)

    def runnable(self) -> bool:
        """Neither the debugger nor a lockup holds the core."""
        return self._requested is not None or not (self.chip.debug.halted or self.chip.exceptions.locked_up)

    def request_reset(self, cause: ResetCause) -> None:
        """Reset the system before the next block runs."""
        self._requested = cause
        self.chip.engine.interrupt()

    def complete_reset(self) -> None:
        """Reset the system now if that was requested; not from within running code."""
        if self._requested is not None:
            self.reset(self._requested)

    def reset(self, cause: ResetCause = ResetCause.PIN) -> None:
        """Reset everything but the debug logic, and load the stack pointer and the reset vector."""
        chip = self.chip
        self._requested, self._idle = None, False
        self._set_asleep(False)
        chip.resets.note(Reset(cause, self.cycles, chip.debug.pc))
        self.line.reset()
        chip.exceptions.reset()
        chip.bus.reset()
        chip.engine.forget_all_code()
        stack, vector = struct.unpack("<II", chip.engine.read(chip.exceptions.vector_table, 8))
        chip.engine.state.reset(stack & ~3)
        chip.engine.clock.jump(vector & ~1)
        chip.debug.core_was_reset(vector & ~1)

    def run(self, cycles: int) -> Pause:
        """Run for about so many cycles, or until there is nothing to run or `attention` is asked for."""
        pause = self._run(self.cycles + cycles)
        if pause is not Pause.SLICE_DONE:
            self.line.settle()
        return pause

    def _run(self, end: int) -> Pause:
        chip = self.chip
        while True:
            self.complete_reset()
            if not self.runnable():
                return Pause.HALTED
            chip.scheduler.run_due()
            if self._idle and not self._let_line_idle():
                return Pause.WAITING
            if self.asleep and not self._sleep_on(end):
                return Pause.SLEEPING
            if self.cycles >= end or self.attention():
                return Pause.SLICE_DONE
            if self.asleep:
                continue
            chip.debug.pc = chip.exceptions.dispatch(chip.debug.pc)
            self.on_exceptions(chip.exceptions.active)
            if chip.debug.step_requested:
                self._take(chip.engine.step(chip.debug.pc))
                chip.debug.stepped(chip.debug.pc)
            else:
                self._take(self._run_until(end))

    def _run_until(self, end: int) -> Event:
        chip = self.chip
        return chip.engine.run(chip.debug.pc, min(end, chip.scheduler.next))

    def _line_is_idle(self) -> None:
        """End the run: the firmware waits for a byte that has not come."""
        self._idle = True
        self.chip.engine.interrupt()

    def _let_line_idle(self) -> bool:
        """Pass time while the firmware waits for a byte; false once the time allowed for that is over."""
        self._idle = False
        if self.cycles >= self._patience:
            return False
        self.chip.scheduler.skip_to(self._patience)
        return True

    def _take(self, event: Event) -> None:
        """Go on from the end of a run."""
        chip = self.chip
        pc = event.pc
        if event.cause is Cause.FAULT and event.fault is not None:
            self.on_fault(event.fault, pc, event.address)
            pc = chip.exceptions.take_fault(event.fault, pc, event.address)
        elif event.cause is Cause.SUPERVISOR_CALL:
            pc = chip.exceptions.supervisor_call(pc)
        elif event.cause is Cause.EXCEPTION_RETURN:
            pc = chip.exceptions.leave(pc)
            self._set_asleep(chip.exceptions.take_sleep_request())
        elif event.cause is Cause.BREAKPOINT and chip.debug.debugger_attached:
            chip.debug.hit_breakpoint(pc)
        elif event.cause is Cause.BREAKPOINT:
            self.on_fault(Fault.BREAKPOINT, pc, 0)
            pc = chip.exceptions.breakpoint_without_debugger(pc)
        elif event.cause in (Cause.WAIT, Cause.WAIT_FOR_EVENT):
            self._set_asleep(chip.exceptions.wait(for_event=event.cause is Cause.WAIT_FOR_EVENT))
        chip.debug.pc = LOCKUP_ADDRESS if chip.exceptions.locked_up else pc

    def _sleep_on(self, end: int) -> bool:
        """End a WFI or WFE if something has come, or move the clock to the next event, at most to `end`; false if none
        is to come.

        While a UART is armed to receive, time passes only as far as allowed: the host may send something any moment.
        """
        chip = self.chip
        if not chip.exceptions.wakes():
            until = chip.scheduler.next
            if self.line.awaited() and until > self._patience:
                chip.scheduler.skip_to(max(self._patience, self.cycles))
                return False
            if until == NEVER:
                return False
            chip.scheduler.skip_to(min(until, max(end, self.cycles)))
        if chip.exceptions.wakes():
            chip.exceptions.wake_up()
            self._set_asleep(False)
        return True

    def _set_asleep(self, asleep: bool) -> None:
        self.asleep = asleep
        self.on_state(self.trigger, asleep)

    def _set_trigger(self, high: bool) -> None:
        self.trigger = high
        self.on_state(high, self.asleep)
