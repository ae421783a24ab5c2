"""How firmware is built, apart from what it is built of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self

from harness.errors import ConfigError
from harness.value import Value

MINIMUM_STACK_BYTES = 2048


class Optimization(StrEnum):
    """The compiler's levels that make sense on a board."""

    O1 = "O1"
    O2 = "O2"
    O3 = "O3"
    OS = "Os"
    OFAST = "Ofast"


class FloatUnit(StrEnum):
    """Who computes floating point numbers."""

    HARD = "hard_float"
    """The core's FPU, where it has one."""
    SOFT = "soft_float"
    """The compiler's library, whatever the core has: the FPU is not used at all."""


class LinkTime(StrEnum):
    """Whether the model's code is optimized across its files."""

    SEPARATE = "no_lto"
    LTO = "lto"


class Weights(StrEnum):
    """Where the model's constants lie while it runs."""

    FLASH = "flash_weights"
    RAM = "ram_weights"
    """Copied there at start-up, so that they take up room in flash and in RAM."""


class Kernels(StrEnum):
    """Which implementation of the operators a backend uses where it has two."""

    OPTIMIZED = "optimized"
    """The fastest for the core: with its DSP extension, or a vendor's library."""
    REFERENCE = "reference"
    """Portable code of the same results."""


class ConsoleProtocol(StrEnum):
    """What the firmware speaks over its console."""

    BENCH = "bench"
    """The harness's own, see `firmware/PROTOCOL.md`."""
    EEMBC = "eembc"
    """That of MLPerf Tiny's runner, see `firmware/EEMBC.md`."""


EEMBC_BAUD = 115_200
"""What EEMBC's runner opens its port with in performance mode, unless told otherwise."""

_CHOICES: dict[str, type[StrEnum]] = {
    "optimization": Optimization,
    "float_unit": FloatUnit,
    "link_time": LinkTime,
    "weights": Weights,
    "kernels": Kernels,
}


@dataclass(frozen=True)
class BuildOptions(Value):
    """What a user may choose.

    Attributes:
        stack_bytes: reserved; how much of it was used is measured. A multiple of 8: the ABI aligns the stack so.

    Raises:
        ConfigError: the stack is smaller than the fault handler needs, or odd.
    """

    optimization: Optimization = Optimization.O2
    stack_bytes: int = 8192
    protocol: ConsoleProtocol = ConsoleProtocol.BENCH
    float_unit: FloatUnit = FloatUnit.HARD
    link_time: LinkTime = LinkTime.SEPARATE
    weights: Weights = Weights.FLASH
    kernels: Kernels = Kernels.OPTIMIZED

    def __post_init__(self) -> None:
        if self.stack_bytes < MINIMUM_STACK_BYTES or self.stack_bytes % 8:
            raise ConfigError(
                f"a stack of {self.stack_bytes} bytes: want a multiple of 8, {MINIMUM_STACK_BYTES} or more"
            )

    @classmethod
    def parse(cls, text: str, protocol: ConsoleProtocol = ConsoleProtocol.BENCH) -> Self:
        """The options of a build's name, in any order: `O3`, `Ofast-lto-soft_float`, `ram_weights`.

        Raises:
            ConfigError: a word names no option, or two words choose the same one; the text lists them all.
        """
        chosen: dict[str, StrEnum] = {}
        for word in text.split("-"):
            name = next((name for name, choice in _CHOICES.items() if word in set(choice)), None)
            if name is None or name in chosen:
                known = ", ".join(value for choice in _CHOICES.values() for value in choice)
                raise ConfigError(
                    f"build {text!r}: {word!r} {'names no option' if name is None else 'chooses a second time'}; "
                    f"want words joined by '-', at most one of each kind: {known}"
                )
            chosen[name] = _CHOICES[name](word)
        return cls(protocol=protocol, **chosen)  # type: ignore[arg-type] # each is of its field's type

    def __str__(self) -> str:
        """The build's name, which `parse` reads: the level, and whatever is not the default."""
        defaults = {field.name: field.default for field in fields(self)}
        chosen = {name: getattr(self, name) for name in _CHOICES}
        return "-".join(v for name, v in chosen.items() if name == "optimization" or v != defaults[name])

    @property
    def flags(self) -> tuple[str, ...]:
        """The compiler's."""
        return (f"-{self.optimization}",)


O2 = BuildOptions()
