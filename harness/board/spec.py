"""A board file (`lab/boards/*.yaml`) as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.deploy.target import Target
from harness.value import Value


@dataclass(frozen=True)
class Power(Value):
    """Supply figures: energy is voltage x current of the state x time.

    Attributes:
        voltage_v: at which the currents hold.
        run_a: supply current while the core executes at the target's clock, ampere.
        sleep_a: while it waits, ampere.
        source: where the figures come from.
    """

    voltage_v: float
    run_a: float
    sleep_a: float
    source: str


@dataclass(frozen=True)
class Debug(Value):
    """How pyOCD knows the part.

    Attributes:
        silicon_target: pyOCD's name of the real part (needs the vendor's CMSIS pack where pyOCD has none built in).
        virtual_target: the pyOCD target whose flash algorithm the virtual board runs; never used on silicon.
    """

    silicon_target: str
    virtual_target: str


@dataclass(frozen=True)
class BoardSpec(Value):
    """A kind of board.

    Attributes:
        title, mcu: for people.
        target: what the compiler and linker need.
        simulation: figures that only the virtual board uses (idcode, flash controller, ...), see `board/virtual`.
        sources: where the file's figures come from.
        sha256: of the board file.
    """

    name: str
    title: str
    mcu: str
    target: Target
    power: Power
    debug: Debug
    simulation: Mapping[str, int | str]
    sources: tuple[str, ...]
    sha256: str
