"""How firmware is built, apart from what it is built of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.errors import ConfigError
from harness.value import Value

MINIMUM_STACK_BYTES = 2048


class Optimization(StrEnum):
    """The compiler's levels that make sense on a board."""

    O1 = "O1"
    O2 = "O2"
    O3 = "O3"
    OS = "Os"


class ConsoleProtocol(StrEnum):
    """What the firmware speaks over its console."""

    BENCH = "bench"
    """The harness's own, see `firmware/PROTOCOL.md`."""
    EEMBC = "eembc"
    """That of MLPerf Tiny's runner, see `firmware/EEMBC.md`."""


EEMBC_BAUD = 115_200
"""What EEMBC's runner opens its port with in performance mode, unless told otherwise."""


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

    def __post_init__(self) -> None:
        if self.stack_bytes < MINIMUM_STACK_BYTES or self.stack_bytes % 8:
            raise ConfigError(
                f"a stack of {self.stack_bytes} bytes: want a multiple of 8, {MINIMUM_STACK_BYTES} or more"
            )

    @property
    def flags(self) -> tuple[str, ...]:
        """The compiler's."""
        return (f"-{self.optimization}",)


O2 = BuildOptions()
