"""Sections of the page about time: published latencies of other stacks beside those of the `tvm` backend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from comparison.models import model_file
from comparison.published import Published, edgemark, eth, mlperf
from comparison.simulated import Simulated, simulate
from comparison.table import spread, table, time
from harness.board.board_file import load_board
from harness.errors import HarnessError

REFERENCE = "nucleo_l4r5zi"
"""The board whose model of time was checked against one and the same stack."""
STREAMING = "AD"
"""The network that reads each weight once from flash."""


def ours(row: Published, backend: str = "tvm") -> Simulated:
    """The same network by one of our backends on the board of the same name."""
    return simulate(row.board, model_file(row.model, row.quantization), backend)


def _rows(rows: Sequence[Published], backends: Sequence[str]) -> list[str]:
    columns = ["board", "network", "type", "published stack", "published:"]
    columns += [f"{head}:" for backend in backends for head in (f"`{backend}`, simulated", "ratio")]
    lines = []
    ratios: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        assert row.seconds is not None
        cells = [row.title, row.model, row.quantization, row.stack, time(row.seconds)]
        for backend in backends:
            simulated = ours(row, backend).seconds
            ratios[backend].append(simulated / row.seconds)
            cells += [time(simulated), f"{ratios[backend][-1]:.2f}"]
        lines.append(cells)
    return [*table(columns, lines), "", *(f"- `{backend}`: {spread(found)}" for backend, found in ratios.items())]


def mlperf_section(truth: Path) -> list[str]:
    """X-CUBE-AI, int8."""
    return _rows(mlperf(truth), ("cmsis_nn", "tvm"))


def eth_section(truth: Path) -> list[str]:
    """TensorFlow Lite Micro on mbed, `-Ofast`."""
    int8 = [row for row in eth(truth) if row.quantization == "int8"]
    floats = [row for row in eth(truth) if row.quantization == "float32"]
    return [*_rows(int8, ("cmsis_nn", "tvm")), "", *_rows(floats, ("tvm",))]


def edgemark_section(truth: Path) -> list[str]:
    """EdgeMark's networks: one line each, a column for each stack."""
    rows = edgemark(truth)
    stacks = sorted({row.stack for row in rows}, key=lambda stack: (not stack.startswith("TFLM"), stack))
    by_network: dict[tuple[str, str], dict[str, Published]] = defaultdict(dict)
    for row in rows:
        by_network[row.model, row.quantization][row.stack] = row
    lines, ratios, left_out = [], defaultdict(list), []
    for (model, quantization), published in sorted(by_network.items(), key=lambda one: _order(*one[0])):
        try:
            simulated = ours(next(iter(published.values()))).seconds
        except HarnessError as error:
            left_out.append(f"{model} {quantization} ({str(error).splitlines()[-1].strip()})")
            continue
        cells = []
        for stack in stacks:
            seconds = published[stack].seconds if stack in published else None
            cells.append(f"{time(seconds)} ({simulated / seconds:.2f})" if seconds else "")
            if seconds:
                ratios[stack].append(simulated / seconds)
        lines.append((model, quantization, time(simulated), *cells))
    found = [f"- {stack}: {spread(ratios[stack])}" for stack in stacks]
    columns = ["network", "type", "`tvm`, simulated:", *(f"{stack}:" for stack in stacks)]
    text = ["", f"Not compiled by the backend: {'; '.join(left_out)}."] if left_out else []
    return [*table(columns, lines), "", *found, *text]


def _order(model: str, quantization: str) -> tuple[str, int, str]:
    kind, number = model.split("_")
    return kind, int(number), quantization


def between_boards_section(truth: Path) -> list[str]:
    """Cycles on one board over cycles on another, the same stack on both: published, and ours."""
    rows = {(row.board, row.stack, row.model): row for row in mlperf(truth)}
    pairs = [(row, rows[REFERENCE, row.stack, row.model]) for row in rows.values() if row.board != REFERENCE]
    pairs += _pairs(eth(truth), "LeNet5", "int8")
    lines = []
    errors: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row, other in pairs:
        published = _cycles(row) / _cycles(other)
        nearest, own = (ours(row, one).cycles / ours(other, one).cycles for one in ("cmsis_nn", "tvm"))
        boards = f"{row.title} / {other.title}"
        if "reference" not in row.stack:
            errors[boards, row.stack].append(nearest / published - 1)
        ratios = (f"{published:.3f}", f"{nearest:.3f}", f"{nearest / published - 1:+.1%}", f"{own:.3f}")
        lines.append((boards, row.model, row.stack, *ratios))
    columns = ["boards", "network", "published stack", "published:", "`cmsis_nn`:", "to published:", "`tvm`:"]
    found = [f"- {boards}, {stack}: {fmean(sizes):+.1%} in the mean" for (boards, stack), sizes in errors.items()]
    return [*table(columns, lines), "", *found]


def _pairs(rows: Sequence[Published], model: str, quantization: str) -> list[tuple[Published, Published]]:
    """The same network and stack on the DISCO-F469NI and the NUCLEO-L496ZG."""
    chosen = [row for row in rows if (row.model, row.quantization) == (model, quantization)]
    first = {row.stack: row for row in chosen if row.board == "disco_f469ni"}
    return [(first[row.stack], row) for row in chosen if row.board == "nucleo_l496zg" and row.stack in first]


def _cycles(row: Published) -> float:
    assert row.seconds is not None
    return row.seconds * load_board(row.board).target.clock_hz
