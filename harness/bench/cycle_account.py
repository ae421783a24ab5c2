"""Where the cycles of an inference, or of any run, went: as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.value import Value

CAUSES = {
    "issue": "one cycle for each instruction, or for each pair where two issue at once",
    "single issue": "an instruction issued alone by a core that issues two",
    "load": "waiting for a loaded value, or loading several registers",
    "load after store": "a load right behind a store",
    "store": "storing several registers, or with an address that takes a cycle more",
    "address dependency": "an address that the instruction before has just computed",
    "multiply": "waiting for a product",
    "float": "floating point instructions of more than one cycle",
    "float dependency": "waiting for a floating point result",
    "float pairing": "floating point instructions that do not go together",
    "divide": "integer divisions, by their operands",
    "result": "waiting for a result of the ALU",
    "system": "barriers and special registers",
    "fetch alignment": "32-bit instructions across the words in which code is fetched",
    "branches": "taken or mispredicted branches",
    "fetch stalls": "code that was not at hand: wait states of the flash, misses of the instruction cache",
    "data stalls": "data that was not at hand: wait states, misses of the data cache, unaligned accesses, bank changes",
    "exceptions": "entering and leaving exceptions",
    "asleep": "WFI and WFE",
    "waiting": "loops that waited for a peripheral, whose repetitions are not run one by one; exceptions",
}
"""What cycles go to, in the order in which people are told of them. Timing models may name further causes."""


@dataclass(frozen=True)
class CyclePart(Value):
    """A layer, or a function, and where its cycles went.

    Attributes:
        name: of the function or kernel.
        layers: names of the model's layers that it computes, where it does.
        causes: cycles by what they went to; see `CAUSES`.
        macs: multiply-accumulates of the layers.
        caches: hits and misses while it ran, by the name of the cache; of layers only.
        unresolved: accesses to memory that could not be timed, as their address was not known ahead.
    """

    name: str
    layers: tuple[str, ...]
    causes: Mapping[str, int]
    macs: int = 0
    caches: Mapping[str, tuple[int, int]] | None = None
    unresolved: int = 0

    @property
    def cycles(self) -> int:
        """All of them."""
        return sum(self.causes.values())


@dataclass(frozen=True)
class CycleAccount(Value):
    """The whole.

    Attributes:
        subject: what was run, for people.
        board: name of the board.
        clock_hz: of the core.
        measured_cycles: of the same by the firmware's own cycle counter; None where it has not told.
        parts: in the order in which they ran, or the largest first.
    """

    subject: str
    board: str
    clock_hz: int
    measured_cycles: int | None
    parts: tuple[CyclePart, ...]

    @property
    def cycles(self) -> int:
        """Of all parts."""
        return sum(part.cycles for part in self.parts)

    @property
    def causes(self) -> dict[str, int]:
        """Of all parts together, in the order of `CAUSES`."""
        return ordered(add_causes(part.causes for part in self.parts))

    @property
    def caches(self) -> dict[str, tuple[int, int]]:
        """Hits and misses of all parts together."""
        hits: Counter[str] = Counter()
        misses: Counter[str] = Counter()
        for part in self.parts:
            for name, (hit, miss) in (part.caches or {}).items():
                hits[name] += hit
                misses[name] += miss
        return {name: (hits[name], misses[name]) for name in hits | misses}


def add_causes(causes: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sum of some."""
    total: Counter[str] = Counter()
    for one in causes:
        total.update(one)
    return total


def ordered(causes: Mapping[str, int]) -> dict[str, int]:
    """In the order of `CAUSES`, what is not in there behind it."""
    known = [name for name in CAUSES if causes.get(name)]
    return {name: causes[name] for name in [*known, *sorted(name for name in causes if name not in CAUSES)]}
