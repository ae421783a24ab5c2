"""The form of `power:` in a board file: every figure with its source."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any

from harness.board.power import OperatingPoint, Power, Regulator
from harness.errors import ConfigError
from harness.units import parse_quantity

if TYPE_CHECKING:
    from pydantic import BaseModel


@cache
def power_schema() -> type[BaseModel]:
    """The pydantic model; quantities are written with their units (`26 mA`, `120 MHz`)."""
    from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

    strict = ConfigDict(extra="forbid")
    quantity = partial(BeforeValidator, json_schema_input_type=str)
    Volt = Annotated[float, quantity(_in_unit("V", "3.3 V")), Field(gt=0, le=60)]  # noqa: N806
    Ampere = Annotated[float, quantity(_in_unit("A", "26 mA")), Field(ge=0, le=10)]  # noqa: N806
    Hertz = Annotated[float, quantity(_in_unit("Hz", "120 MHz")), Field(ge=0)]  # noqa: N806
    Source = Annotated[str, Field(min_length=1)]  # noqa: N806

    class PointEntry(BaseModel):
        model_config = strict
        clock: Hertz
        current: Ampere

    class CurveEntry(BaseModel):
        model_config = strict
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
        model_config = strict
        current: Ampere
        source: Source

    class ShareEntry(BaseModel):
        model_config = strict
        share: Annotated[float, Field(ge=0, le=2)]
        source: Source

    class PeripheralEntry(BaseModel):
        model_config = strict
        current_per_mhz: Ampere
        source: Source

    class PowerEntry(BaseModel):
        model_config = strict
        voltage: Volt
        regulator: Regulator
        run: CurveEntry
        sleep: CurveEntry
        stop: CurrentEntry
        stalled: ShareEntry | None = None
        from_ram: ShareEntry | None = None
        peripherals: dict[str, PeripheralEntry] = Field(default_factory=dict)
        calibration: Source

    return PowerEntry


def to_power(entry: Any) -> Power:
    """The value of a validated entry."""
    named = {name: getattr(entry, name) for name in ("run", "sleep", "stop", "stalled", "from_ram")}
    figures = {name: figure for name, figure in named.items() if figure is not None} | dict(entry.peripherals)
    return Power(
        voltage_v=entry.voltage,
        regulator=entry.regulator,
        run=_points(entry.run),
        sleep=_points(entry.sleep),
        stop_a=entry.stop.current,
        stalled_share=entry.stalled.share if entry.stalled else 1.0,
        ram_share=entry.from_ram.share if entry.from_ram else 1.0,
        peripherals_a_per_hz={name: one.current_per_mhz * 1e-6 for name, one in entry.peripherals.items()},
        calibration=entry.calibration,
        sources={name: figure.source for name, figure in figures.items()},
    )


def _points(curve: Any) -> tuple[OperatingPoint, ...]:
    return tuple(OperatingPoint(round(point.clock), point.current) for point in curve.points)


def _in_unit(unit: str, example: str) -> Any:
    def read(value: object) -> float:
        try:
            number, found = parse_quantity(str(value))
        except ConfigError as error:
            raise ValueError(str(error)) from error
        if found != unit:
            raise ValueError(f"expected a quantity in {unit}, such as '{example}'")
        return number

    return read
