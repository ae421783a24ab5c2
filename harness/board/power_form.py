"""The form of `power:` in a board file: every figure with its source, quantities with their units (`26 mA`).

Import it when a file is there to read: pydantic takes its time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from harness.board.power import Regulator
from harness.errors import ConfigError
from harness.units import parse_quantity

_STRICT = ConfigDict(extra="forbid")


def _in_unit(unit: str, example: str) -> Callable[[object], float]:
    def read(value: object) -> float:
        try:
            number, found = parse_quantity(str(value))
        except ConfigError as error:
            raise ValueError(str(error)) from error
        if found != unit:
            raise ValueError(f"expected a quantity in {unit}, such as '{example}'")
        return number

    return read


_quantity = partial(BeforeValidator, json_schema_input_type=str)
Volt = Annotated[float, _quantity(_in_unit("V", "3.3 V")), Field(gt=0, le=60)]
Ampere = Annotated[float, _quantity(_in_unit("A", "26 mA")), Field(ge=0, le=10)]
Hertz = Annotated[float, _quantity(_in_unit("Hz", "120 MHz")), Field(ge=0)]
Source = Annotated[str, Field(min_length=1)]


class PointEntry(BaseModel):
    model_config = _STRICT
    clock: Hertz
    current: Ampere


class CurveEntry(BaseModel):
    model_config = _STRICT
    points: Annotated[list[PointEntry], Field(min_length=1)]
    source: Source

    @field_validator("points")
    @classmethod
    def check_order(cls, points: list[PointEntry]) -> list[PointEntry]:
        clocks = [point.clock for point in points]
        if clocks != sorted(set(clocks)):
            raise ValueError("expected each clock once, the lowest first")
        return points


class CurrentEntry(BaseModel):
    model_config = _STRICT
    current: Ampere
    source: Source


class ShareEntry(BaseModel):
    model_config = _STRICT
    share: Annotated[float, Field(ge=0, le=2)]
    source: Source


class PeripheralEntry(BaseModel):
    model_config = _STRICT
    current_per_mhz: Ampere
    source: Source


class PowerEntry(BaseModel):
    model_config = _STRICT
    voltage: Volt
    regulator: Regulator
    run: CurveEntry
    sleep: CurveEntry
    stop: CurrentEntry
    stalled: ShareEntry | None = None
    from_ram: ShareEntry | None = None
    peripherals: dict[str, PeripheralEntry] = Field(default_factory=dict)
    calibration: Source
