"""The Cortex-M7's issue of instructions: in order, up to two a cycle, as operands, slots and units allow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from harness.board.virtual.timing.block import EMPTY, Pipeline
from harness.board.virtual.timing.m7_operations import Early, Result, Schedulable, Trait, Use, may_pair
from harness.board.virtual.timing.parameters import CortexM7Timing

_LONG_AGO = -1000
_CLOSED = int(Trait.ALONE)
"""A slot beside which nothing issues."""
# As plain numbers: the flags of an enum are slow.
_EARLY_SHIFTER_IN_USE = int(Trait.SHIFTED_OPERAND | Trait.EARLY_SHIFTER)
_MAC, _UNFUSED = int(Trait.MAC), int(Trait.UNFUSED)
_FLOAT_TRANSFER, _AFTER_MAC_WINDOW = int(Trait.FLOAT_TRANSFER), int(Trait.AFTER_MAC_WINDOW)


@dataclass(frozen=True)
class Carried:
    """What a schedule leaves for the next block, in cycles before that one begins.

    Attributes:
        slot: traits of what issued by itself in the last cycle, if something may join it.
        mac, unfused: when the last multiply-accumulate issued, while that still matters.
        results: under way: register, when issued, what.
    """

    slot: int
    mac: int
    unfused: int
    results: tuple[tuple[int, int, Result], ...]


@dataclass
class Schedule:
    """The cycle being filled, who issued in it, and when results are ready.

    Attributes:
        cycle: counted from the begin of the block; -1 while a slot of the block before is filled up.
        filled: how many instructions issued in this cycle.
        mac_in_window: the last multiply-accumulate issued in the window behind another one.
        causes: cycles that are over, by what they went to.
    """

    timing: CortexM7Timing
    cycle: int = 0
    filled: int = 0
    slot: int = 0
    mac: int = _LONG_AGO
    mac_in_window: bool = False
    unfused: int = _LONG_AGO
    ready: dict[int, tuple[int, Result]] = field(default_factory=dict)
    causes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def after(cls, entry: Pipeline, timing: CortexM7Timing) -> Schedule:
        """A schedule that begins with what another one left."""
        schedule = cls(timing)
        if isinstance(entry, Carried):
            schedule.ready = {register: (issued, result) for register, issued, result in entry.results}
            schedule.mac, schedule.unfused = entry.mac, entry.unfused
            if entry.slot is not _CLOSED:
                schedule.cycle, schedule.filled, schedule.slot = -1, 1, entry.slot
        return schedule

    def issue(self, operation: Schedulable, *, may_join: bool = True) -> bool:
        """Issue an operation as early as the rules let it; true if in the younger slot."""
        earliest, cause = self._earliest(operation)
        if earliest > self.cycle:
            self._advance(earliest, cause)
        elif self.filled and not (may_join and self._may_join(operation)):
            self._advance(self.cycle + 1, "")
        joined = self.filled == 1
        early = operation.early is not Early.NEVER and self._in_early_alu(operation)
        for register, result, later in operation.gives:
            self.ready[register] = (
                self.cycle + later,
                operation.early_result if early and result.cause == "result" else result,
            )
        self._fill(operation)
        return joined

    def finish(self) -> int:
        """End the last cycle; the cycles that the block took."""
        if self.filled:
            self._advance(self.cycle + 1, "")
        return self.cycle

    def leaves(self, *, closed: bool) -> Pipeline:
        """What the next block finds; to be asked before `finish`.

        Args:
            closed: nothing of the next block issues in the last cycle of this one.
        """
        end = self.cycle + (1 if self.filled else 0)
        is_open = not closed and self.filled == 1 and not self.slot & _CLOSED
        first = end - 1 if is_open else end
        carried = Carried(
            slot=self.slot if is_open else _CLOSED,
            mac=self.mac - end if self.mac + self.timing.mac_window >= first else _LONG_AGO,
            unfused=self.unfused - end if self.unfused + self.timing.unfused_spacing > first else _LONG_AGO,
            results=tuple(
                sorted(
                    (register, issued - end, result)
                    for register, (issued, result) in self.ready.items()
                    if issued + max(result.latency) > first
                )
            ),
        )
        nothing = carried.slot == _CLOSED and carried.mac == carried.unfused == _LONG_AGO and not carried.results
        return EMPTY if nothing else carried

    # ---- rules

    def _earliest(self, operation: Schedulable) -> tuple[int, str]:
        """The first cycle in which the operands are there and the units free, and what is waited for."""
        earliest, cause = self.cycle, ""
        for register, use in operation.needs:
            made = self.ready.get(register)
            if made is not None and made[0] + made[1].latency[use] > earliest:
                earliest, cause = made[0] + made[1].latency[use], made[1].cause
        if operation.traits & _AFTER_MAC_WINDOW and self.mac + self.timing.mac_window >= earliest:
            earliest, cause = self.mac + self.timing.mac_window + 1, "float pairing"
        if operation.traits & (_MAC | _UNFUSED) == _MAC and self.unfused + self.timing.unfused_spacing > earliest:
            earliest, cause = self.unfused + self.timing.unfused_spacing, "float pairing"
        return earliest, cause

    def _may_join(self, younger: Schedulable) -> bool:
        """May this operation issue beside the one of the same cycle?"""
        if self.filled > 1 or not may_pair(self.slot, younger.traits):
            return False
        transfers = younger.traits & _FLOAT_TRANSFER
        if self.slot & _MAC:
            return not (transfers and self.mac_in_window)
        # Only the first MAC pairs with a transfer, and in the window behind it no transfer is the younger one.
        beside_transfer = self.slot & _FLOAT_TRANSFER and younger.traits & _MAC
        return not ((transfers or beside_transfer) and self._in_mac_window())

    def _in_mac_window(self) -> bool:
        return self.cycle <= self.mac + self.timing.mac_window

    def _in_early_alu(self, operation: Schedulable) -> bool:
        if self.filled and (operation.early is Early.IF_OLDER or self.slot & _EARLY_SHIFTER_IN_USE):
            return False
        for register, _use in operation.needs:
            made = self.ready.get(register)
            if made is not None and made[0] + made[1].latency[Use.SHIFTED] > self.cycle:
                return False
        return True

    # ---- bookkeeping

    def _fill(self, operation: Schedulable) -> None:
        self.filled += 1
        if self.filled == 1:
            self.slot = operation.traits
        if operation.traits & _MAC:
            self.mac_in_window, self.mac = self._in_mac_window(), self.cycle
        if operation.traits & _UNFUSED:
            self.unfused = self.cycle
        if operation.occupies > 1:
            self._advance(self.cycle + operation.occupies, operation.cause)

    def _advance(self, cycle: int, cause: str) -> None:
        """End the cycle being filled, and wait until another one."""
        if self.filled and self.cycle >= 0:
            self.causes["issue" if self.filled > 1 else "single issue"] += 1
        waited = cycle - max(self.cycle, 0) - (1 if self.filled and self.cycle >= 0 else 0)
        if waited:
            self.causes[cause] += waited
        self.cycle, self.filled, self.slot = cycle, 0, 0
