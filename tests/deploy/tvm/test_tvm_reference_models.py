"""MLPerf Tiny's reference models: the interpreter's bytes, in bounded memory and instructions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.commands.board_explain import account_of_model
from harness.deploy.target import Target
from harness.model.tflite_reader import read_tflite
from harness.paths import REPOSITORY
from tests.deploy.on_core import CORTEX_M4, CORTEX_M7
from tests.deploy.tvm.agreement import Deployed, Reference, deploy, largest_difference, random_inputs

MODELS = REPOSITORY.parent / "shared" / "models" / "mlperf_tiny"
WORDS = REPOSITORY.parent / "shared" / "data" / "kws01"
pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason=f"{MODELS} is not on this machine")


@dataclass(frozen=True)
class Budget:
    """What a model may need: bytes of arena, instructions for each multiply-accumulate, seconds on a board.

    The seconds are those of the fastest published dense result on a NUCLEO-L4R5ZI, less some; for the NUCLEO-F746ZG
    they keep what was reached.
    """

    arena: int
    instructions_per_mac: float
    latency: dict[str, float]


BUDGETS = {
    "ad01_int8": Budget(2_100, 1.2, {"nucleo_l4r5zi": 4.9e-3, "nucleo_f746zg": 1.6e-3}),
    "kws_ref_model": Budget(20_480, 1.3, {"nucleo_l4r5zi": 40e-3, "nucleo_f746zg": 11e-3}),
    "pretrainedResnet_quant": Budget(42_000, 1.1, {"nucleo_l4r5zi": 150e-3, "nucleo_f746zg": 42e-3}),
    "vww_96_int8": Budget(57_344, 1.35, {"nucleo_l4r5zi": 110e-3, "nucleo_f746zg": 32e-3}),
}
_MOST_ABOVE_BOUND = 1.05


@pytest.fixture(scope="module", params=BUDGETS)
def reference_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deploy(read_tflite(MODELS / f"{request.param}.tflite"), tmp_path_factory.mktemp("code"))


def test_int8_models_are_exact_on_noise(reference_model: Deployed) -> None:
    assert largest_difference(reference_model, samples=12) == 0


def test_int8_models_keep_their_budgets(reference_model: Deployed) -> None:
    budget = BUDGETS[reference_model.model.name]
    content = random_inputs(reference_model.model, np.random.default_rng(0))[0].tobytes()
    instructions = sum(reference_model.core.count_instructions(content))
    code = reference_model.code
    assert code.arena_lower_bound <= code.arena_bytes <= min(budget.arena, _MOST_ABOVE_BOUND * code.arena_lower_bound)
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


@pytest.mark.slow
@pytest.mark.parametrize("board", ["nucleo_l4r5zi", "nucleo_f746zg"])
@pytest.mark.parametrize("name", BUDGETS)
def test_int8_models_keep_their_time_on_a_board(name: str, board: str) -> None:
    account = account_of_model(board, str(MODELS / f"{name}.tflite"), "int8", "tvm", "O2")
    assert account.cycles / account.clock_hz <= BUDGETS[name].latency[board]


@pytest.mark.parametrize(("target", "instructions_per_mac"), [(CORTEX_M4, 2.75), (CORTEX_M7, 1.75)])
def test_a_float_resnet_agrees(target: Target, instructions_per_mac: float, tmp_path: Path) -> None:
    """A Cortex-M4 has more instructions to do, which take fewer cycles: VMUL and VADD for a VFMA of three."""
    deployed = deploy(read_tflite(MODELS / "pretrainedResnet.tflite"), tmp_path, target)
    assert largest_difference(deployed, samples=2) < 1e-4
    content = random_inputs(deployed.model, np.random.default_rng(0))[0].tobytes()
    assert sum(deployed.core.count_instructions(content)) / deployed.model.macs <= instructions_per_mac
