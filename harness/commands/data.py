"""`harness data`: which data sets are known, what is stated of them, and how to get them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands.chosen_model import OPTIMIZE

if TYPE_CHECKING:
    from harness.model.dataset import Dataset
    from harness.model.datasets.known import KnownSet


@click.group()
def data() -> None:
    """Data sets: those that are known, and files of yours."""


@data.command("list")
def data_list() -> None:
    """List the known data sets: task, samples, shape, licence, and whether they are at hand."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from harness.model.datasets.known import known_sets

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("data set", "task", "train / test", "sample", "licence", "at hand"):
        table.add_column(column, no_wrap=column in ("data set", "task", "sample"))
    for one in known_sets().values():
        sample, at_hand = f"{_shape(one.shape)} {one.dtype}", "yes" if one.at_hand else "no"
        table.add_row(one.name, one.task, one.split, sample, one.licence, at_hand)
    Console().print(table)


@data.command("show")
@click.argument("name", metavar="NAME|PATH")
@click.option("--model", help="The model that is to take it: a file, or a model of the zoo. Its samples are read then.")
@click.option("--quantization", help="Of a model of the zoo.")
@OPTIMIZE
def data_show(name: str, model: str | None, quantization: str | None, optimize: str) -> None:
    """Tell what is stated of a known data set, or what a file or folder of yours holds."""
    from harness.model.datasets.known import find_known

    path = Path(name)
    if not path.exists():
        _show_known(find_known(name))
        return
    from harness.cache import sha256_of_files
    from harness.model.datasets.registry import find_loader, load_dataset

    click.echo(f"format: {type(find_loader(path)).__name__}")
    click.echo(f"sha256 of names and contents: {sha256_of_files(path)}")
    if model is not None:
        from harness.commands.chosen_model import chosen_variant
        from harness.model.samples import quantize_samples

        wanted = chosen_variant(model, quantization, optimize).model
        found = load_dataset(path, wanted)
        quantize_samples(found, wanted.inputs[0])  # What does not fit the model is an error here, too.
        _show_samples(found)


@data.command("fetch")
@click.argument("name")
def data_fetch(name: str) -> None:
    """Download a known data set to the data directory (HARNESS_DATA), and check it."""
    from harness.model.datasets.fetch import fetch
    from harness.model.datasets.known import find_known

    known = find_known(name)
    if not known.files:
        click.echo(f"{name} comes with scikit-learn; there is nothing to fetch")
        return
    for file in known.files:
        click.echo(f"from {file.url}")
    for line in fetch(known):
        click.echo(line)


def _show_known(one: KnownSet) -> None:
    facts = {
        "what": one.title,
        "task": one.task,
        "licence": one.licence,
        "train / test": one.split,
        "sample": f"{_shape(one.shape)} {one.dtype}",
        "home": one.home,
        "at hand": "yes" if one.at_hand else f"no: harness data fetch {one.name}",
        "place": one.place if one.files else "in scikit-learn",
    }
    for fact, value in facts.items():
        click.echo(f"{fact}: {value}")
    for file in one.files:
        click.echo(f"file: {file.url}, checked by {file.known_by}")


def _show_samples(found: Dataset) -> None:
    import numpy as np

    click.echo(f"task: {found.task}")
    click.echo(f"samples: {len(found.samples):,} of {_shape(found.samples.shape[1:])} {found.samples.dtype}")
    if found.samples.size:
        click.echo(f"range: {found.samples.min():.6g} to {found.samples.max():.6g}")
    if found.recordings is not None:
        click.echo(f"recordings: {len(np.unique(found.recordings)):,}")
    if found.labels.dtype.kind == "i":
        classes, counts = np.unique(found.labels, return_counts=True)
        numbers = ", ".join(f"{one}: {count:,}" for one, count in zip(classes[:20], counts, strict=False))
        click.echo(f"labels: {len(classes)} classes ({numbers}{', ...' if len(classes) > 20 else ''})")


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "1"
