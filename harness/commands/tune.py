"""Tuning a model's kernels on a board, for `harness tune` and for `pytest --tune`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.board.dut import Dut
    from harness.deploy.firmware import Firmware
    from harness.deploy.options import BuildOptions
    from harness.deploy.tvm.tuning import Progress
    from harness.optimize.variant import Variant


def tune_on(dut: Dut, variant: Variant, options: BuildOptions, trials: int) -> Progress | None:
    """Tune on an open board, showing how far it has come; None where there is nothing to tune, or nothing new to try.

    Raises:
        HarnessError: building or the board failed; what was measured is kept.
    """
    from harness.bench.step_cycles import step_cycles
    from harness.deploy.tvm.tuning import Tuner
    from harness.deploy.tvm.tuning_records import TuningFile
    from harness.progress import progress_bar

    def measure(firmware: Firmware) -> tuple[int, ...]:
        return step_cycles(dut, firmware)

    tuner = Tuner(variant, dut.spec.target, options, measure, TuningFile.of_user())
    last = None
    with progress_bar(f"{variant.model.name} on {dut.name}: tuning") as show:
        for last in tuner.run(trials):
            show(last.trials, last.total, f"best {last.best:,.0f} cycles, {last.best / last.first - 1:+.1%}")
    return last


def tune_from_command_line(
    board: str, model: str, quantization: str, optimize: str, build: str, trials: int, rack: Path | None
) -> str:
    """Tune as `harness tune` was asked to, and say what has come of it.

    Raises:
        HarnessError: the model or the board can't be had, or building failed.
    """
    from harness.board.dut import open_dut
    from harness.board.lease import lease
    from harness.board.rack import Kind, Rack, RackEntry, load_rack
    from harness.commands.chosen_model import chosen_variant
    from harness.deploy.options import BuildOptions
    from harness.deploy.tvm.tuning_records import TuningFile

    variant, options = chosen_variant(model, quantization, optimize), BuildOptions.parse(build)
    duts = load_rack(rack) if rack else Rack("virtual", (RackEntry("virtual", board, Kind.VIRTUAL),))
    with lease(duts, board, timeout=60.0) as entry, open_dut(entry) as dut:
        found = tune_on(dut, variant, options, trials)
    if found is None:
        return f"{variant.model.name}: there is nothing to tune, or nothing that was not tried before"
    return (
        f"{variant.model.name} on {board}: {found.trials} trials; tuned kernels take {found.best:,.0f} cycles, "
        f"{found.first:,.0f} by rules ({found.best / found.first - 1:+.1%})\nkept in {TuningFile.of_user().path}"
    )
