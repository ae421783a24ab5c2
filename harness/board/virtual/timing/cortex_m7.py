"""Cortex-M7: a list scheduler that issues in order, up to two instructions a cycle, as operands and units allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.board.virtual.timing.block import BlockCost, Division, Transitions
from harness.board.virtual.timing.instruction import Instruction, Kind
from harness.board.virtual.timing.parameters import CortexM7Timing, load_parameters

_STORES = (Kind.STORE, Kind.FLOAT_STORE)
_ACCESSES = (Kind.LOAD, Kind.FLOAT_LOAD, *_STORES)
_WORDS = (Kind.LOAD_MULTIPLE, Kind.LOAD_MULTIPLE_PC, Kind.STORE_MULTIPLE)
_MACS = (Kind.MULTIPLY, Kind.FLOAT_MAC)
_FLOATS = (Kind.FLOAT, Kind.FLOAT_MAC, Kind.FLOAT_DIVIDE)
_BRANCHES = (Kind.BRANCH, Kind.CONDITIONAL_BRANCH, Kind.INDIRECT_BRANCH)
_SLOW = (Kind.SYSTEM, Kind.BARRIER, Kind.TABLE_BRANCH, Kind.LOAD_PC)
_ALONE = (*_WORDS, *_SLOW, Kind.DIVIDE, Kind.FLOAT_DIVIDE, Kind.FLOAT_MOVE_TWO)


@dataclass
class _Schedule:
    """The state of one block's schedule: the cycle being filled, who issues in it, and when registers are ready."""

    cycle: int = 0
    issued: list[Instruction] = field(default_factory=list)
    ready: dict[int, tuple[int, Kind]] = field(default_factory=dict)

    def advance_to(self, cycle: int) -> None:
        self.cycle, self.issued = cycle, []


class CortexM7:
    """The rules of `lab/cores/cortex-m7.yaml`, applied to one basic block."""

    def __init__(self, timing: CortexM7Timing | None = None) -> None:
        self._timing: Final = timing or load_parameters("cortex-m7", CortexM7Timing)
        t = self._timing
        self.transitions = Transitions(
            predicts_branches=True,
            taken=0,
            indirect=t.indirect_branch,
            mispredicted=t.misprediction,
            pipelined_load_saves=0,
            unaligned=t.unaligned_access,
            division=Division(t.divide_minimum, t.divide_base, t.divide_bits_per_cycle, t.divide_maximum),
        )
        self._latency: Final = {
            Kind.MULTIPLY: t.multiply_latency,
            Kind.FLOAT: t.float_latency,
            Kind.FLOAT_MAC: t.float_mac_latency,
            Kind.FLOAT_DIVIDE: t.float_divide_latency,
            Kind.DIVIDE: t.divide_latency,
            Kind.LOAD_MULTIPLE: t.narrow_load_latency,
            Kind.FLOAT_MOVE_TWO: 2,
            Kind.SYSTEM: t.system_occupancy,
        }

    def cost(self, block: Sequence[Instruction]) -> BlockCost:
        """What the block costs by itself, branches predicted."""
        schedule = _Schedule()
        for instruction in block:
            if instruction.kind is not Kind.IT:
                self._issue(instruction, schedule)
        cycles = schedule.cycle + (1 if schedule.issued else 0)
        divisions = {one.location: self._timing.divide_occupancy for one in block if one.kind is Kind.DIVIDE}
        return BlockCost(cycles, {"issue": cycles}, divisions=divisions)

    def _issue(self, instruction: Instruction, schedule: _Schedule) -> None:
        operands = max((self._available(one, instruction, schedule) for one in instruction.read), default=0)
        if operands > schedule.cycle:
            schedule.advance_to(operands)
        if not _can_join(instruction, schedule.issued):
            schedule.advance_to(schedule.cycle + 1)
        issue = schedule.cycle
        schedule.issued.append(instruction)
        for register in instruction.written:
            updated_base = instruction.writeback and register in instruction.address and instruction.kind in _ACCESSES
            latency, kind = (1, Kind.ALU) if updated_base else (self._result_latency(instruction), instruction.kind)
            schedule.ready[register] = (issue + latency, kind)
        if occupied := self._occupancy(instruction):
            schedule.advance_to(issue + occupied)

    def _available(self, register: int, user: Instruction, schedule: _Schedule) -> int:
        """The first cycle in which the user can issue, as far as this register goes."""
        if register not in schedule.ready:
            return 0
        t = self._timing
        cycle, maker = schedule.ready[register]
        as_address = register in user.address
        if maker is Kind.LOAD:
            cycle += t.load_to_multiply if user.kind is Kind.MULTIPLY else t.load_to_address if as_address else 0
        if maker is Kind.SIMD and as_address:
            cycle += t.simd_to_address
        if user.kind in _STORES and not as_address:
            cycle -= t.store_data_slack
        if user.kind in _MACS and maker in _MACS and register in user.written:
            scalar = maker is Kind.MULTIPLY
            cycle -= t.multiply_accumulate_forwarding if scalar else t.float_accumulate_forwarding
        return cycle

    def _result_latency(self, instruction: Instruction) -> int:
        if instruction.kind is Kind.LOAD:
            return self._timing.narrow_load_latency if instruction.narrow else self._timing.word_load_latency
        return self._latency.get(instruction.kind, 1)

    def _occupancy(self, instruction: Instruction) -> int:
        """Cycles in which nothing else issues; 0 for an instruction that shares its cycle."""
        t, kind = self._timing, instruction.kind
        if kind in _WORDS:
            return max(1, -(-instruction.registers // t.words_per_cycle))
        if kind in _SLOW:
            return t.system_occupancy
        return {
            Kind.DIVIDE: t.divide_occupancy,
            Kind.FLOAT_DIVIDE: t.float_divide_occupancy,
            Kind.FLOAT_MOVE_TWO: 1,
        }.get(kind, 0)


def _can_join(younger: Instruction, issued: Sequence[Instruction]) -> bool:
    """May this instruction issue beside those of the same cycle? (jnk0le's pairing rules.)"""
    if not issued:
        return True
    if len(issued) >= 2:
        return False
    old, new = issued[0].kind, younger.kind
    return not (
        new in _ALONE
        or old in _ALONE
        or new is Kind.SIMD
        or (new in _STORES and old in _STORES)
        or (new is Kind.MULTIPLY and old in (Kind.MULTIPLY, *_STORES))
        or (new in _STORES and old is Kind.MULTIPLY)
        or (new in _FLOATS and old in _FLOATS)
        or (new in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE) and old is Kind.FLOAT_MAC)
        or (new in _BRANCHES and old in _BRANCHES)
    )
