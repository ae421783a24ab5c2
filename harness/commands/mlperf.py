"""`harness mlperf`: MLPerf Tiny's benchmarks on any board that speaks EEMBC's protocol, as the official runner does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.commands.chosen_model import OPTIMIZE

if TYPE_CHECKING:
    from harness.bench.mlperf.accuracy import Accuracy
    from harness.bench.mlperf.performance import Performance, Window
    from harness.commands.mlperf_subject import Subject
    from harness.model.mlperf_tiny import Benchmark

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

_BUILD_OPTIONS = (
    click.option("--quantization", default="int8", show_default=True, help="Of a model of the zoo, such as float32."),
    OPTIMIZE,
    click.option("--backend", default="tvm", help="The tool that makes the model's code."),
    click.option("--build", default="O2", show_default=True, help="How, such as O3-lto or Os-soft_float."),
)
_BOARD_OPTIONS = (
    click.option("--board", default="", help="Name or file of the board; virtual unless --rack is given."),
    click.option("--rack", type=_FILE, help="Rack file with the board."),
    click.option("--port", default="", help="Serial port of a board that is flashed already, instead of a rack."),
    click.option("--baud", default=115_200, show_default=True, help="Of the console, as the firmware sets it."),
    click.option("--firmware", type=_FILE, help="Image to flash: .elf, .hex or .bin."),
    click.option(
        "--model",
        default="",
        help="What to build firmware of: a .tflite file, a model of the zoo, or a benchmark (kws, vww, ic, ad). "
        "With --firmware or --port: which benchmark the image holds, if it does not say so itself.",
    ),
    *_BUILD_OPTIONS,
    click.option("--verify", is_flag=True, help="Read back every sample and result, for a line that garbles."),
    click.option("--timeout", default=120.0, show_default=True, help="Seconds that one inference may take here."),
    click.option(
        "--boot-timeout", default=15.0, show_default=True, help="Seconds until the firmware answers at first."
    ),
    click.option("--lease-timeout", default=60.0, show_default=True, help="Seconds to wait for a board of the rack."),
    click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where the run is kept."),
)


def _with(options: tuple[Callable[..., Any], ...]) -> Callable[..., Any]:
    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group()
def mlperf() -> None:
    """MLPerf Tiny's benchmarks over EEMBC's serial protocol, on any board that speaks it."""


@mlperf.command()
@_with(_BOARD_OPTIONS)
@click.option("--data", type=_FOLDER, help="Samples: y_labels.csv and .bin files, or files named ..._LABEL.bin.")
@click.option("--inputs", default=5, show_default=True, type=click.IntRange(1), help="How many samples, a window each.")
@click.option("--iterations", type=click.IntRange(1), help="Inferences in a window; default: at least 10, and 10 s.")
@click.option("--warmup", default=10, show_default=True, type=click.IntRange(0), help="Inferences before each window.")
@click.option("--energy", is_flag=True, help="Measure energy too, while the firmware holds the trigger pin high.")
def performance(
    data: Path | None,
    inputs: int,
    iterations: int | None,
    warmup: int,
    energy: bool,
    timeout: float,
    runs: Path,
    **wishes: Any,
) -> None:
    """Measure how many inferences the board does in a second, by its own clock."""
    from harness.bench.mlperf.performance import Plan
    from harness.commands.mlperf_run import run_performance
    from harness.commands.mlperf_subject import Request
    from harness.model.datasets.stimuli import read_stimuli

    plan = Plan(inputs, iterations, warmup, timeout)
    stimuli = read_stimuli(data) if data else None
    results, path = run_performance(Request(**wishes), plan, stimuli, energy, runs, _show_subject, _show_window)
    assert results.performance is not None
    _show_performance(results.performance, results.provenance)
    click.echo(f"kept in {path}")


@mlperf.command()
@_with(_BOARD_OPTIONS)
@click.option("--data", type=_FOLDER, required=True, help="Samples: y_labels.csv and .bin files, or ..._LABEL.bin.")
@click.option("--limit", type=click.IntRange(1), help="Take the first samples only.")
def accuracy(data: Path, limit: int | None, timeout: float, runs: Path, **wishes: Any) -> None:
    """Stream a data set through the board, and judge its answers."""
    from harness.commands.mlperf_run import run_accuracy
    from harness.commands.mlperf_subject import Request
    from harness.model.datasets.stimuli import read_stimuli

    stimuli = read_stimuli(data)[:limit]
    results, path = run_accuracy(Request(**wishes), stimuli, timeout, runs, _show_subject)
    assert results.accuracy is not None
    _show_accuracy(results.accuracy, results.benchmark, results.provenance)
    click.echo(f"kept in {path}")


@mlperf.command("build")
@click.option("--model", required=True, help="A .tflite file, a model of the zoo, or a benchmark (kws, vww, ic, ad).")
@click.option("--board", required=True, help="Name or file of the board.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".elf, .hex, .bin")
@_with(_BUILD_OPTIONS)
def build_image(
    model: str, board: str, output: Path, quantization: str, optimize: str, backend: str, build: str
) -> None:
    """Build firmware that speaks EEMBC's protocol, for the official runner or this one."""
    from harness.board.board_file import load_board
    from harness.commands.mlperf_firmware import build_firmware_of, save_image

    _, firmware = build_firmware_of(model, load_board(board), quantization, optimize, backend, build)
    save_image(firmware, output)
    click.echo(f"{output}: {model} for {board}, {firmware.target.console_baud:,} baud")


def _show_subject(subject: Subject) -> None:
    setup, who = subject.setup, subject.identity
    where = setup.spec.title if setup.spec else "a board on a serial port"
    what = subject.benchmark.title if subject.benchmark else "no benchmark of MLPerf Tiny"
    click.echo(f"{where} ({setup.provenance}): {who.name or 'nameless'} with {who.model or 'a nameless model'}, {what}")


def _show_window(window: Window) -> None:
    from harness.units import format_quantity

    energy = "" if window.energy_j is None else f", {format_quantity(window.energy_j, 'J')}"
    click.echo(
        f"{window.file}: {window.iterations:,} inferences in {window.microseconds * 1e-6:.3f} s: "
        f"{1 / window.latency_s:.3f} inf/s, {format_quantity(window.latency_s, 's')}{energy}"
    )


def _show_performance(found: Performance, provenance: str) -> None:
    from harness.units import format_quantity

    latency = format_quantity(found.latency_s, "s")
    click.echo(f"median throughput: {found.throughput:.3f} inf/s, latency {latency} ({provenance})")
    shortcomings = found.shortcomings()
    click.echo(
        f"not by the rules: {'; '.join(shortcomings)}" if shortcomings else "windows by the rules of MLPerf Tiny"
    )


def _show_accuracy(found: Accuracy, benchmark: Benchmark | None, provenance: str) -> None:
    if found.top1 is not None:
        click.echo(f"top-1 accuracy: {found.top1:.2%}, {found.right} of {len(found.files)} right ({provenance})")
    click.echo(
        "AUC: none, as not every class has a sample" if found.auc is None else f"AUC: {found.auc:.4f} ({provenance})"
    )
    for machine, auc in sorted(found.auc_of_machine.items()):
        click.echo(f"  machine {machine}: {auc:.4f}")
    if benchmark and (meets := found.meets(benchmark)) is not None:
        verdict = "reached" if meets else "missed"
        click.echo(f"quality target of the closed division, {benchmark.metric} {benchmark.target:g}: {verdict}")
