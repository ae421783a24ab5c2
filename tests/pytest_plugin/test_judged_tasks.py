"""What a benchmark judges a model by that does not tell classes: perplexity of a text, errors of a curve."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bench.outcome import Status
from tests.pytest_plugin.scenario import Scenario

TEXT_MODEL = """
model_type: RNN
rnn_units: 16
embedding_dim: 8
epochs: 30
learning_rate: 0.02
dataset: {name: shakespeare, args: {path: TEXT, sequence_length: 6}}
"""
SUITE = """
import pytest

@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_text(quantization, deploy, measure):
    measure(deploy("MODEL", quantization))
"""


@pytest.mark.slow
def test_a_text_is_learnt_and_its_perplexity_measured_on_the_board(tmp_path: Path) -> None:
    """Each character follows from the one before, but for a fork in nine: an untrained model is at 9, a perfect one
    near 2 ** (1 / 9)."""
    import random

    generator = random.Random(0)
    text = "".join("abcdefg" + generator.choice("hi") for _ in range(900))
    (tmp_path / "text.txt").write_text(text)
    (tmp_path / "letters.yaml").write_text(TEXT_MODEL.replace("TEXT", str(tmp_path / "text.txt")))
    scenario = Scenario.make(tmp_path)
    (tmp_path / "test_bench.py").write_text(SUITE.replace("MODEL", str(tmp_path / "letters.yaml")))
    output = scenario.run(expect=0)
    assert "perplexity" in output
    for record in scenario.latest.results().values():
        assert record.outcome.status is Status.PASSED
        values = {one.quantity: one.value for one in record.measurements}
        assert values["perplexity"] == pytest.approx(values["host_perplexity"], rel=1e-5)
        assert 1.05 < values["perplexity"] < 1.3
        assert values["accuracy"] == pytest.approx(values["host_accuracy"])
        assert record.metrics[0].quantity == "perplexity"
