"""The report as text, for the end of a pytest run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.bench.measurement import Provenance
from harness.bench.outcome import Status
from harness.bench.quantities import METRICS
from harness.results.record import Record
from reports.view import MARKS, MEANINGS, NOTHING, Group, Number, Row, groups, tally

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

WIDE = 108
"""Columns from which flash and RAM are shown in bytes too, not as shares of the board's alone."""

_SIGNS = {Provenance.MEASURED: "=", Provenance.SIMULATED: "", Provenance.ESTIMATED: "~", None: ""}
_ASCII = str.maketrans({"●": "*", "○": "o", "✕": "x", "\N{EN DASH}": "-", "µ": "u", "…": "~", "─": "-"})


def summary_text(records: Iterable[Record], width: int = 80, color: bool = False, encoding: str = "utf-8") -> str:
    """The summary as lines of at most `width` columns: without colours unless asked for, in ASCII where the encoding
    has no more.

    Raises:
        ConfigError: a record carries a limit that can't be read.
    """
    import io

    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=color,
        # Not by what TERM says: the caller has looked at the terminal.
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        legacy_windows=False,
    )
    console.print(summary(records, width))
    text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_ASCII).encode("ascii", "replace").decode()
    return text


def summary(records: Iterable[Record], width: int = 80) -> RenderableType:
    """The summary as something that rich prints: a table of verdicts and numbers, then why candidates failed.

    Raises:
        ConfigError: a record carries a limit that can't be read.
    """
    from rich.console import Group as Lines
    from rich.text import Text

    found = groups(records)
    rows = [row for group in found for row in group.rows]
    if not rows:
        return Text("no records")
    parts: list[RenderableType] = [_table(found, width), Text()]
    parts += [_why(row) for row in rows if row.status != Status.PASSED]
    return Lines(*parts, Text(), *_legend(rows))


def _table(found: Sequence[Group], width: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    wide = width >= WIDE
    heading, metrics = _judged([row for group in found for row in group.rows], wide)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    # Of fixed width, since rich would rather cut the last column off than fold the first ones far enough.
    longest = max(
        len(name) for group in found for name in ("candidate", group.model, *(f" {row.label}" for row in group.rows))
    )
    others = (78 if wide else 52) + max(6, len(heading), *map(len, metrics.values()))
    table.add_column("candidate", overflow="fold", width=min(longest, max(12, width - others)))
    table.add_column("outcome", overflow="fold")
    for name in ("latency", "energy", "flash", "RAM", heading):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("front", no_wrap=True)
    for group in found:
        table.add_row(Text(group.model, style="bold"))
        for row in group.rows:
            numbers = [_shown(row.number(quantity)) for quantity in ("latency", "energy")]
            numbers += [_memory(row, quantity, wide) for quantity in ("flash", "ram")]
            marks = "".join(mark for _, _, mark in row.marks)
            table.add_row(Text(f" {row.label}"), _outcome(row), *numbers, metrics[row.key], Text(marks))
    return table


def _judged(rows: Sequence[Row], wide: bool) -> tuple[str, dict[str, str]]:
    """A heading for how right answers are, and by the key of each row what stands below."""
    counting = {row.metrics[0] for row in rows if row.metrics} or {"accuracy"}
    if len(counting) > 1:
        return "metric", {row.key: _metrics(row, True, wide) for row in rows}
    name = METRICS[counting.pop()]
    return name if wide else name.replace("accuracy", "acc."), {row.key: _metrics(row, False, wide) for row in rows}


def _metrics(row: Row, named: bool, wide: bool) -> str:
    """How right its answers are: what counts, with its name if that stands in no heading; where there is room, all."""
    if not row.metrics:
        return NOTHING
    first, *others = (_shown(row.number(quantity), wide) for quantity in row.metrics)
    shown = [f"{METRICS[row.metrics[0]]} {first}" if named else first]
    if wide:
        shown += [f"{METRICS[quantity]} {text}" for quantity, text in zip(row.metrics[1:], others, strict=True)]
    return ", ".join(shown)


def _memory(row: Row, quantity: str, wide: bool) -> str:
    if not wide:
        return _shown(row.share(quantity), wide)
    number = row.number(quantity)
    return f"{_shown(number)} {number.detail:>5}".rstrip()


def _shown(number: Number, wide: bool = True) -> str:
    return _SIGNS[number.provenance] + (number.text if wide else number.text.replace(" %", "%"))


def _outcome(row: Row) -> RenderableType:
    from rich.text import Text

    return Text(row.status, style="green" if row.assessment.feasible else "yellow" if _blameless(row) else "red")


def _blameless(row: Row) -> bool:
    return row.record.outcome.status is Status.INFRASTRUCTURE_ERROR


def _why(row: Row) -> RenderableType:
    from rich.text import Text

    return Text.assemble((f"{row.title}: ", "bold"), f"{row.status}: {row.reason}" if row.reason else row.status)


def _legend(rows: Sequence[Row]) -> list[RenderableType]:
    from rich.text import Text

    planes = "; ".join(name for name, _, _ in rows[0].marks)
    marks = "; ".join(f"{MARKS[standing]} {meaning}" for standing, meaning in MEANINGS.items())
    kinds = {one.provenance for row in rows for one in row.record.measurements}
    signs = [f"{_SIGNS[kind]} {kind}".strip() for kind in Provenance if kind in kinds and _SIGNS[kind]]
    rest = ["otherwise simulated"] if Provenance.SIMULATED in kinds else []
    count = f"{len(rows)} candidate{'' if len(rows) == 1 else 's'}"
    lines = [f"{count}: {tally(rows)}", f"fronts, in this order: {planes}", marks]
    if signs:
        lines.append(f"numbers: {', '.join(signs + rest)}")
    elif rest:
        lines.append("all numbers are simulated")
    return [Text(line) for line in lines]
