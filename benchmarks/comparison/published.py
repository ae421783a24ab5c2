"""Published measurements on silicon (`../shared/truth`) as values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness.board.board_file import list_boards

MLPERF, ETH, EDGEMARK = "mlperf_tiny_calibration.csv", "eth_thesis_calibration.csv", "edgemark_calibration.csv"
QUANTIZATIONS = {"int8": "int8", "float32": "float32", "float32(basic)": "float32", "q_full_int_only": "int8"}
"""What is int8 or float32 throughout, by the words of the files."""
_SOFT_FLOAT = re.compile(r"soft-float", re.IGNORECASE)
_SUPPLY = re.compile(r"at (\d\.\d) ?V", re.IGNORECASE)
_EDGEMARK_STACKS = {"TFLM": "TFLM", "Edge Impulse EON": "EON", "Ekkono Crystal": "Crystal"}


@dataclass(frozen=True)
class Published:
    """One network on one board with one stack: what was measured of it.

    Attributes:
        board: name of its file in `lab/boards`; `title` is what the row calls it.
        model: as the file names it, shortened.
        quantization: int8 or float32.
        stack: with its version; `flags` of the compiler.
        seconds, energy_j, power_w: of an inference; None where there is no such row.
        supply_v: at which energy and power were measured; None where the row does not say it.
    """

    board: str
    title: str
    model: str
    quantization: str
    stack: str
    flags: str = ""
    seconds: float | None = None
    energy_j: float | None = None
    power_w: float | None = None
    supply_v: float | None = None


def mlperf(truth: Path) -> list[Published]:
    """MLPerf Tiny's four networks, int8."""
    table = _read(truth / MLPERF)
    table["short"] = table.model.str.extract(r"\b(AD|IC|KWS|VWW)\b", expand=False)
    return [_merged(group) for _, group in table.groupby(["toolchain_stack", "name", "short"], sort=False)]


def eth(truth: Path) -> list[Published]:
    """LeNet-5 and ResNet-20 of the ETH thesis, with the FPU on."""
    table = _read(truth / ETH)
    table = table[table.metric.isin(["latency", "energy_per_inference", "avg_power_derived"])]
    table["short"] = table.model.str.extract(r"^(\w+)", expand=False)
    keys = ["name", "short", "quantization", "toolchain_stack"]
    return [_merged(group) for _, group in table.groupby(keys, sort=False)]


def edgemark(truth: Path) -> list[Published]:
    """EdgeMark's fully connected and convolutional networks."""
    table = _read(truth / EDGEMARK)
    table = table[(table.metric == "latency") & table.model.str.match(r"(FC|CNN)_\d+$")]
    table["short"] = table.model
    optimization = table.compiler_flags.str.extract(r"(-O\w+)", expand=False)
    stack = table.toolchain_stack.str.extract(f"^({'|'.join(_EDGEMARK_STACKS)})", expand=False).map(_EDGEMARK_STACKS)
    table["toolchain_stack"] = stack + " " + optimization
    return [_merged(group) for _, group in table.groupby(["name", "short", "quantization", "toolchain_stack"])]


def _read(path: Path) -> pd.DataFrame:
    """Rows of boards that are described here, int8 or float32 throughout, computed in hardware."""
    table = pd.read_csv(path)
    names = table.board.str.lower().str.replace("-", "_")
    table["name"] = names.where(names.isin(list_boards()))
    table["quantization"] = table.quantization.map(QUANTIZATIONS)
    soft = table.compiler_flags.fillna("").str.contains(_SOFT_FLOAT)
    return table[~soft].dropna(subset=["name", "quantization"]).copy()


def _merged(group: pd.DataFrame) -> Published:
    first, value = group.iloc[0], dict(zip(group.metric, group.value.astype(float), strict=True))
    return Published(
        board=first["name"],
        title=first["board"],
        model=first["short"],
        quantization=first["quantization"],
        stack=first["toolchain_stack"],
        flags=str(first["compiler_flags"]),
        seconds=_scaled(value.get("latency"), 1e-3),
        energy_j=_energy(group),
        power_w=_scaled(value.get("avg_power_derived"), 1e-3),
        supply_v=_supply(group.notes),
    )


def _energy(group: pd.DataFrame) -> float | None:
    rows = group[group.metric == "energy_per_inference"]
    if rows.empty:
        return None
    return float(rows.iloc[0].value) * {"u": 1e-6, "m": 1e-3}[rows.iloc[0].unit[0]]


def _supply(notes: Iterable[Any]) -> float | None:
    found = [match for match in (_SUPPLY.search(str(note)) for note in notes) if match]
    return float(found[0].group(1)) if found else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
