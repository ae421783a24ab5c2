"""The report shows how a model was trained, once, whatever many candidates were made of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness.model.training.history import Epoch, History
from harness.results.record import Record
from tests.reports.sample_records import sample_records
from tests.reports.test_html import HOSTILE, Page, report

EPOCHS = tuple(Epoch(1e-3, 2.0 / n, 1 - 0.5 / n, 2.2 / n, 1 - 0.6 / n) for n in range(1, 9))
TRAINED = History("sparse_categorical_crossentropy", "accuracy", EPOCHS, 6)


def _trained(history: History) -> list[Record]:
    return [
        replace(one, training=history if one.candidate.model == "lenet5_digits" else None) for one in sample_records()
    ]


def test_a_training_is_drawn_once_for_all_candidates_made_of_it(tmp_path: Path) -> None:
    html = report(tmp_path, _trained(TRAINED))
    page = Page(html)
    assert page.text.count("8 epochs; kept are the weights of epoch 7: top-1 0.9143 on the samples held out") == 1
    labels = [found["aria-label"] for tag, found in page.elements if tag == "svg" and found.get("class") == "plot"]
    assert sum("loss and top-1 by epoch" in (label or "") for label in labels) == 1


def test_a_run_without_trainings_has_no_such_part(tmp_path: Path) -> None:
    assert "<h2>Training</h2>" not in report(tmp_path, sample_records())


@pytest.mark.parametrize(
    "history",
    [
        History("mse", "mae", (Epoch(1e-3, 0.5, 0.25),), 0),
        History("mse", "mae", (Epoch(1e-3, math.nan, math.inf),), 0),
        History(HOSTILE, HOSTILE, EPOCHS[:2], 99),
        History("mse", "mae", (), 0),
    ],
)
def test_odd_trainings_do_not_break_the_page(tmp_path: Path, history: History) -> None:
    html = report(tmp_path, _trained(history))
    assert "<script" not in html
    assert "</html>" in html


def test_a_record_keeps_its_training() -> None:
    (record, *_) = (one for one in _trained(TRAINED) if one.training)
    assert Record.from_json(record.to_json()) == record
