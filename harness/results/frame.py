"""Records as a table for analysis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.bench.quantities import QUANTITIES
from harness.results.record import Record
from harness.results.store import RECORDS, RunDirectory, read_records

if TYPE_CHECKING:
    from pandas import DataFrame


def load(*paths: str | Path, every_attempt: bool = False) -> DataFrame:
    """Runs as a pandas DataFrame: one row a case, all values in SI units (bytes are `B`, ratios and counts are `1`).

    | column | type | meaning |
    | --- | --- | --- |
    | `run` | str | name of the run's directory |
    | `case` | str | pytest node id |
    | `model`, `quantization`, `backend`, `build`, `board`, `optimize` | category | the candidate |
    | `outcome` | category | `passed`, `constraint failed`, `does not fit`, ...: a `Status` |
    | `reason` | str | why, in one line; empty when passed |
    | `missing_bytes` | int, B | what a memory lacks, where the firmware does not fit |
    | `<quantity>` | float | the median, for every name in `harness.bench.quantities.QUANTITIES`; NaN: not measured |
    | `<quantity>_spread` | float | largest minus smallest sample, in the same unit |
    | `<quantity>_provenance` | category | `measured`, `simulated` or `estimated`; missing where not measured |
    | `macs` | int | multiply-accumulates of one inference |
    | `limits` | str | the constraints that held, joined by `; ` |
    | `flash_capacity`, `ram_capacity` | int, B | of the board |
    | `clock` | int, Hz | of the board's core |
    | `model_sha256`, `board_sha256`, `firmware_build_id` | str | hexadecimal; empty where there is none |
    | `versions` | str | tools, as `name version; name version` |
    | `flags` | str | the compiler's |
    | `git_commit`, `dut` | str | of the harness; the board of the rack |
    | `started` | datetime, UTC | start of the case |
    | `seconds` | float, s | wall time of the case |

    Args:
        paths: run directories or `records.jsonl` files.
        every_attempt: a row for every record, also those of cases that were tried again later; else the last counts.

    Raises:
        ResultsError: a path is neither, or a line is not a record.
    """
    import pandas as pd

    rows = []
    for path in paths:
        file = Path(path) if Path(path).is_file() else RunDirectory.open(path).path / RECORDS
        records = read_records(file) if file.exists() else []
        kept = records if every_attempt else {record.case: record for record in records}.values()
        rows += [_row(file.resolve().parent.name, record) for record in kept]
    frame = pd.DataFrame(rows, columns=_columns())
    categories = ["model", "quantization", "backend", "build", "board", "optimize", "outcome"]
    categories += [f"{quantity}_provenance" for quantity in QUANTITIES]
    numbers = [column for quantity in QUANTITIES for column in (quantity, f"{quantity}_spread")]
    types = dict.fromkeys(categories, "category") | dict.fromkeys([*numbers, "seconds"], "float64")
    frame = frame.astype(types | dict.fromkeys(_WHOLE_NUMBERS, "int64"))
    frame["started"] = pd.to_datetime(frame["started"], utc=True, format="ISO8601", errors="coerce")
    return frame


_WHOLE_NUMBERS = ("missing_bytes", "macs", "flash_capacity", "ram_capacity", "clock")


def _columns() -> list[str]:
    names = ["run", "case", "model", "quantization", "backend", "build", "board", "optimize"]
    names += ["outcome", "reason", "missing_bytes"]
    for quantity in QUANTITIES:
        names += [quantity, f"{quantity}_spread", f"{quantity}_provenance"]
    names += ["macs", "limits", "flash_capacity", "ram_capacity", "clock", "model_sha256", "board_sha256"]
    return [*names, "firmware_build_id", "versions", "flags", "git_commit", "dut", "started", "seconds"]


def _row(run: str, record: Record) -> dict[str, object]:
    candidate, origin = record.candidate, record.origin
    row: dict[str, object] = {
        "run": run,
        "case": record.case,
        "model": candidate.model,
        "quantization": candidate.quantization,
        "backend": candidate.backend,
        "build": candidate.build,
        "board": candidate.board,
        "optimize": candidate.optimize,
        "outcome": str(record.outcome.status),
        "reason": record.outcome.reason,
        "missing_bytes": record.outcome.missing_bytes,
        "macs": record.macs,
        "limits": "; ".join(record.limits),
        "flash_capacity": record.capacity.flash_bytes,
        "ram_capacity": record.capacity.ram_bytes,
        "clock": record.capacity.clock_hz,
        "model_sha256": origin.model_sha256,
        "board_sha256": origin.board_sha256,
        "firmware_build_id": origin.firmware_build_id,
        "versions": "; ".join(f"{tool} {version}" for tool, version in sorted(origin.versions.items())),
        "flags": " ".join(origin.flags),
        "git_commit": origin.git_commit,
        "dut": origin.dut,
        "started": origin.started,
        "seconds": origin.seconds,
    }
    for one in record.measurements:
        row[one.quantity] = one.value
        row[f"{one.quantity}_spread"] = one.spread
        row[f"{one.quantity}_provenance"] = str(one.provenance)
    return row
