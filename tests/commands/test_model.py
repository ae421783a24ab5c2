"""`harness model`: the list, the schema, and the page of all models."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.commands import model_cards
from harness.commands.model_cards import cards_page
from harness.model.zoo import ZOO
from harness.paths import REPOSITORY

PAGE = REPOSITORY / "docs" / "models.md"


def test_the_list_has_every_model() -> None:
    done = CliRunner().invoke(main, ["model", "list"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    for name, entry in ZOO.items():
        (line,) = (line for line in done.output.splitlines() if line.split()[:1] == [name])
        assert ("trained" in line) == entry.trained


def test_the_schema_is_printed_as_it_is_kept() -> None:
    done = CliRunner().invoke(main, ["model", "schema"])
    assert done.output == (REPOSITORY / "docs" / "model.schema.json").read_text()


def test_the_page_has_a_card_of_every_model_as_it_is_now() -> None:
    page = PAGE.read_text()
    cards = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    assert list(cards) == list(ZOO), "make it again: harness model cards"
    for name, entry in ZOO.items():
        assert all(text in cards[name] for text in (entry.title, entry.task, entry.dataset, entry.source))


def test_a_card_tells_what_a_converted_model_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_cards, "ZOO", {name: ZOO[name] for name in ("simple_rnn_0", "lenet5_digits")})
    page = cards_page()
    assert "| [lenet5_digits](#lenet5_digits) | handwritten digits |" in page
    assert "60,074 | 199,968 |" in page
    assert "- Operators in float32: ADD, FULLY_CONNECTED x 4, PACK, RESHAPE x 2, TANH x 2, UNPACK." in page
    assert "Input 1x2x1 float32 in float32, 1x2x1 int8 in int8; 2 outputs." in page
