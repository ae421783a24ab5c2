"""Where the cycles of an inference, or of any run, went: as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.value import Value

CAUSES = {
    "issue": "one cycle for each instruction, or for each two where the core issues two at once",
    "single issue": "cycles in which a core that could issue two instructions issued one",
    "load": "loaded values: waiting for them, or several registers",
    "load after store": "a load right behind a store",
    "store": "several registers, or an address that takes a cycle more",
    "multiple transfer": "loads and stores of several registers",
    "address dependency": "an address that the instruction before has just computed",
    "result": "waiting for a result of the ALU",
    "flags": "waiting for flags",
    "multiply": "multiplications of more than one cycle, and waiting for products",
    "float": "floating point instructions of more than one cycle, and waiting for their results",
    "float dependency": "waiting for a floating point result",
    "float pairing": "floating point instructions that do not go together",
    "double precision": "floating point instructions in double precision",
    "float divide": "floating point division and square root",
    "divide": "integer divisions, by their operands",
    "branch": "table branches",
    "system": "barriers and special registers",
    "fetch alignment": "32-bit instructions across the words in which code is fetched",
    "branches": "taken branches, or where they are predicted, mispredicted ones",
    "fetch stalls": "code that was not at hand: wait states of the flash, misses of the instruction cache",
    "data stalls": "data that was not at hand: wait states, misses of the data cache; unaligned accesses, bank changes",
    "asleep": "WFI and WFE",
    "waiting": "entering and leaving exceptions, and loops that wait for a peripheral, which the board skips",
}
"""What cycles go to, in the order in which people are told of them. Timing models may name further causes."""


@dataclass(frozen=True)
class CyclePart(Value):
    """A layer, or a function, and where its cycles went.

    Attributes:
        name: of the function or kernel.
        layers: names of the model's layers that it computes, where it does.
        title: of the layers, for people: operators and the shape of the output.
        causes: cycles by what they went to; see `CAUSES`.
        measured_cycles: by the firmware's own cycle counter; None where it has not told.
        macs: multiply-accumulates of the layers.
        caches: hits and misses while it ran, by the name of the cache; of layers only.
        unresolved: accesses to memory that could not be timed, as their address was not known ahead.
    """

    name: str
    causes: Mapping[str, int]
    layers: tuple[str, ...] = ()
    title: str = ""
    measured_cycles: int | None = None
    macs: int = 0
    caches: Mapping[str, tuple[int, int]] = field(default_factory=dict)
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
        caches: hits and misses of the whole, by the name of the cache.
    """

    subject: str
    board: str
    clock_hz: int
    measured_cycles: int | None
    parts: tuple[CyclePart, ...]
    caches: Mapping[str, tuple[int, int]]

    @property
    def cycles(self) -> int:
        """Of all parts."""
        return sum(part.cycles for part in self.parts)

    @property
    def causes(self) -> dict[str, int]:
        """Of all parts together, in the order of `CAUSES`."""
        return ordered(add_causes(part.causes for part in self.parts))


def add_causes(causes: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sum of some."""
    total: Counter[str] = Counter()
    for one in causes:
        total.update(one)
    return total


def add_caches(counts: Iterable[Mapping[str, tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    """The sum of some hits and misses, by the name of the cache."""
    total: dict[str, tuple[int, int]] = {}
    for one in counts:
        for name, (hits, misses) in one.items():
            before = total.get(name, (0, 0))
            total[name] = before[0] + hits, before[1] + misses
    return total


def ordered(causes: Mapping[str, int]) -> dict[str, int]:
    """In the order of `CAUSES`, what is not in there behind it."""
    known = [name for name in CAUSES if causes.get(name)]
    return {name: causes[name] for name in [*known, *sorted(name for name in causes if name not in CAUSES)]}
