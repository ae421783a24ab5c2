"""How a model was trained: its loss and its metric, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from harness.model.goal import METRIC_TITLES
from harness.model.training.history import Epoch, History
from reports.palette import DOMINATED, FRONT, MUTED
from reports.plots import STYLE
from reports.svg import inline_svg
from reports.view import Row, clean

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class TrainingPlot:
    """One training.

    Attributes:
        note: how it ended, in words.
        svg: None where no epoch has a loss that can be drawn.
    """

    note: str
    svg: Markup | None


def training_plots(rows: Iterable[Row], key: str) -> list[TrainingPlot]:
    """The trainings behind the candidates of one model: each once, though many candidates were made of it.

    Args:
        key: unique on the page.
    """
    histories = dict.fromkeys(row.record.training for row in rows if row.record.training is not None)
    return [
        TrainingPlot(_note(history), _plot(history, f"{key}-{number}"))
        for number, history in enumerate(histories, 1)
        if history is not None and history.epochs
    ]


def _metric(history: History) -> str:
    return METRIC_TITLES.get(history.metric, clean(history.metric))


def _note(history: History) -> str:
    best = history.epochs[min(history.best, len(history.epochs) - 1)]
    kept = f"{len(history.epochs)} epochs; kept are the weights of epoch {history.best + 1}"
    if best.held_out_metric is None:
        return f"{kept}: {_metric(history)} {best.metric:.4g} on the training samples; none were held out"
    return f"{kept}: {_metric(history)} {best.held_out_metric:.4g} on the samples held out"


def _plot(history: History, key: str) -> Markup | None:
    import matplotlib
    from matplotlib.figure import Figure

    if not any(isfinite(epoch.loss) for epoch in history.epochs):
        return None
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 2.4), dpi=72, layout="constrained")
        figure.patch.set_alpha(0)
        left, right = figure.subplots(1, 2)
        epochs = history.epochs
        _lines(left, "loss", history.best, [one.loss for one in epochs], [one.held_out_loss for one in epochs])
        _lines(right, _metric(history), history.best, *_metrics(epochs))
        return inline_svg(figure, key, f"loss and {_metric(history)} by epoch: {_note(history)}", {})


def _metrics(epochs: Sequence[Epoch]) -> tuple[list[float], list[float | None]]:
    return [one.metric for one in epochs], [one.held_out_metric for one in epochs]


def _lines(axes: Axes, name: str, best: int, learnt: Sequence[float], held: Sequence[float | None]) -> None:
    """Both curves over the epochs, counted from 1, and a line at the one whose weights were kept."""
    numbers = range(1, len(learnt) + 1)
    marker = "o" if len(learnt) == 1 else ""
    axes.axvline(best + 1, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.plot(numbers, learnt, color=DOMINATED, linewidth=1.2, marker=marker, label="training")
    known = [(number, value) for number, value in zip(numbers, held, strict=True) if value is not None]
    if known:
        axes.plot(*zip(*known, strict=True), color=FRONT, linewidth=1.4, marker=marker, label="held out")
    axes.set_xlabel("epoch")
    axes.set_ylabel(name)
    axes.grid(axis="y")
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
