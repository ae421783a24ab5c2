"""What `harness board explain` runs, and the tables that it prints."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from harness.bench.cycle_account import CycleAccount, CyclePart
    from harness.bench.explain_run import Passage

_LEAST_SHARE = 0.005
"""Causes that make less of the whole share one column."""
_LEAST_WIDTH, _WIDTH_OF_THE_REST, _WIDTH_OF_A_CAUSE = 120, 76, 11
_MOST_FUNCTIONS = 25


def account_of_model(
    board: str, model: str, quantization: str | None, backend: str, build: str, optimize: str = ""
) -> CycleAccount:
    """Build bench firmware of a model and account for an inference.

    Raises:
        HarnessError: the model can't be built for the board, or does not run there.
    """
    from harness.bench.explain import explain_inference
    from harness.board.board_file import load_board
    from harness.commands.chosen_model import chosen_variant
    from harness.deploy.backends import find_backend
    from harness.deploy.build import build_firmware
    from harness.deploy.options import BuildOptions
    from harness.progress import status

    spec, tool = load_board(board), find_backend(backend)
    with status(f"building {model} for {spec.name}"):
        variant = chosen_variant(model, quantization, optimize)
        firmware = build_firmware(variant, spec.target, tool, BuildOptions.parse(build))
    _hush()
    with status(f"running it on a virtual {spec.title}"):
        return explain_inference(spec, variant, firmware)


def account_of_image(board: str, image: Path, passage: Passage) -> CycleAccount:
    """Run any image and account for a passage of its run.

    Raises:
        HarnessError: it is no image for this board, or does not print what it was to.
    """
    from harness.bench.explain_run import explain_run
    from harness.board.board_file import load_board
    from harness.board.virtual.image import read_image
    from harness.progress import status

    spec = load_board(board)
    loaded = read_image(image, spec)
    _hush()
    with status(f"running {image.name} on a virtual {spec.title}"):
        return explain_run(spec, loaded, passage)


def _hush() -> None:
    """What the board has to say of the firmware's ways is a matter of running it, not of explaining it."""
    logging.getLogger("harness.board.virtual").setLevel(logging.ERROR)


def as_json(account: CycleAccount) -> str:
    """The account with its sums, on one line."""
    content = json.loads(account.to_json())
    for part, shown in zip(account.parts, content["parts"], strict=True):
        shown["cycles"] = part.cycles
    return json.dumps({**content, "cycles": account.cycles, "causes": account.causes})


def show(account: CycleAccount) -> None:
    """Print it as tables."""
    from rich.console import Console

    from harness.units import format_quantity

    console = Console()
    console = Console(width=max(console.width, _LEAST_WIDTH))
    time = format_quantity(account.cycles / account.clock_hz, "s")
    clock = format_quantity(account.clock_hz, "Hz")
    console.print(f"{account.subject} on {account.board}: {account.cycles:,} cycles, {time} at {clock} (simulated)")
    if account.measured_cycles is not None:
        difference = account.cycles / account.measured_cycles - 1
        console.print(f"the firmware's own cycle counter says {account.measured_cycles:,} ({difference:+.3%})")
    console.print(_parts_table(account, console.width))
    console.print(_causes_table(account))
    for name, (hits, misses) in account.caches.items():
        console.print(f"{name}: {hits:,} hits, {misses:,} misses ({misses / (hits + misses):.2%})")
    if unresolved := sum(part.unresolved for part in account.parts):
        console.print(f"accesses that could not be timed, as their addresses were not known ahead: {unresolved:,}")


def _parts_table(account: CycleAccount, width: int) -> Table:
    layers = any(part.layers for part in account.parts)
    shown = account.parts if layers else account.parts[:_MOST_FUNCTIONS]
    columns = _columns(account.causes, max(1, (width - _WIDTH_OF_THE_REST) // _WIDTH_OF_A_CAUSE))
    table = _table(caption=_caption(account, len(shown)))
    table.add_column("layer" if layers else "function", no_wrap=True, overflow="ellipsis")
    for name in ("cycles", "share", *(("MACs", "cyc/MAC") if layers else ()), *columns, "other"):
        table.add_column(name, justify="right", no_wrap=name not in columns)
    for number, part in enumerate(shown, 1):
        table.add_row(
            f"{number} {part.title or part.name}" if layers else part.name, *_cells(part, account, columns, layers)
        )
    table.add_section()
    table.add_row("all", *_cells(_whole(account), account, columns, layers))
    return table


def _columns(causes: dict[str, int], most: int) -> list[str]:
    """The causes that have a column of their own: the largest ones, in their usual order."""
    least = _LEAST_SHARE * sum(causes.values())
    largest = sorted((cause for cause, cycles in causes.items() if cycles >= least), key=causes.__getitem__)[-most:]
    return [cause for cause in causes if cause in largest]


def _cells(part: CyclePart, account: CycleAccount, columns: list[str], layers: bool) -> list[str]:
    cycles = part.cycles
    macs = [f"{part.macs:,}", f"{cycles / part.macs:.2f}"] if part.macs else ["", ""]
    causes = [_percent(part.causes.get(cause, 0), cycles) for cause in columns]
    rest = cycles - sum(part.causes.get(cause, 0) for cause in columns)
    share = f"{cycles / account.cycles:.1%}" if account.cycles else ""
    return [f"{cycles:,}", share, *(macs if layers else []), *causes, _percent(rest, cycles)]


def _percent(cycles: int, of: int) -> str:
    return f"{100 * cycles / of:.0f} %" if cycles and of else ""


def _whole(account: CycleAccount) -> CyclePart:
    from harness.bench.cycle_account import CyclePart

    return CyclePart("all", account.causes, macs=sum(part.macs for part in account.parts))


def _caption(account: CycleAccount, shown: int) -> str:
    left = len(account.parts) - shown
    return f"and {left:,} functions with fewer cycles" if left else ""


def _causes_table(account: CycleAccount) -> Table:
    from harness.bench.cycle_account import CAUSES

    table = _table()
    table.add_column("cause")
    table.add_column("cycles", justify="right")
    table.add_column("share", justify="right")
    table.add_column("what that is")
    for cause, cycles in account.causes.items():
        table.add_row(cause, f"{cycles:,}", f"{cycles / account.cycles:.1%}", CAUSES.get(cause, ""))
    return table


def _table(caption: str = "") -> Table:
    from rich import box
    from rich.table import Table

    return Table(
        box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, caption=caption or None, caption_justify="left"
    )
