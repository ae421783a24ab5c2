"""`harness model`: what is built here, what a file holds, the form of descriptions, and the page of all models."""

from __future__ import annotations

from pathlib import Path

import click

from harness.commands.model_check import model_check


@click.group()
def model() -> None:
    """Models: those that the harness builds itself, and files."""


model.add_command(model_check)


@model.command("list")
def model_list() -> None:
    """List the zoo; docs/models.md has a card of each, with its source."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from harness.model.zoo import ZOO

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("model", "title", "task", "data set", "metric", "weights"):
        table.add_column(column, no_wrap=column in ("model", "weights"), overflow="fold")
    for name, entry in ZOO.items():
        weights = "trained" if entry.trained else "seeded"
        table.add_row(name, entry.title, entry.task, entry.dataset, entry.metric, weights)
    Console().print(table)


@model.command("schema")
def model_schema() -> None:
    """Print the JSON Schema of descriptions, for editors; also in docs/model.schema.json."""
    from harness.model.description.schema import description_schema_text

    click.echo(description_schema_text(), nl=False)


@model.command("cards")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("docs/models.md"))
def model_cards(output: Path) -> None:
    """Write a page with a card of every model of the zoo; converts all, which takes its time."""
    from harness.commands.model_cards import cards_page
    from harness.results.whole_file import write_whole

    click.echo(write_whole(output, cards_page().encode()))
