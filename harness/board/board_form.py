"""The form of a board file: which keys there are, and what each may be.

Import it when a file is there to read: pydantic takes its time. A docstring of a class would become part of the JSON
Schema, where `board_schema.KEYS` is what describes the keys.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from harness.board.power_form import PowerEntry
from harness.board.spec import Path
from harness.deploy.target import Core, MemoryKind
from harness.errors import ConfigError
from harness.units import parse_quantity

_STRICT = ConfigDict(extra="forbid")
_A_SIZE = "expected a whole number of bytes, such as '640 KiB'"


def _size(value: object) -> int:
    """Bytes, as a number or as `640 KiB`."""
    if isinstance(value, str):
        try:
            number, unit = parse_quantity(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        if unit != "B" or not number.is_integer():
            raise ValueError(_A_SIZE)
        return int(number)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(_A_SIZE)
    return value


Size = Annotated[int, BeforeValidator(_size, json_schema_input_type=int | str), Field(gt=0, le=1 << 28)]
Address = Annotated[int, Field(ge=0, lt=1 << 32)]
Count = Annotated[int, Field(ge=0)]
Rate = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ConstantName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
ClockName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*_hz$")]
PinName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*\.\d{1,2}$")]


class AliasEntry(BaseModel):
    model_config = _STRICT
    origin: Address
    path: Path = Path.DIRECT


class BankEntry(BaseModel):
    model_config = _STRICT
    name: Name
    size: Size
    path: Path | None = None
    wait_states: Count | None = None
    also_at: list[AliasEntry] = Field(default_factory=list)


class MemoryEntry(BaseModel):
    model_config = _STRICT
    name: Name
    kind: MemoryKind
    origin: Address
    size: Size
    path: Path = Path.DIRECT
    wait_states: Count | None = None
    banks: list[BankEntry] = Field(default_factory=list)
    also_at: list[AliasEntry] = Field(default_factory=list)

    @model_validator(mode="after")
    def check_banks(self) -> Self:
        if self.banks and sum(bank.size for bank in self.banks) != self.size:
            raise ValueError("banks: their sizes must add up to the memory's")
        return self


class CacheEntry(BaseModel):
    model_config = _STRICT
    size: Size
    ways: Count = 0


class AcceleratorEntry(BaseModel):
    model_config = _STRICT
    line: Size
    dual_bank_line: Size | None = None
    instructions: CacheEntry
    data: CacheEntry | None = None
    unified: bool = False
    refill_cycles: Count = 0


class Level1Entry(BaseModel):
    model_config = _STRICT
    line: Size = 32
    instructions: CacheEntry
    data: CacheEntry
    bus_cycles: Count


class DebugEntry(BaseModel):
    model_config = _STRICT
    silicon_target: str
    virtual_target: str


class BoardEntry(BaseModel):
    model_config = _STRICT
    name: Name
    title: str
    mcu: str
    core: Core
    fpu: str
    family: Name
    clock_hz: Rate
    console_baud: Rate
    memories: Annotated[list[MemoryEntry], Field(min_length=2)]
    accelerator: AcceleratorEntry | None = None
    level1: Level1Entry | None = None
    defines: dict[ConstantName, int] = Field(default_factory=dict)
    power: PowerEntry
    debug: DebugEntry
    clocks: dict[ClockName, Rate] = Field(default_factory=dict)
    channels: dict[Name, PinName] = Field(default_factory=dict)
    simulation: dict[str, int | str] = Field(default_factory=dict)
    sources: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def check_memories(self) -> Self:
        for kind in MemoryKind:
            if not any(memory.kind is kind for memory in self.memories):
                raise ValueError(f"memories: expected at least one of kind {kind}")
        spans = sorted((memory.origin, memory.origin + memory.size, memory.name) for memory in self.memories)
        for (_, end, one), (start, _, other) in pairwise(spans):
            if start < end:
                raise ValueError(f"memories: {one} and {other} overlap")
        return self
