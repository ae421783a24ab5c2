"""MLPerf Tiny's reference models: the interpreter's bytes, in bounded memory and instructions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.model.tflite_reader import read_tflite
from harness.paths import REPOSITORY
from tests.deploy.tvm.agreement import Deployed, Reference, deploy, largest_difference, random_inputs

MODELS = REPOSITORY.parent / "shared" / "models" / "mlperf_tiny"
WORDS = REPOSITORY.parent / "shared" / "data" / "kws01"
pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason=f"{MODELS} is not on this machine")


@dataclass(frozen=True)
class Budget:
    """What a model may need: bytes of arena, instructions for each multiply-accumulate."""

    arena: int
    instructions_per_mac: float


BUDGETS = {
    "ad01_int8": Budget(3 << 10, 1.75),
    "kws_ref_model": Budget(20 << 10, 1.75),
    "pretrainedResnet_quant": Budget(64 << 10, 1.5),
    "vww_96_int8": Budget(64 << 10, 1.85),
}


@pytest.fixture(scope="module", params=BUDGETS)
def reference_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deploy(read_tflite(MODELS / f"{request.param}.tflite"), tmp_path_factory.mktemp("code"))


def test_int8_models_are_exact_on_noise(reference_model: Deployed) -> None:
    assert largest_difference(reference_model, samples=12) == 0


def test_int8_models_keep_their_budgets(reference_model: Deployed) -> None:
    budget = BUDGETS[reference_model.model.name]
    content = random_inputs(reference_model.model, np.random.default_rng(0))[0].tobytes()
    instructions = sum(reference_model.core.count_instructions(content))
    assert reference_model.code.arena_lower_bound <= reference_model.code.arena_bytes <= budget.arena
    assert instructions / reference_model.model.macs <= budget.instructions_per_mac


def test_keywords_are_recognized_byte_by_byte_as_on_the_host(tmp_path: Path) -> None:
    if not WORDS.is_dir():
        pytest.skip(f"{WORDS} is not on this machine")
    deployed = deploy(read_tflite(MODELS / "kws_ref_model.tflite"), tmp_path)
    reference = Reference(deployed.model)
    files = sorted(WORDS.glob("*.bin"))[:20]
    assert files
    for file in files:
        word = (np.frombuffer(file.read_bytes(), np.int8).reshape(1, 49, 10, 1),)
        assert np.array_equal(deployed.run(word)[0], reference.run(word)[0])


def test_a_float_resnet_agrees(tmp_path: Path) -> None:
    deployed = deploy(read_tflite(MODELS / "pretrainedResnet.tflite"), tmp_path)
    assert largest_difference(deployed, samples=3) < 1e-4
