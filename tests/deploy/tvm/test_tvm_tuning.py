"""Tuning finds what is fastest on the board, remembers it, and never tries a thing twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.step_cycles import step_cycles
from harness.board.dut import Dut
from harness.deploy.build import build_firmware
from harness.deploy.firmware import Firmware
from harness.deploy.options import O2
from harness.deploy.tvm import TvmBackend
from harness.deploy.tvm.choices import LARGEST, first_that_fits, recorded, sizes
from harness.deploy.tvm.tuning import Tuner
from harness.deploy.tvm.tuning_records import TuningFile, TuningRecord
from harness.errors import ConfigError
from harness.model.model import Model
from harness.optimize.variant import Quantization, Variant
from tests.deploy.tiny_model import TinyModel
from tests.firmware.bench_board import virtual_board


@given(st.integers(1, 200), st.lists(st.integers(-3, 40), max_size=3))
def test_whatever_was_recorded_a_tile_divides_its_loop(extent: int, chosen: list[int]) -> None:
    choose = recorded(chosen)
    picked = [choose(None, extent, (4, 3, 2)) for _ in range(len(chosen) + 1)]
    assert all(extent % size == 0 and 1 <= size <= LARGEST for size in picked)
    assert picked[-1] == first_that_fits(None, extent, (4, 3, 2))
    assert picked[0] == (chosen[0] if chosen and chosen[0] in sizes(extent) else picked[-1])


def record(task: str = "a", sizes: tuple[int, ...] = (4,), cycles: float = 9, board: str = "b") -> TuningRecord:
    return TuningRecord(task, board, sizes, cycles, "1")


def test_the_best_of_a_board_is_the_one_with_the_fewest_cycles(tmp_path: Path) -> None:
    file = TuningFile(tmp_path / "deep" / "tuning.jsonl")
    for one in (record(cycles=9), record(sizes=(2,), cycles=5), record(sizes=(1,), cycles=1, board="other")):
        file.append(one)
    again = TuningFile(file.path)
    assert again.best("b", "1") == {"a": (2,)}
    assert again.best("b", "2") == {}
    assert again.known("other", "1") == {"a": {(1,): 1}}


def test_a_line_that_was_cut_short_is_left_out_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tuning.jsonl"
    TuningFile(path).append(record())
    path.write_bytes(path.read_bytes() + b'{"task": "half')
    assert TuningFile(path).best("b", "1") == {"a": (4,)}
    path.write_bytes(b"noise\n")
    with pytest.raises(ConfigError, match=r"tuning\.jsonl:1: .*delete the line"):
        TuningFile(path).best("b", "1")


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    file = TuningFile(tmp_path / "none.jsonl")
    assert (file.digest, file.best("b", "1")) == ("", {})


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Variant:
    tiny, rng = TinyModel(), np.random.default_rng(0)
    x, y = tiny.tensor((1, 24), "float32"), tiny.tensor((1, 12), "float32")
    weights = tiny.tensor((12, 24), "float32", data=rng.uniform(-1, 1, (12, 24)))
    tiny.operator("FULLY_CONNECTED", [x, weights, -1], y, "FullyConnectedOptions")
    model: Model = tiny.write(tmp_path_factory.mktemp("model") / "dense.tflite", [x], [y])
    return Variant(model, Quantization.FLOAT32, "dense")


@pytest.fixture(scope="module")
def dut() -> Iterator[Dut]:
    with virtual_board("nucleo_l4r5zi") as board:
        yield board


def test_what_tuning_finds_is_built_from_then_on_and_not_tried_again(
    dut: Dut, dense: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_TUNING", str(tmp_path / "tuning.jsonl"))
    runs: list[int] = []

    def measure(firmware: Firmware) -> tuple[int, ...]:
        (cycles,) = step_cycles(dut, firmware)
        runs.append(cycles)
        return (cycles,)

    def tuner() -> Tuner:
        return Tuner(dense, dut.spec.target, O2, measure, TuningFile.of_user())

    usual = build_firmware(dense, dut.spec.target, TvmBackend())
    some = list(tuner().run(trials=2))
    assert [one.trials for one in some] == [1, 2]
    assert len(runs) == 3, "the usual sizes, and two others"
    every = list(tuner().run(trials=100, seed=1))
    assert len(runs) == len(sizes(12)), "each way to cut twelve channels, once"
    assert every[-1].first == runs[0]
    assert every[-1].best == min(runs)
    assert list(tuner().run(trials=100)) == [], "nothing is left to try"

    tuned = build_firmware(dense, dut.spec.target, TvmBackend())
    assert tuned.build_id != usual.build_id or min(runs) == runs[0]
    assert step_cycles(dut, tuned) == (min(runs),)


def test_integer_kernels_leave_nothing_to_tune(dut: Dut, tmp_path: Path) -> None:
    tiny = TinyModel()
    x, y = tiny.tensor((1, 8), scale=0.1), tiny.tensor((1, 8), scale=0.1)
    tiny.operator("RELU", [x], y)
    variant = Variant(tiny.write(tmp_path / "relu.tflite", [x], [y]), Quantization.INT8, "relu")
    file = TuningFile(tmp_path / "tuning.jsonl")
    tuner = Tuner(variant, dut.spec.target, O2, lambda firmware: step_cycles(dut, firmware), file)
    assert list(tuner.run(trials=3)) == []
    assert not file.path.exists()
