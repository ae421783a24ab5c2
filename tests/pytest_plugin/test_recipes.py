"""Recipes in a benchmark: what the record says of them, and what is refused."""

from __future__ import annotations

from pathlib import Path

from harness.bench.outcome import Status
from tests.pytest_plugin.scenario import Scenario

SUITE = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("optimize", ["prune50-channels25", "prun50"])
def test_case(optimize, deploy):
    deploy(Path("dense.tflite"), optimize=optimize)

def test_seeded(deploy):
    deploy("fc_0?data=random&epochs=0", "int8", optimize="channels50")
"""


def test_a_recipe_is_part_of_the_candidate_and_not_for_files(tmp_path: Path) -> None:
    scenario = Scenario.make(tmp_path)
    (tmp_path / "test_bench.py").write_text(SUITE)
    output = scenario.run("-k", "test_case", expect=1)
    (record,) = scenario.latest.results().values()
    assert record.candidate.optimize == "channels25-prune50"
    assert record.outcome.status is Status.INVALID_INPUT
    assert "dense.tflite is a file; channels25-prune50 is for models that are built here" in output
    assert "'prun50' is no step" in output


def test_a_model_that_can_not_be_cut_says_so(tmp_path: Path) -> None:
    scenario = Scenario.make(tmp_path)
    (tmp_path / "test_bench.py").write_text(SUITE)
    scenario.run("-k", "test_seeded", expect=1)
    (record,) = scenario.latest.results().values()
    assert record.outcome.status is Status.INVALID_INPUT
    assert "no channels that could be cut out" in record.outcome.reason
