"""What `harness board new` writes, and what `harness board check` tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.errors import ConfigError, HarnessError

if TYPE_CHECKING:
    from harness.bench.finding import Finding


def write_skeleton(name: str, board: str | None, family: str | None, output: Path) -> None:
    """Begin a board file, from a board or for another part of a family.

    Raises:
        ConfigError: there is no such board or family, the name is none, or the file is there or can't be written.
    """
    from harness.board.board_skeleton import OPEN, skeleton_from_board, skeleton_of_family

    text = skeleton_from_board(name, board) if board is not None else skeleton_of_family(name, str(family))
    try:
        with output.open("x") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{output}: {error.strerror}") from error
    click.echo(f"{output}: fill in what says {OPEN}, then: harness board check {output}")


def check(board: str) -> bool:
    """Check a board's file, then boot a self-test on a virtual one; whether all is well."""
    from harness.bench.self_test import self_test
    from harness.board.board_check import check_board_file
    from harness.board.board_file import load_board
    from harness.paths import BOARDS
    from harness.progress import status

    path = Path(board) if Path(board).suffix in (".yaml", ".yml") else BOARDS / f"{board}.yaml"
    if problems := check_board_file(path):
        click.echo("\n".join(problems))
        click.echo(f"{path}: {len(problems)} {'problem' if len(problems) == 1 else 'problems'}; nothing was run")
        return False
    spec = load_board(path)
    click.echo(f"{path}: the file is in order; a virtual {spec.title} tests itself")
    try:
        with status(f"{spec.name}: building, flashing and testing"):
            findings = self_test(path, spec)
    except HarnessError as error:
        click.echo(f"{path}: the self-test failed: {error}")
        return False
    _show(findings)
    return all(finding.good for finding in findings)


def _show(findings: list[Finding]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("checked", "", "seen", box=box.SIMPLE_HEAD)
    for finding in findings:
        table.add_row(finding.what, "ok" if finding.good else "BAD", finding.seen)
    Console().print(table)
