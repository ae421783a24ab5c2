"""What `power:` in a board file comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.power import OperatingPoint, Power

if TYPE_CHECKING:
    from harness.board.power_form import CurveEntry, PowerEntry


def to_power(entry: PowerEntry) -> Power:
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


def _points(curve: CurveEntry) -> tuple[OperatingPoint, ...]:
    return tuple(OperatingPoint(round(point.clock), point.current) for point in curve.points)
