"""From bytes of code to instructions. Each encoding passes Capstone once: code repeats itself, and Capstone is slow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.board.virtual.timing.instruction import Instruction, Kind, Operation

_IT = Operation(2, Kind.IT)


def disassembler() -> Any:
    """A Capstone disassembler for M-profile Thumb code, with details."""
    from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, Cs

    engine = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS)
    engine.detail = True
    engine.skipdata = True
    return engine


class Decoder:
    """Remembers what every encoding that was met does."""

    def __init__(self, engine: Any | None = None) -> None:
        """Decode with an engine of `disassembler`."""
        self._engine = engine or disassembler()
        self._known: dict[bytes, Operation] = {}
        self._conditional: dict[bytes, Operation] = {}

    def decode(self, code: bytes, location: int) -> Iterator[Instruction]:
        """The instructions of a piece of code; what is no instruction counts as an ALU operation."""
        position = conditional = 0
        while position + 2 <= len(code):
            wide = code[position + 1] >= 0xE8 and position + 4 <= len(code)
            encoding = code[position : position + (4 if wide else 2)]
            operation = self._operation(encoding, conditional=conditional > 0)
            yield Instruction(location + position, operation)
            conditional = _made_conditional(encoding) if operation is _IT else conditional - 1
            position += len(encoding)

    def _operation(self, encoding: bytes, *, conditional: bool) -> Operation:
        known = self._conditional if conditional else self._known
        found = known.get(encoding)
        if found is None:
            found = self._disassemble(encoding)
            known[encoding] = found = _under_condition(found) if conditional else found
        return found

    def _disassemble(self, encoding: bytes) -> Operation:
        from harness.board.virtual.timing.operands import operation

        if _made_conditional(encoding):
            return _IT
        raw = next(self._engine.disasm(encoding, 0, 1), None)
        return Operation(len(encoding), Kind.ALU) if raw is None or raw.id == 0 else operation(raw)


def _made_conditional(encoding: bytes) -> int:
    """How many instructions this one makes conditional: none, unless it is an IT (Armv7-M ARM, A7.7.38)."""
    mask = encoding[0] & 0xF
    if len(encoding) != 2 or encoding[1] != 0xBF or not mask:
        return 0
    return 5 - (mask & -mask).bit_length()


def _under_condition(operation: Operation) -> Operation:
    """The same within an IT block: needs the flags, and leaves them alone unless it is for their sake."""
    from capstone.arm import ARM_REG_CPSR

    compares = operation.written == (ARM_REG_CPSR,)
    written = operation.written if compares else tuple(one for one in operation.written if one != ARM_REG_CPSR)
    kind = Kind.CONDITIONAL_BRANCH if operation.kind is Kind.BRANCH else operation.kind
    read = tuple(dict.fromkeys((*operation.read, ARM_REG_CPSR)))
    # 32-bit instructions set flags or not as encoded; those that do are not made in IT blocks by any compiler.
    return replace(operation, kind=kind, written=written, read=read)
