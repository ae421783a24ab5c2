"""The section about energy: published power and energy of an inference beside the virtual boards'."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean

from comparison.latencies import STREAMING, ours
from comparison.published import Published, eth, mlperf
from comparison.table import errors, table
from harness.board.board_file import load_board

_STATED = re.compile(r"mean error ([\d.]+) %, worst ([\d.]+) %")
_POINTS = 0.3
"""Of a percentage: what is stated may be so far from what is; another build of AD waits a little more or less."""


def measured(truth: Path) -> list[Published]:
    """All rows with energy and power."""
    return [row for row in (*mlperf(truth), *eth(truth)) if row.energy_j and row.power_w and row.seconds]


def power_error(row: Published) -> float:
    """Of the power model alone.

    A network that reads each weight once waits as long as our own build, in the published time of an inference. How
    often others read theirs anew is their compilers' matter: they are taken not to wait.
    """
    assert row.seconds is not None
    assert row.power_w is not None
    simulated = ours(row)
    waiting = simulated.stalled / (row.seconds * simulated.spec.target.clock_hz) if row.model == STREAMING else 0.0
    return simulated.power_w(row.supply_v, waiting) / row.power_w - 1


def energy_section(truth: Path) -> list[str]:
    """A line for each row, and the errors of each board."""
    lines, by_board, ratios = [], defaultdict(list), []
    for row in measured(truth):
        assert row.energy_j is not None
        assert row.power_w is not None
        simulated, error = ours(row), power_error(row)
        by_board[row.title].append(error)
        energy = simulated.power_w(row.supply_v) * simulated.seconds
        ratios.append(energy / row.energy_j)
        volts = row.supply_v or simulated.spec.power.voltage_v
        power = (f"{row.power_w * 1e3:.1f} mW", f"{row.power_w * (1 + error) * 1e3:.1f} mW", f"{error:+.1%}")
        energies = (f"{row.energy_j * 1e3:.4g} mJ", f"{energy * 1e3:.4g} mJ", f"{ratios[-1]:.2f}")
        lines.append((row.title, row.model, row.stack, f"{volts:.1f} V", *power, *energies))
    columns = ["board", "network", "published stack", "supply", "power:", "power model:", "error:"]
    columns += ["energy:", "`tvm`, simulated:", "ratio:"]
    found = [f"- {title}: power, {errors(values)} ({len(values)} rows)" for title, values in by_board.items()]
    every = [error for values in by_board.values() for error in values]
    text = [
        f"- all: power, {errors(every)} ({len(every)} rows); energy of an inference, mean ratio {fmean(ratios):.2f}"
    ]
    return [*table(columns, lines), "", *found, *text]


def untrue_statements(truth: Path) -> list[str]:
    """Board files whose `calibration` states other errors than there are."""
    by_board = defaultdict(list)
    for row in measured(truth):
        by_board[row.board].append(abs(power_error(row)))
    found = []
    for board, sizes in by_board.items():
        stated = _STATED.search(load_board(board).power.calibration)
        percent = fmean(sizes) * 100, max(sizes) * 100
        true = f"mean error {percent[0]:.1f} %, worst {percent[1]:.1f} %"
        said = zip(map(float, stated.groups()), percent, strict=True) if stated else ()
        if stated is None or any(abs(one - other) > _POINTS for one, other in said):
            found.append(
                f"lab/boards/{board}.yaml: power.calibration: {stated and stated.group(0)!r}, but it is {true!r}"
            )
    return found
