"""Reads board files (`lab/boards/*.yaml`), checking every key, into `BoardSpec`."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml

from harness.board.memory_entries import memory_banks
from harness.board.power_entry import power_schema, to_power
from harness.board.spec import Accelerator, BoardSpec, CacheGeometry, Debug, Level1, MemoryTimingSpec, Pin
from harness.board.spec import Path as MemoryPath
from harness.cache import sha256
from harness.deploy.target import Core, Memory, MemoryKind, Target
from harness.errors import ConfigError
from harness.form_error import describe
from harness.paths import BOARDS
from harness.units import parse_quantity
from harness.yaml_text import parse_yaml

if TYPE_CHECKING:
    from pydantic import BaseModel

MOST_NODES = 2000
"""Keys and values of a board file; ours have some 200."""


def list_boards() -> list[str]:
    """Names of the boards in `lab/boards`."""
    return sorted(path.stem for path in BOARDS.glob("*.yaml"))


def load_board(name_or_path: str | Path) -> BoardSpec:
    """The board of this name in `lab/boards`, or the one a file describes.

    Raises:
        ConfigError: there is no such board, or its file is not what it has to be (file, key and what was expected).
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = BOARDS / f"{name_or_path}.yaml"
        if str(name_or_path) not in list_boards():
            raise ConfigError(
                f"no board {str(name_or_path)!r}; there are {', '.join(list_boards())}, or give a .yaml file"
            )
    try:
        content = path.read_bytes()
        raw = parse_yaml(content, MOST_NODES)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    return _to_spec(_validated(raw, path), sha256(content))


def _validated(raw: object, path: Path) -> Any:
    from pydantic import ValidationError

    try:
        return board_file_model().model_validate(raw)
    except ValidationError as error:
        raise ConfigError(describe(error, path)) from error


def _size(value: object) -> int:
    """Bytes, as a number or as `640 KiB`."""
    if isinstance(value, str):
        try:
            number, unit = parse_quantity(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        if unit != "B" or not number.is_integer():
            raise ValueError("expected a whole number of bytes, such as '640 KiB'")
        return int(number)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("expected a whole number of bytes, such as '640 KiB'")
    return value


@cache
def board_file_model() -> type[BaseModel]:
    """The form of a board file, made when first needed: pydantic takes its time to import."""
    from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

    strict = ConfigDict(extra="forbid")
    Size = Annotated[int, BeforeValidator(_size, json_schema_input_type=int | str), Field(gt=0, le=1 << 28)]  # noqa: N806
    Address = Annotated[int, Field(ge=0, lt=1 << 32)]  # noqa: N806
    Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]  # noqa: N806

    class AliasEntry(BaseModel):
        model_config = strict
        origin: Address
        path: MemoryPath = MemoryPath.DIRECT

    class BankEntry(BaseModel):
        model_config = strict
        name: Name
        size: Size
        path: MemoryPath | None = None
        wait_states: Annotated[int, Field(ge=0)] | None = None
        also_at: list[AliasEntry] = Field(default_factory=list)

    class MemoryEntry(BaseModel):
        model_config = strict
        name: Name
        kind: MemoryKind
        origin: Address
        size: Size
        path: MemoryPath = MemoryPath.DIRECT
        wait_states: Annotated[int, Field(ge=0)] | None = None
        banks: list[BankEntry] = Field(default_factory=list)
        also_at: list[AliasEntry] = Field(default_factory=list)

        @model_validator(mode="after")
        def check_banks(self) -> Any:
            if self.banks and sum(bank.size for bank in self.banks) != self.size:
                raise ValueError("banks: their sizes must add up to the memory's")
            return self

    class CacheEntry(BaseModel):
        model_config = strict
        size: Size
        ways: Annotated[int, Field(ge=0)] = 0

    class AcceleratorEntry(BaseModel):
        model_config = strict
        line: Size
        dual_bank_line: Size | None = None
        instructions: CacheEntry
        data: CacheEntry | None = None
        unified: bool = False
        refill_cycles: Annotated[int, Field(ge=0)] = 0

    class Level1Entry(BaseModel):
        model_config = strict
        line: Size = 32
        instructions: CacheEntry
        data: CacheEntry
        bus_cycles: Annotated[int, Field(ge=0)]

    class DebugEntry(BaseModel):
        model_config = strict
        silicon_target: str
        virtual_target: str

    class BoardEntry(BaseModel):
        model_config = strict
        name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
        title: str
        mcu: str
        core: Core
        fpu: str
        family: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
        clock_hz: Annotated[int, Field(gt=0)]
        console_baud: Annotated[int, Field(gt=0)]
        memories: Annotated[list[MemoryEntry], Field(min_length=2)]
        accelerator: AcceleratorEntry | None = None
        level1: Level1Entry | None = None
        defines: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], int] = Field(default_factory=dict)
        power: power_schema()  # type: ignore[valid-type]
        debug: DebugEntry
        clocks: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*_hz$")], Annotated[int, Field(gt=0)]] = Field(
            default_factory=dict
        )
        channels: dict[Name, Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*\.\d{1,2}$")]] = Field(default_factory=dict)
        simulation: dict[str, int | str] = Field(default_factory=dict)
        sources: list[str] = Field(default_factory=list)

        @model_validator(mode="after")
        def check_memories(self) -> Any:
            for kind in MemoryKind:
                if not any(memory.kind is kind for memory in self.memories):
                    raise ValueError(f"memories: expected at least one of kind {kind}")
            spans = sorted((memory.origin, memory.origin + memory.size, memory.name) for memory in self.memories)
            for (_, end, one), (start, _, other) in pairwise(spans):
                if start < end:
                    raise ValueError(f"memories: {one} and {other} overlap")
            return self

    return BoardEntry


def _to_spec(entry: Any, digest: str) -> BoardSpec:
    target = Target(
        name=entry.name,
        core=entry.core,
        fpu=entry.fpu,
        family=entry.family,
        clock_hz=entry.clock_hz,
        console_baud=entry.console_baud,
        memories=tuple(Memory(one.name, one.kind, one.origin, one.size) for one in entry.memories),
        defines=dict(entry.defines),
    )
    return BoardSpec(
        name=entry.name,
        title=entry.title,
        mcu=entry.mcu,
        target=target,
        power=to_power(entry.power),
        debug=Debug(entry.debug.silicon_target, entry.debug.virtual_target),
        memory_timing=MemoryTimingSpec(memory_banks(entry.memories), _accelerator(entry), _level1(entry)),
        clocks=dict(entry.clocks),
        channels={name: _pin(text) for name, text in entry.channels.items()},
        simulation=dict(entry.simulation),
        sources=tuple(entry.sources),
        sha256=digest,
    )


def _accelerator(entry: Any) -> Accelerator | None:
    one = entry.accelerator
    if one is None:
        return None
    line = one.dual_bank_line or one.line
    data = _geometry(one.data)
    return Accelerator(one.line, line, _geometry(one.instructions), data, one.unified, one.refill_cycles)


def _level1(entry: Any) -> Level1 | None:
    one = entry.level1
    return one and Level1(one.line, _geometry(one.instructions), _geometry(one.data), one.bus_cycles)


def _geometry(entry: Any) -> CacheGeometry:
    return CacheGeometry(entry.size, entry.ways) if entry is not None else CacheGeometry(0, 0)


def _pin(text: str) -> Pin:
    """`GPIOB.7`."""
    port, _, number = text.rpartition(".")
    return Pin(port, int(number))
