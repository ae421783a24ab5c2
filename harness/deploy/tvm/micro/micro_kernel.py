"""What all micro-kernels share: a C function whose body is assembly, called by the kernels that TVM compiles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar

from harness.deploy.target import Core
from harness.deploy.tvm.micro.dual_issue import in_pairs


@dataclass(frozen=True)
class MicroKernel(ABC):
    """A function for cores with the DSP extension; equal ones are one function.

    All its instructions are 32 bits wide and begin on a word boundary: a Cortex-M fetches words, and after an
    instruction of several cycles waits for one that lies across two of them.
    """

    kind: ClassVar[str]
    reordered: ClassVar[bool] = True
    """Whether `dual_issue` knows all of its instructions."""

    @abstractmethod
    def body(self) -> list[str]:
        """Instructions and local labels; arguments as in the procedure call standard."""

    @property
    def symbol(self) -> str:
        """The function's name: its kind, and a digest of its fields."""
        return f"model_{self.kind}_{sha256(repr(self).encode()).hexdigest()[:8]}"

    def source(self, core: Core) -> str:
        """The function in C, for a core."""
        body = in_pairs(self.body()) if self.reordered and core is Core.CORTEX_M7 else self.body()
        lines = "\n".join(f'        "{_wide(line)}\\n"' for line in body)
        return (
            f"__attribute__((naked, noinline, aligned(8))) void {self.symbol}(void)\n"
            f"{{\n    __asm__ volatile(\n{lines});\n}}\n"
        )


def _wide(line: str) -> str:
    """The instruction in its 32-bit encoding, where it has one of 16 bits too."""
    mnemonic, _, operands = line.partition(" ")
    if line.endswith(":") or mnemonic not in _TWO_WIDTHS:
        return line
    return f"{mnemonic}.w {operands}"


_TWO_WIDTHS = frozenset(
    {
        *("add", "adds", "asr", "bic", "cmp", "lsl", "lsr", "mov", "movgt", "movlt", "sub", "subs"),
        *("b", "beq", "bhs", "blo", "bne"),
        *("ldm", "ldr", "ldrsb", "pop", "push", "stm", "str", "strb"),
    }
)
