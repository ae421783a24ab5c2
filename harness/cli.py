"""The `harness` command: what is on the shelf, and what past runs gave. Benchmarks themselves are run by pytest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import __version__
from harness.commands.backend import backend
from harness.commands.board import board
from harness.commands.chosen_model import OPTIMIZE
from harness.commands.data import data
from harness.commands.mlperf import mlperf
from harness.commands.model import model
from harness.errors import HarnessError

if TYPE_CHECKING:
    from rich.table import Table


class _Group(click.Group):
    """Shows an error of the harness as one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HarnessError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Which model, quantized how, compiled by what, on which board, meets my limits?"""


main.add_command(backend)
main.add_command(board)
main.add_command(data)
main.add_command(mlperf)
main.add_command(model)


@main.command()
@click.option("--board", "board_name", required=True, help="Name of the board; virtual unless --rack is given.")
@click.option("--model", required=True, help="A .tflite file, a model of the zoo, or a benchmark (kws, vww, ic, ad).")
@click.option("--quantization", default="float32", show_default=True, help="Of a model of the zoo.")
@OPTIMIZE
@click.option("--build", default="O2", show_default=True, help="How, such as O3-lto or Os-soft_float.")
@click.option("--trials", default=64, show_default=True, help="Runs on the board, at most.")
@click.option("--rack", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Rack file with the board.")
def tune(
    board_name: str, model: str, quantization: str, optimize: str, build: str, trials: int, rack: Path | None
) -> None:
    """Try out on a board what makes the tvm backend's kernels fastest; later builds use what is found."""
    from harness.commands.tune import tune_from_command_line

    click.echo(tune_from_command_line(board_name, model, quantization, optimize, build, trials, rack))


@main.group()
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run directories are kept.")
@click.pass_context
def run(context: click.Context, runs: Path) -> None:
    """Past runs."""
    context.obj = runs


@run.command("list")
@click.pass_obj
def run_list(runs: Path) -> None:
    """List the runs, newest last."""
    from harness.results.run import list_runs
    from harness.results.store import RunDirectory

    table = _table("run", "cases", "passed", "command")
    for path in list_runs(runs):
        directory = RunDirectory(path)
        results = directory.results().values()
        passed = sum(record.outcome.status == "passed" for record in results)
        table.add_row(directory.run_id, str(len(results)), str(passed), " ".join(directory.facts.command[1:]))
    _print(table)


@run.command("show")
@click.argument("run_id", metavar="RUN", default="latest")
@click.pass_obj
def run_show(runs: Path, run_id: str) -> None:
    """Show verdicts and Pareto front of a run: an id, a path, or `latest`."""
    from harness.results.store import RunDirectory
    from reports.text import summary_text

    directory = RunDirectory.open(run_id, runs)
    click.echo(f"run {directory.run_id}")
    click.echo(summary_text(list(directory.results().values())))


@main.command()
@click.argument("run_id", metavar="RUN", default="latest")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run directories are kept.")
@click.option("--output", type=click.Path(path_type=Path), help="Where to write it; default: report.html in the run.")
def report(run_id: str, runs: Path, output: Path | None) -> None:
    """Write the HTML report of a run: an id, a path, or `latest`."""
    from harness.results.store import RunDirectory
    from reports.html import write_report

    directory = RunDirectory.open(run_id, runs)
    click.echo(write_report(directory, output or directory.path / "report.html"))


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    return Table(*columns, box=box.SIMPLE_HEAD)


def _print(table: Table) -> None:
    from rich.console import Console

    Console().print(table)
