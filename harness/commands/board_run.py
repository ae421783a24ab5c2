"""What `harness board run` says before and after, and how it is interrupted."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from harness.board.spec import BoardSpec
    from harness.board.virtual.host_ports import HostPort
    from harness.board.virtual.image import Image
    from harness.board.virtual.run_board import BoardRun
    from harness.board.virtual.run_ending import Ending, RunPlan

_ENOUGH_TO_TELL_A_SPEED = 1_000_000


def run(board: str, image: Path, address: int | None, uart: str, plan: RunPlan) -> bool:
    """Run an image on a board, and tell of it; whether it ended as it was to.

    Where the console is this process's standard output, what is told goes to standard error.

    Raises:
        HarnessError: board, image, port or trace file are not what they have to be.
    """
    from harness.board.board_file import load_board
    from harness.board.virtual.host_ports import StdioPort, open_port
    from harness.board.virtual.image import read_image
    from harness.board.virtual.run_board import BoardRun

    spec = load_board(board)
    loaded = read_image(image, spec, address)
    host = open_port(uart)
    out = sys.stderr if isinstance(host, StdioPort) else sys.stdout
    running = BoardRun(spec, loaded, plan, host)
    _introduce(running, spec, loaded, host, plan, out)
    _log_to(out)
    before = signal.signal(signal.SIGINT, _interrupts(running))
    began = time.monotonic()
    try:
        ending = running.run()
    finally:
        signal.signal(signal.SIGINT, before)
    _sum_up(running, loaded, ending, time.monotonic() - began, out)
    return ending.well


def _interrupts(run: BoardRun) -> Callable[[int, FrameType | None], None]:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        run.interrupt()

    return handle


def _log_to(out: TextIO) -> None:
    """What the board has to say of itself, such as registers that are not modelled, once each."""
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("note: %(message)s"))
    logger = logging.getLogger("harness.board.virtual")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _introduce(run: BoardRun, spec: BoardSpec, image: Image, host: HostPort, plan: RunPlan, out: TextIO) -> None:
    from harness.board.virtual.probe_server import LOOPBACK
    from harness.units import format_quantity

    symbols = f", {len(image.symbols):,} functions" if len(image.symbols) else ""
    clock = format_quantity(spec.target.clock_hz, "Hz")
    lines = [
        f"board:   {spec.title}, {spec.mcu}, {spec.target.core}, up to {clock}, simulated"
        + ("" if plan.timed else " without what memory costs: cycles mean little"),
        f"image:   {image.path} ({image.format}, {image.size:,} bytes{symbols})",
        f"console: {host.where}",
        f"probe:   pyocd commander -u remote:{LOOPBACK}:{run.probe_port} -t cortex_m",
    ]
    if run.gdb_port is not None:
        lines.append(f"gdb:     target extended-remote {LOOPBACK}:{run.gdb_port} (the core waits at its reset vector)")
    if plan.trace is not None:
        lines.append(f"trace:   {plan.trace}")
    click.echo("\n".join(lines), file=out)


def _sum_up(run: BoardRun, image: Image, ending: Ending, host_s: float, out: TextIO) -> None:
    from harness.units import format_quantity

    figures = run.figures()
    busy = figures.instructions >= _ENOUGH_TO_TELL_A_SPEED
    speed = f" ({figures.instructions / host_s / 1e6:.0f} MIPS)" if busy else ""
    lines = [
        "",
        f"{'ended' if ending.well else 'failed'}: {ending.reason}",
        f"virtual time {format_quantity(figures.seconds, 's')}, {figures.cycles:,} cycles, "
        f"{figures.instructions:,} instructions in {host_s:.1f} s here{speed}, asleep {figures.asleep:.0%}",
    ]
    if figures.console is not None:
        lines.append(f"console: {figures.console[0]} at {figures.console[1]:,} baud")
    lines += [
        f"reset: {reset.cause} at {image.symbols.name(reset.pc)}, cycle {reset.cycle:,}" for reset in figures.resets
    ]
    lines += [f"{run.describe(fault)}, cycle {fault.cycle:,}" for fault in figures.faults]
    click.echo("\n".join(lines), file=out)
