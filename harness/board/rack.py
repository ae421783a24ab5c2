"""A rack: the boards, silicon or virtual, that a run may use, as a YAML file lists them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml

from harness.board.board_file import list_boards
from harness.board.timing_mode import TimingMode
from harness.errors import ConfigError
from harness.form_error import describe
from harness.value import Value
from harness.yaml_text import parse_yaml

if TYPE_CHECKING:
    from pydantic import BaseModel


_VIRTUAL_ONLY = {
    *("uart_noise", "sample_rate_hz", "current_noise_a", "current_range_a", "current_resolution_a", "noise_seed"),
    *("supply_v", "timing", "slice_cycles"),
}


class Kind(StrEnum):
    """How a board of the rack is reached."""

    VIRTUAL = "virtual"
    """A process that the harness starts."""
    SERIAL = "serial"
    """Silicon: a debug probe and a serial port."""


@dataclass(frozen=True)
class RackEntry(Value):
    """One DUT.

    Attributes:
        name: unique within the rack.
        board: name of a board in `lab/boards`, or a board file.
        probe: unique id of the debug probe, as `pyocd list` shows it (silicon).
        console: serial port of the board (silicon).
        pack: CMSIS pack with the part's flash algorithm, where pyOCD has none installed (silicon); empty otherwise.
        energy: TCP address `host:port` of an energy analyzer that speaks the protocol of `energy_client` (silicon);
            empty without one. A virtual board has its own.
        uart_noise: `SEED:RATE`: damage the console of a virtual board, for tests; empty for a good line.
        sample_rate_hz: of a virtual board's energy analyzer.
        current_noise_a, current_range_a, current_resolution_a, noise_seed: of the same, see `CurrentInput`.
        supply_v: a virtual board's supply voltage; None: the one of its board file.
        timing: whether a virtual board counts time as silicon would.
        slice_cycles: how long a virtual board runs between two looks at its ports; results do not depend on it.
    """

    name: str
    board: str
    kind: Kind
    probe: str = ""
    console: str = ""
    pack: str = ""
    energy: str = ""
    uart_noise: str = ""
    sample_rate_hz: float = 100_000.0
    current_noise_a: float = 0.0
    current_range_a: float = 0.0
    current_resolution_a: float = 0.0
    noise_seed: int = 0
    supply_v: float | None = None
    timing: TimingMode = TimingMode.AUTO
    slice_cycles: int = 2_000_000


@dataclass(frozen=True)
class Rack(Value):
    """All DUTs that a run may use.

    Attributes:
        name: identifies the rack: runs that use files of the same real path share its DUTs.
    """

    name: str
    duts: tuple[RackEntry, ...]

    def with_timing(self, timing: TimingMode) -> Rack:
        """The same with all virtual boards in one mode."""
        return replace(self, duts=tuple(_with_timing(entry, timing) for entry in self.duts))


def _with_timing(entry: RackEntry, timing: TimingMode) -> RackEntry:
    return replace(entry, timing=timing) if entry.kind is Kind.VIRTUAL else entry


def load_rack(path: str | Path) -> Rack:
    """Read a rack file.

    Raises:
        ConfigError: it is missing or not what it has to be; names file, key and what was expected.
    """
    from pydantic import ValidationError

    path = Path(path)
    try:
        entries = _schema().model_validate(parse_yaml(path.read_bytes()))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        raise ConfigError(describe(error, path)) from error
    duts: list[Any] = getattr(entries, "duts")  # noqa: B009 - a model made at run time
    return Rack(str(path.resolve()), tuple(RackEntry(**dut.model_dump()) for dut in duts))


@cache
def _schema() -> type[BaseModel]:
    from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

    class DutEntry(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64)]
        board: str
        kind: Kind
        probe: str = ""
        console: str = ""
        pack: str = ""
        energy: Annotated[str, Field(pattern=r"^([^\s:]+:\d+)?$")] = ""
        uart_noise: Annotated[str, Field(pattern=r"^(\d+:[0-9.e-]+)?$")] = ""
        sample_rate_hz: Annotated[float, Field(gt=0, le=1e6)] = 100_000.0
        current_noise_a: Annotated[float, Field(ge=0)] = 0.0
        current_range_a: Annotated[float, Field(ge=0)] = 0.0
        current_resolution_a: Annotated[float, Field(ge=0)] = 0.0
        noise_seed: Annotated[int, Field(ge=0)] = 0
        supply_v: Annotated[float, Field(gt=0, le=60)] | None = None
        timing: TimingMode = TimingMode.AUTO
        slice_cycles: Annotated[int, Field(gt=0)] = 2_000_000

        @field_validator("board")
        @classmethod
        def check_board(cls, board: str) -> str:
            if board not in list_boards() and not board.endswith((".yaml", ".yml")):
                raise ValueError(f"expected one of {', '.join(list_boards())}, or a .yaml file")
            return board

        @model_validator(mode="after")
        def check_kind(self) -> Any:
            if self.kind is Kind.SERIAL and not (self.probe and self.console):
                raise ValueError(
                    "expected probe (see `pyocd list`) and console (such as /dev/ttyACM0) with kind serial"
                )
            if self.kind is Kind.VIRTUAL and (self.probe or self.console or self.pack or self.energy):
                raise ValueError("expected no probe, console, pack or energy with kind virtual")
            if self.kind is Kind.SERIAL and (given := _VIRTUAL_ONLY & self.model_fields_set):
                raise ValueError(f"expected no {', '.join(sorted(given))} with kind serial")
            return self

    class RackFile(BaseModel):
        model_config = ConfigDict(extra="forbid")
        duts: Annotated[list[DutEntry], Field(min_length=1)]

        @model_validator(mode="after")
        def check_names(self) -> Any:
            names = [dut.name for dut in self.duts]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"expected every name once, but {', '.join(twice)} is there again")
            return self

    return RackFile
