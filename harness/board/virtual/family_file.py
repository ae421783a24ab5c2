"""Reads family files (`lab/families/*.yaml`), checking every key, into `Family`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import yaml

from harness.board.virtual.family import Family, FixedMemory, PeripheralEntry
from harness.errors import ConfigError
from harness.form_error import describe
from harness.paths import FAMILIES
from harness.yaml_text import parse_yaml

if TYPE_CHECKING:
    from pydantic import BaseModel

_OWN_KEYS = {"name", "type", "origin", "size", "interrupt", "clock", "gate"}


def list_families() -> list[str]:
    """Names of the families in `lab/families`."""
    return sorted(path.stem for path in FAMILIES.glob("*.yaml"))


def load_family(name: str, mcu: str = "") -> Family:
    """The family of this name, with what the part `mcu` has besides.

    Raises:
        ConfigError: there is no such family, or its file is not what it has to be (file, key and what was expected).
    """
    from pydantic import ValidationError

    path = FAMILIES / f"{name}.yaml"
    if name not in list_families():
        raise ConfigError(f"no virtual boards of family {name!r}; there are {', '.join(list_families())}")
    try:
        entry = _schema().model_validate(parse_yaml(path.read_text()))
    except ValidationError as error:
        raise ConfigError(describe(error, path)) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    return _to_family(name, entry, mcu)


@cache
def _schema() -> type[BaseModel]:
    """The form of a family file, made when first needed: pydantic takes its time to import."""
    from pydantic import BaseModel, ConfigDict, Field

    strict = ConfigDict(extra="forbid")
    Address = Annotated[int, Field(ge=0, lt=1 << 32)]  # noqa: N806

    class Peripheral(BaseModel):
        # Further keys are the peripheral type's own, and checked by it.
        model_config = ConfigDict(extra="allow")
        name: str
        type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")] = "storage"
        origin: Address
        size: Annotated[int, Field(gt=0)] = 0x400
        interrupt: int | list[int] | dict[str, int] | None = None
        clock: str = ""
        gate: tuple[int, int] | None = None

    class Fixed(BaseModel):
        model_config = strict
        name: str
        origin: Address
        size: Annotated[int, Field(gt=0)]
        writable: bool = False
        words: dict[int, int] = Field(default_factory=dict)

    class Part(BaseModel):
        model_config = strict
        sources: list[str] = Field(default_factory=list)
        memories: list[Fixed] = Field(default_factory=list)
        peripherals: list[Peripheral] = Field(default_factory=list)
        absent: list[str] = Field(default_factory=list)
        flash_size_at: Address | None = None
        unique_id_at: Address | None = None
        unmodelled: dict[str, Address] = Field(default_factory=dict)

    class FamilyEntry(BaseModel):
        model_config = strict
        title: str
        windows: Annotated[list[tuple[int, int]], Field(min_length=1)]
        peripherals: list[Peripheral]
        memories: list[Fixed] = Field(default_factory=list)
        parts: dict[str, Part] = Field(default_factory=dict)
        flash_size_at: Address | None = None
        unique_id_at: Address | None = None
        debug_id_at: Address | None = None
        priority_bits: Annotated[int, Field(ge=2, le=8)] | None = None
        unmodelled: dict[str, Address] = Field(default_factory=dict)
        svd: str = ""
        sources: Annotated[list[str], Field(min_length=1)]

    return FamilyEntry


def _to_family(name: str, entry: Any, mcu: str) -> Family:
    """What a part says takes the place of what the family says, and what it names as absent is not there."""
    parts = [part for prefix, part in entry.parts.items() if mcu.upper().startswith(prefix.upper())]
    peripherals = {one.name: one for source in (entry, *parts) for one in source.peripherals}
    unmodelled = {name: at for source in (entry, *parts) for name, at in source.unmodelled.items()}
    absent = {one for part in parts for one in part.absent}
    if wrong := absent.difference(peripherals, unmodelled):
        raise ConfigError(f"family {name}: {mcu}: absent: the family has no {', '.join(sorted(wrong))} to begin with")
    return Family(
        name=name,
        title=entry.title,
        windows=tuple(entry.windows),
        peripherals=tuple(_to_peripheral(one) for one in peripherals.values() if one.name not in absent),
        memories=tuple(
            FixedMemory(one.name, one.origin, one.size, one.writable, one.words)
            for source in (entry, *parts)
            for one in source.memories
        ),
        flash_size_at=_last("flash_size_at", entry, parts),
        unique_id_at=_last("unique_id_at", entry, parts),
        debug_id_at=entry.debug_id_at,
        priority_bits=entry.priority_bits,
        unmodelled={name: at for name, at in unmodelled.items() if name not in absent},
        svd=entry.svd,
        sources=(*entry.sources, *(one for part in parts for one in part.sources)),
    )


def _last(key: str, entry: Any, parts: list[Any]) -> int | None:
    """What the last of the parts that says anything says, or else the family."""
    said = [getattr(source, key) for source in (entry, *parts)]
    return next((one for one in reversed(said) if one is not None), None)


def _to_peripheral(entry: Any) -> PeripheralEntry:
    numbers = entry.interrupt
    if numbers is None:
        numbers = {}
    elif isinstance(numbers, int):
        numbers = {"": numbers}
    elif isinstance(numbers, list):
        numbers = {str(index): number for index, number in enumerate(numbers)}
    return PeripheralEntry(
        name=entry.name,
        type=entry.type,
        origin=entry.origin,
        size=entry.size,
        interrupts=numbers,
        clock=entry.clock,
        gate=entry.gate,
        options={key: value for key, value in entry if key not in _OWN_KEYS},
    )
