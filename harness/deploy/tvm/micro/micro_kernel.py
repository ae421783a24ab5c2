"""What all micro-kernels share: a C function whose body is assembly, called by the kernels that TVM compiles."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(frozen=True)
class MicroKernel(ABC):
    """A function for cores with the DSP extension; equal ones are one function.

    All its instructions are 32 bits wide and begin on a word boundary: a Cortex-M fetches words, and after an
    instruction of several cycles waits for one that lies across two of them.
    """

    kind: ClassVar[str]

    @abstractmethod
    def body(self) -> list[str]:
        """Instructions, labels (local, numbers) and directives; arguments and result as in the procedure call standard."""

    @property
    def symbol(self) -> str:
        """The function's name: it tells its fields."""
        values = (getattr(self, field.name) for field in fields(self))
        return "_".join(["model", self.kind, *(re.sub(r"\W+", "", _word(value)) for value in values)]).rstrip("_")

    def source(self) -> str:
        """The function in C."""
        lines = "\n".join(f'        "{_wide(line)}\\n"' for line in self.body())
        return (
            f"__attribute__((naked, noinline, aligned(8))) void {self.symbol}(void)\n"
            f"{{\n    __asm__ volatile(\n{lines});\n}}\n"
        )


def _word(value: object) -> str:
    return str(value).replace("-", "m").replace(", ", "x").replace("True", "y").replace("False", "n")


def _wide(line: str) -> str:
    """The instruction in its 32-bit encoding, where it has one of 16 bits too."""
    mnemonic, _, operands = line.partition(" ")
    if line.endswith(":") or line.startswith(".") or mnemonic in _ONE_WIDTH:
        return line
    return f"{mnemonic}.w {operands}".rstrip()


_ONE_WIDTH = frozenset(
    {
        *("smlad", "smlabb", "smlabt", "smlatb", "smlatt", "smmul", "smmulr", "sxtb16", "pkhbt", "pkhtb", "ssat"),
        *(
            "ldrd",
            "strd",
            "movw",
            "movt",
            "addw",
            "subw",
            "it",
            "vmov",
            "mls",
            "mla",
            "bx",
            "cmp",
            "movgt",
            "movlt",
            "nop.w",
        ),
    }
)
