"""One call in C: its structures, its arguments, and loops around it where the kernel itself knows of none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PLACE = re.compile(r"\$(\d+)")


@dataclass(frozen=True)
class CFunction:
    """A function and how it is called; `$0`, `$1`... stand for the arguments of the call and then its workspaces.

    Attributes:
        definitions: of what the parameters name, in C.
        parameters: C expressions; in them `i0`, `i1`... count the loops.
        workspaces: bytes of each.
        has_status: it returns an `arm_cmsis_nn_status`.
        loops: how often, from the outermost.
    """

    name: str
    parameters: tuple[str, ...]
    definitions: tuple[str, ...] = ()
    workspaces: tuple[int, ...] = ()
    has_status: bool = False
    loops: tuple[int, ...] = ()

    def statement(self, arguments: Sequence[str]) -> str:
        """A block that calls it, and returns what is no success."""
        call = f"{self.name}({', '.join(self.parameters)});"
        body = [call]
        if self.has_status:
            body = [
                f"const arm_cmsis_nn_status status = {call}",
                "if (status != ARM_CMSIS_NN_SUCCESS)",
                "    return status;",
            ]
        if self.loops:
            heads = [f"for (int32_t i{depth} = 0; i{depth} < {n}; i{depth}++)" for depth, n in enumerate(self.loops)]
            body = [*heads, "{", *(f"    {line}" for line in body), "}"]
        lines = ["    {", *(f"        {line}" for line in (*self.definitions, *body)), "    }"]
        return _PLACE.sub(lambda match: arguments[int(match[1])], "\n".join(lines))


@dataclass(frozen=True)
class Kind:
    """What values are of: the ending of kernels' names, and the C types of activations and biases."""

    ending: str
    value: str
    bias: str


KINDS = {"int8": Kind("s8", "int8_t", "int32_t"), "int16": Kind("s16", "int16_t", "int64_t")}
"""By numpy's name of the activations."""
KIND_OF_INT4_WEIGHTS = Kind("s4", "int8_t", "int32_t")


def read(place: int, kind: str = "int8_t", offset: str = "") -> str:
    """An argument as a pointer to constant values, moved by some."""
    return f"(const {kind} *)(${place}){offset}"


def write(place: int, kind: str = "int8_t", offset: str = "") -> str:
    """An argument as a pointer to values, moved by some."""
    return f"({kind} *)(${place}){offset}"


def offset(strides: Sequence[int]) -> str:
    """What to add to a pointer in loops, from the distance that each moves it by."""
    return "".join(f" + i{depth} * {stride}" for depth, stride in enumerate(strides) if stride)
