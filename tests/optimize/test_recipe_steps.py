"""Each step of a recipe does what it says to a Keras model, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from harness.tensorflow_process import environment
from tests.optimize.keras_scenarios import NETWORKS


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.optimize.keras_scenarios"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_the_channels_that_do_nothing_are_cut_and_the_answers_stay(facts: dict[str, Any], name: str) -> None:
    found = facts["cut"][name]
    assert found["difference"] < 1e-5
    before, after = found["parameters"]
    assert after < 0.55 * before
    assert found["outputs"][0] == found["outputs"][1]
    assert found["inputs"][0] == found["inputs"][1]


@pytest.mark.parametrize("name", ["kws_ds_cnn", "ic_resnet8"])
def test_normalizations_fold_into_the_weights_before_them(facts: dict[str, Any], name: str) -> None:
    found = facts["fold"][name]
    assert found["normalizations"] == 0
    assert found["difference"] < 1e-5


def test_the_share_of_zeros_grows_to_what_was_asked_of_every_kernel_and_stays(facts: dict[str, Any]) -> None:
    shares, sizes = facts["prune"]["shares"], facts["prune"]["sizes"]
    for kernel, size in enumerate(sizes):
        of_kernel = [share[kernel] for share in shares]
        assert of_kernel == sorted(of_kernel)
        assert of_kernel[0] < 0.01
        assert of_kernel[-3:] == pytest.approx([0.8] * 3, abs=0.5 / size + 1e-9)


def test_training_leaves_zeros_and_shared_values_as_they_are(facts: dict[str, Any]) -> None:
    found = facts["keep"]
    assert found["same_zeros"]
    assert max(found["values"]) <= 16
    assert min(found["disturbed"]) > 16


def test_a_student_does_best_by_saying_what_its_teacher_says(facts: dict[str, Any]) -> None:
    losses = facts["distill"]
    assert losses["teacher"] < losses["uniform"] < losses["wrong"]


def test_a_network_without_channels_to_cut_is_refused(facts: dict[str, Any]) -> None:
    assert "no channels that could be cut out" in facts["recurrent"]
