"""Sections of the page about time: published latencies of other stacks beside those of the `tvm` backend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from comparison.models import model_file
from comparison.published import Published, edgemark, eth, mlperf
from comparison.simulated import Simulated, simulate
from comparison.table import spread, table, time
from harness.board.board_file import load_board
from harness.errors import HarnessError

REFERENCE = "nucleo_l4r5zi"
"""The board whose model of time was checked against one and the same stack."""
STREAMING, COMPUTING = "AD", "KWS"
"""The network that reads each weight once from flash, and the one that waits least for it."""
STREAMED_BYTES = 264_192
"""Of AD's weights, int8: two matrices of 640 x 128, six of 128 x 128, two of 128 x 8."""


def ours(row: Published) -> Simulated:
    """The same network by the `tvm` backend on the board of the same name."""
    return simulate(row.board, model_file(row.model, row.quantization))


def _rows(rows: Sequence[Published]) -> list[str]:
    columns = ["board", "network", "type", "published stack", "published:", "simulated, `tvm`:", "ratio:"]
    lines, ratios = [], []
    for row in rows:
        assert row.seconds is not None
        simulated = ours(row).seconds
        ratios.append(simulated / row.seconds)
        cells = (row.title, row.model, row.quantization, row.stack, time(row.seconds), time(simulated))
        lines.append((*cells, f"{ratios[-1]:.2f}"))
    return [*table(columns, lines), "", f"Ratio: {spread(ratios)}."]


def mlperf_section(truth: Path) -> list[str]:
    """X-CUBE-AI, int8."""
    return _rows(mlperf(truth))


def eth_section(truth: Path) -> list[str]:
    """TensorFlow Lite Micro on mbed, `-Ofast`."""
    return _rows(eth(truth))


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
    lines = []
    for (board, stack, model), row in rows.items():
        if board == REFERENCE:
            continue
        other = rows[REFERENCE, stack, model]
        mine, reference = ours(row), ours(other)
        compute = (mine.cycles - mine.stalled) / (reference.cycles - reference.stalled)
        ratios = (_cycles(row) / _cycles(other), mine.cycles / reference.cycles, compute)
        lines.append((f"{row.title} / {other.title}", model, stack, *(f"{one:.2f}" for one in ratios)))
    for model, quantization in (("LeNet5", "int8"), ("LeNet5", "float32")):
        pairs = _pairs(eth(truth), model, quantization)
        for row, other in pairs:
            mine, reference = ours(row), ours(other)
            compute = (mine.cycles - mine.stalled) / (reference.cycles - reference.stalled)
            ratios = (_cycles(row) / _cycles(other), mine.cycles / reference.cycles, compute)
            name = f"{model} {quantization}"
            lines.append((f"{row.title} / {other.title}", name, row.stack, *(f"{one:.2f}" for one in ratios)))
    columns = ["boards", "network", "published stack", "published:", "simulated, `tvm`:", "without waiting:"]
    return table(columns, lines)


def _pairs(rows: Sequence[Published], model: str, quantization: str) -> list[tuple[Published, Published]]:
    """The same network and stack on the DISCO-F469NI and the NUCLEO-L496ZG."""
    chosen = [row for row in rows if (row.model, row.quantization) == (model, quantization)]
    first = {row.stack: row for row in chosen if row.board == "disco_f469ni"}
    return [(first[row.stack], row) for row in chosen if row.board == "nucleo_l496zg" and row.stack in first]


def flash_line_section(truth: Path) -> list[str]:
    """What a line of flash costs, from the published cycles of a network that streams and of one that computes."""
    rows = {(row.board, row.stack, row.model): row for row in mlperf(truth)}
    lines = []
    for board in ("nucleo_h7a3zi_q", "nucleo_u575zi_q"):
        spec = load_board(board).memory_timing
        line = spec.level1.line if spec.level1 else spec.accelerator.line if spec.accelerator else 0
        for stack in dict.fromkeys(stack for _, stack, _ in rows):
            share = _busy(rows[board, stack, COMPUTING]) / _busy(rows[REFERENCE, stack, COMPUTING])
            waited = _cycles(rows[board, stack, STREAMING]) - share * _busy(rows[REFERENCE, stack, STREAMING])
            modelled = ours(rows[board, stack, STREAMING]).stalled
            count = STREAMED_BYTES / line
            title = rows[board, stack, STREAMING].title
            lines.append(
                (title, stack, f"{share:.2f}", f"{waited:,.0f}", f"{waited / count:.1f}", f"{modelled / count:.1f}")
            )
    columns = ["board", "published stack", "KWS over L4R5ZI:", "AD waits, cycles:", "a line:", "a line, simulated:"]
    return table(columns, lines)


def _busy(row: Published) -> float:
    """Published cycles less those in which our own build waits for memory."""
    return _cycles(row) - ours(row).stalled


def _cycles(row: Published) -> float:
    assert row.seconds is not None
    return row.seconds * load_board(row.board).target.clock_hz
