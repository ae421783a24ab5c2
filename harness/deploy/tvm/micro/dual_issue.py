"""Puts instructions in an order in which a Cortex-M7 issues two at a time: list scheduling of straight-line code.

The rules and latencies are those that `lab/cores/cortex-m7.yaml` gives with their sources, made coarse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

_MULTIPLY = ("smlad", "smlabb", "smlabt", "smlatb", "smlatt", "smmul", "smmulr", "smmlar")
_ONLY_FIRST = ("sxtb16", "pkhbt", "pkhtb", "ssat")
"""SIMD and saturation don't issue as the second of two."""
_BARRIERS = ("b", "beq", "bne", "blo", "bhs", "bx", "push", "pop", "ldm", "stm", "it", "movgt", "movlt", "cmp")
_REGISTER = re.compile(r"\b(r\d+|lr|sp|pc)\b")


@dataclass(frozen=True, eq=False)
class _Instruction:
    text: str
    mnemonic: str
    written: frozenset[str]
    read: frozenset[str]
    accumulated: str
    slot: str
    """The place on the stack that it reads or writes; empty if none."""

    @property
    def loads(self) -> bool:
        return self.mnemonic.startswith("ldr")

    @property
    def stores(self) -> bool:
        return self.mnemonic.startswith("str")

    @property
    def multiplies(self) -> bool:
        return self.mnemonic in _MULTIPLY

    @property
    def alone(self) -> bool:
        return self.mnemonic in ("ldrd", "strd")

    def latency(self, user: _Instruction, register: str) -> int:
        """Cycles until `user` can have what this one writes to a register."""
        if self.multiplies:
            return 1 if user.accumulated == register else 2
        return 2 if (self.loads and f"[{register}" not in self.text) or self.mnemonic == "ssat" else 1


def in_pairs(lines: list[str]) -> list[str]:
    """The lines in another order with the same meaning; labels, branches and block transfers stay where they are.

    Only what lies on the stack is read again after it was written: all else that is stored, is stored for others.
    """
    ordered: list[str] = []
    for movable, part in groupby(lines, key=_movable):
        run = list(part)
        ordered += _schedule([_parse(line) for line in run]) if movable else run
    return ordered


def _movable(line: str) -> bool:
    return not line.endswith(":") and line.partition(" ")[0] not in _BARRIERS


def _parse(text: str) -> _Instruction:
    mnemonic, _, operands = text.partition(" ")
    registers = _REGISTER.findall(operands)
    stores = mnemonic.startswith("str")
    targets = 0 if stores else 2 if mnemonic == "ldrd" else 1
    written, read = set(registers[:targets]), set(registers[targets:])
    if mnemonic == "movt":
        read.add(registers[0])
    if "], #" in operands:
        written.add(registers[-1])
    if mnemonic in ("subs", "adds"):
        written.add("flags")
    address = operands[operands.find("[") :] if "[sp" in operands else ""
    accumulated = registers[3] if mnemonic.startswith(("smla", "smmla")) else ""
    return _Instruction(text, mnemonic, frozenset(written), frozenset(read), accumulated, address)


def _schedule(block: list[_Instruction]) -> list[str]:
    needs = _dependencies(block)
    height = [1] * len(block)
    for later in reversed(range(len(block))):
        for earlier, latency in needs[later].items():
            height[earlier] = max(height[earlier], height[later] + latency)
    issued: dict[int, int] = {}
    order: list[int] = []
    cycle = 0
    while len(order) < len(block):
        pair: list[int] = []
        while len(pair) < 2:
            ready = [n for n in range(len(block)) if n not in issued and _ready(needs[n], issued, cycle)]
            fitting = [n for n in ready if not pair or _pairs(block[pair[0]], block[n])]
            if not fitting:
                break
            best = max(fitting, key=lambda n: (height[n], -n))
            issued[best] = cycle
            pair.append(best)
        order += pair
        cycle += 1
    return [block[n].text for n in order]


def _ready(needs: dict[int, int], issued: dict[int, int], cycle: int) -> bool:
    return all(earlier in issued and issued[earlier] + latency <= cycle for earlier, latency in needs.items())


def _pairs(first: _Instruction, second: _Instruction) -> bool:
    if first.alone or second.alone or second.mnemonic in _ONLY_FIRST:
        return False
    multiplies, stores, loads = (
        [getattr(each, kind) for each in (first, second)] for kind in ("multiplies", "stores", "loads")
    )
    # Two loads need different banks; a multiplication leaves no port for what a store reads.
    return not (all(multiplies) or all(stores) or all(loads) or (any(multiplies) and any(stores)))


def _dependencies(block: list[_Instruction]) -> list[dict[int, int]]:
    """For each instruction, those that it has to follow, and by how many cycles."""
    needs: list[dict[int, int]] = []
    for later, user in enumerate(block):
        found: dict[int, int] = {}
        for earlier, maker in enumerate(block[:later]):
            latencies = [maker.latency(user, register) for register in maker.written & user.read]
            latencies += [1] * len(maker.written & user.written)
            if maker.read & user.written:
                latencies.append(0)
            if maker.slot and maker.slot == user.slot and (maker.stores or user.stores):
                latencies.append(1)
            if latencies:
                found[earlier] = max(latencies)
        needs.append(found)
    return needs
