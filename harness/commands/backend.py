"""`harness backend`: the tools that make code, and which of them take a model, before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands.chosen_model import OPTIMIZE

if TYPE_CHECKING:
    from rich.table import Table

    from harness.deploy.backend import Backend
    from harness.deploy.options import BuildOptions
    from harness.deploy.target import Core, Target
    from harness.optimize.variant import Variant


@click.group()
def backend() -> None:
    """Backends: the tools that make a model's code."""


@backend.command("list")
@click.option("--operators", is_flag=True, help="Name all operators, too.")
def backend_list(operators: bool) -> None:
    """List what is installed, ours and others': versions, quantizations and cores."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from harness.deploy.backends import backend_names

    columns = ("backend", "versions", "cores", "takes")
    table = Table(*columns, box=box.SIMPLE_HEAD)
    for name in backend_names():
        table.add_row(name, *_described(name, operators))
    Console().print(table)


@backend.command("check")
@click.argument("model")
@click.option("--quantization", help="Of a model of the zoo: float32, int8, int16x8, ...; or all, one after another.")
@OPTIMIZE
@click.option("--board", "boards", multiple=True, metavar="BOARD", help="Name or file; may be repeated. Default: all.")
@click.option("--build", default="O2", show_default=True, help="How, such as O3-lto or Os-soft_float.")
def backend_check(model: str, quantization: str | None, optimize: str, boards: tuple[str, ...], build: str) -> None:
    """Tell which backends take MODEL, a file or a model of the zoo, and why the others do not; nothing is built."""
    from rich.console import Console

    from harness.board.board_file import list_boards, load_board
    from harness.commands.chosen_model import chosen_variant
    from harness.deploy.options import BuildOptions

    options, console = BuildOptions.parse(build), Console()
    targets = [load_board(name).target for name in boards or list_boards()]
    for wanted in _quantizations(model) if quantization == "all" else (quantization,):
        console.print(_verdicts(chosen_variant(model, wanted, optimize), targets, options))


def _quantizations(model: str) -> tuple[str, ...]:
    """All that a model comes in.

    Raises:
        ConfigError: it is a file that is taken as it is.
    """
    from harness.commands.chosen_model import AS_THEY_ARE
    from harness.errors import ConfigError
    from harness.model.zoo.classical import ClassicalEntry
    from harness.model.zoo.find import find_entry, is_buildable
    from harness.optimize.quantization import CLASSICAL_QUANTIZATIONS, NETWORK_QUANTIZATIONS

    if Path(model).suffix in AS_THEY_ARE:
        raise ConfigError(f"{model} is taken as it is; --quantization all is for what is converted here")
    classical = is_buildable(model) and isinstance(find_entry(model), ClassicalEntry)
    return CLASSICAL_QUANTIZATIONS if classical else NETWORK_QUANTIZATIONS


def _verdicts(variant: Variant, targets: Sequence[Target], options: BuildOptions) -> Table:
    from rich import box
    from rich.table import Table

    from harness.deploy.backends import backend_names, find_backend
    from harness.errors import ConfigError

    table = Table("backend", "boards", f"{variant.model.name}, {variant.quantization}", box=box.SIMPLE_HEAD)
    for name in backend_names():
        try:
            found = _complaints(find_backend(name), variant, targets, options)
        except ConfigError as error:
            found = {(str(error),): ["-"]}
        for complaints, names in found.items():
            all_alike = len(found) == 1 and len(targets) > 1
            table.add_row(
                name, f"all {len(targets)}" if all_alike else ", ".join(names), "\n".join(complaints) or "yes"
            )
    return table


def _described(name: str, operators: bool) -> tuple[str, str, str]:
    """Versions, cores and operators, as text; why it can't be loaded instead, where it can't."""
    from harness.deploy.backend import Claiming
    from harness.deploy.backends import find_backend
    from harness.errors import ConfigError

    try:
        found = find_backend(name)
    except ConfigError as error:
        return "-", "-", str(error)
    versions = "\n".join(f"{package} {version}" for package, version in found.versions().items())
    if not isinstance(found, Claiming):
        return versions, "not told", "not told; see harness backend check"
    claims = found.claims()
    takes = [
        f"{quantization}: {', '.join(names) if operators else f'{len(names)} operators'}"
        for quantization, names in claims.operators.items()
    ]
    return versions, _cores(claims.cores), "\n".join(takes) or "nothing on this machine; see harness backend check"


def _cores(cores: Sequence[Core]) -> str:
    from harness.deploy.target import Core

    return "all" if set(cores) == set(Core) else ", ".join(core.removeprefix("cortex-") for core in cores)


def _complaints(
    tool: Backend, variant: Variant, targets: Sequence[Target], options: BuildOptions
) -> dict[tuple[str, ...], list[str]]:
    """The boards for which a backend has each set of complaints."""
    from harness.deploy.backend import complaints_of

    found: dict[tuple[str, ...], list[str]] = {}
    for target in targets:
        found.setdefault(tuple(complaints_of(tool, variant, target, options)), []).append(target.name)
    return found
