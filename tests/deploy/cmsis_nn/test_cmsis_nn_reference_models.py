"""MLPerf Tiny's reference models: the interpreter's bytes on every core, in the least memory there can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.deploy.cmsis_nn import CmsisNnBackend
from harness.deploy.options import O2, BuildOptions, Kernels, LinkTime, Optimization
from harness.deploy.target import Target
from harness.model.tflite_reader import read_tflite
from harness.paths import REPOSITORY
from tests.deploy.agreement import deploy, largest_difference
from tests.deploy.on_core import CORTEX_M0PLUS, CORTEX_M4, CORTEX_M7, CORTEX_M33

MODELS = REPOSITORY.parent / "shared" / "models" / "mlperf_tiny"
pytestmark = [
    pytest.mark.usefixtures("kernels"),
    pytest.mark.skipif(not MODELS.is_dir(), reason=f"{MODELS} is not on this machine"),
]
ARENAS = {"ad01_int8": 768, "kws_ref_model": 16_000, "pretrainedResnet_quant": 49_728, "vww_96_int8": 55_296}


@pytest.mark.parametrize("name", ARENAS)
def test_int8_models_are_exact_on_noise_in_the_least_memory(name: str, tmp_path: Path) -> None:
    deployed = deploy(CmsisNnBackend(), read_tflite(MODELS / f"{name}.tflite"), tmp_path)
    assert largest_difference(deployed, samples=8) == 0
    assert deployed.code.arena_bytes == deployed.code.arena_lower_bound == ARENAS[name]


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (CORTEX_M0PLUS, O2),
        (CORTEX_M7, O2),
        (CORTEX_M33, O2),
        (CORTEX_M4, replace(O2, kernels=Kernels.REFERENCE)),
        (CORTEX_M4, replace(O2, optimization=Optimization.OFAST)),
        (CORTEX_M4, replace(O2, link_time=LinkTime.LTO)),
    ],
    ids=lambda value: value.name if isinstance(value, Target) else str(value),
)
def test_every_core_and_build_gives_the_same(target: Target, options: BuildOptions, tmp_path: Path) -> None:
    model = read_tflite(MODELS / "kws_ref_model.tflite")
    assert largest_difference(deploy(CmsisNnBackend(), model, tmp_path, target, options)) == 0
