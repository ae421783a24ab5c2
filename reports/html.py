"""The report of a run as one HTML file that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bench.measurement import Provenance
from harness.explore.summary import Plane, planes_of
from harness.explore.verdict import show
from harness.results.store import RunDirectory
from harness.results.whole_file import write_whole
from reports.comparison import comparisons
from reports.labels import shorten
from reports.layers import layer_chart
from reports.memory import FLASH_PARTS, RAM_PARTS, memory_rows
from reports.plots import pareto_plot, provenance_note
from reports.training import training_plots
from reports.variants import variant_rows
from reports.view import (
    MARKS,
    MEANINGS,
    PROVENANCES,
    Group,
    Row,
    clean,
    groups,
    limit_columns,
    margin,
    measured_columns,
    tally,
)

if TYPE_CHECKING:
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Plot:
    """One Pareto plot.

    Attributes:
        svg: None when no candidate has both objectives.
        note: of which provenance its numbers are.
    """

    plane: Plane
    svg: Markup | None
    note: str


@dataclass(frozen=True)
class Tools:
    """A set of tool versions and compiler flags, and the candidates that were made with it."""

    versions: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    titles: tuple[str, ...]


def write_report(run: RunDirectory, path: Path) -> Path:
    """Write the report of a run, whole or not at all, and return its path; the same records give the same bytes.

    Raises:
        ResultsError: the run can't be read or the file not be written.
        ConfigError: a record carries a limit that can't be read.
    """
    return write_whole(path, report_html(run).encode())


def report_html(run: RunDirectory) -> str:
    """The page as text; see `write_report`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(limit=_limit, shorten=shorten)
    found = groups(run.results().values())
    rows = [row for group in found for row in group.rows]
    return environment.get_template("report.html.j2").render(
        run_id=run.run_id,
        facts=run.facts,
        groups=found,
        rows=rows,
        tally=tally(rows),
        limit_columns=limit_columns(rows),
        plots={group.model: _plots(group, number) for number, group in enumerate(found, 1)},
        layers={row.key: layer_chart(row.record) for row in rows if row.record.layers},
        comparisons={group.model: comparisons(group.rows) for group in found},
        variants={group.model: variant_rows(group.rows) for group in found},
        trainings={
            group.model: training_plots(group.rows, f"training{number}") for number, group in enumerate(found, 1)
        },
        memory={group.model: memory_rows(group.rows) for group in found},
        flash_parts=FLASH_PARTS,
        ram_parts=RAM_PARTS,
        tools=_tools(rows),
        css=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        planes=planes_of(row.record for row in rows),
        measured_columns=measured_columns(rows),
        marks=MARKS,
        meanings=MEANINGS,
        provenances=PROVENANCES,
        shown_provenances=_provenances(rows),
        margin=margin,
        show=show,
    )


def _finalize(value: object) -> object:
    """What the template writes: text from outside loses its control characters, our own markup stays as it is."""
    return clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _limit(text: str) -> Markup:
    """A constraint as it reads best in print, never broken over lines."""
    from markupsafe import escape

    shown = clean(text).replace("<=", "\N{LESS-THAN OR EQUAL TO}").replace(">=", "\N{GREATER-THAN OR EQUAL TO}")
    return escape(shown.replace(" ", "\N{NO-BREAK SPACE}"))


def _plots(group: Group, number: int) -> list[Plot]:
    return [
        Plot(plane, pareto_plot(group.rows, plane, f"plot{number}-{index}"), provenance_note(group.rows, plane))
        for index, plane in enumerate(planes_of(row.record for row in group.rows), 1)
    ]


def _provenances(rows: Sequence[Row]) -> list[Provenance]:
    kinds = {kind for row in rows for kind in row.assessment.provenances}
    return [kind for kind in Provenance if kind in kinds]


def _tools(rows: Sequence[Row]) -> list[Tools]:
    def sets() -> Iterator[tuple[tuple[tuple[str, str], ...], tuple[str, ...], str]]:
        for row in rows:
            origin = row.record.origin
            yield tuple(sorted(origin.versions.items())), origin.flags, row.title

    titles: dict[tuple[tuple[tuple[str, str], ...], tuple[str, ...]], list[str]] = {}
    for versions, flags, title in sets():
        titles.setdefault((versions, flags), []).append(title)
    return [Tools(versions, flags, tuple(names)) for (versions, flags), names in titles.items()]
