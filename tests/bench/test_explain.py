"""Where the cycles went: every one of them is accounted for, by layer or by function, and by cause."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.bench.cycle_account import CAUSES, CycleAccount
from harness.bench.explain import explain_inference
from harness.bench.explain_run import Passage, explain_run
from harness.board.board_file import load_board
from harness.board.virtual.image import read_image
from harness.cli import main
from harness.deploy.backends import find_backend
from harness.deploy.build import build_firmware
from harness.errors import FirmwareHangError
from harness.optimize.convert import variant_of_file
from harness.optimize.variant import Variant
from tests.board.board_firmware import BOARDS, fields, test_firmware
from tests.board.run.scripted_host import run
from tests.deploy.tiny_model import TinyModel, variant_of

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models" / "mlperf_tiny"
SIDE, CHANNELS, KERNEL = 12, 8, 3
CORES = ("nucleo_l4r5zi", "nucleo_f746zg", "nucleo_u575zi_q", "nucleo_g0b1re")


def two_convolutions(path: Path) -> Variant:
    """Two layers of the same geometry, which share their code."""
    chance, model = np.random.default_rng(1), TinyModel()
    shape = (1, SIDE, SIDE, CHANNELS)
    tensor = first = model.tensor(shape, "int8", 0.05)
    for _ in range(2):
        weights = chance.integers(-127, 128, (CHANNELS, KERNEL, KERNEL, CHANNELS))
        bias = chance.integers(-1000, 1000, CHANNELS)
        operands = [
            tensor,
            model.tensor(weights.shape, "int8", 0.01, data=weights),
            model.tensor(bias.shape, "int32", 0.0005, data=bias),
        ]
        tensor = model.tensor(shape, "int8", 0.05)
        model.operator("CONV_2D", operands, tensor, "Conv2DOptions", strideH=1, strideW=1)
    return variant_of(model.write(path / "two.tflite", [first], [tensor]))


def explained(board: str, variant: Variant) -> CycleAccount:
    spec = load_board(board)
    return explain_inference(spec, variant, build_firmware(variant, spec.target, find_backend("tvm")))


@pytest.mark.parametrize("board", CORES)
def test_layers_and_causes_add_up_to_what_the_firmware_counts(board: str, tmp_path: Path) -> None:
    account = explained(board, two_convolutions(tmp_path))
    assert account.measured_cycles is not None
    assert account.cycles == pytest.approx(account.measured_cycles, rel=0.005)
    assert sum(account.causes.values()) == account.cycles
    for part in account.parts:
        # The calls of the functions that count are no part of a layer.
        assert part.cycles == pytest.approx(part.measured_cycles, abs=60)
        assert part.causes["issue"] > part.cycles / 5
        assert set(part.causes) <= set(CAUSES)
    first, second = account.parts
    assert first.name == second.name
    assert first.macs == second.macs == (SIDE * CHANNELS * KERNEL) ** 2
    assert first.title == f"CONV_2D {SIDE}x{SIDE}x{CHANNELS}"
    assert first.cycles == pytest.approx(second.cycles, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("board", CORES[:2])
@pytest.mark.parametrize("name", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"])
def test_all_cycles_of_a_reference_model_are_accounted_for(board: str, name: str) -> None:
    model = MODELS / f"{name}.tflite"
    if not model.exists():
        pytest.skip(f"{model} is not there")
    account = explained(board, variant_of_file(model))
    assert account.cycles == pytest.approx(account.measured_cycles, rel=0.001)


def passage(board: str, **wishes: bytes) -> CycleAccount:
    spec = load_board(board)
    return explain_run(spec, read_image(test_firmware(board), spec), Passage(after=b"ready\n", **wishes))  # type: ignore[arg-type]


@pytest.mark.parametrize("board", BOARDS)
def test_a_function_takes_what_the_firmware_counts_for_it(board: str) -> None:
    account = passage(board, send=b"m\x20")
    functions = {part.name: part for part in account.parts}
    counted = fields(passage_output(board))["cycles"]
    assert functions["multiply"].cycles == pytest.approx(counted, rel=0.005)
    assert account.parts[0].name == "multiply"
    assert functions["(none)"].causes["waiting"] > 0


def passage_output(board: str) -> bytes:
    from harness.board.virtual.run_ending import RunPlan

    heard = run(RunPlan(until=b"cycles"), b"m\x20", board=board).heard
    return heard + run(RunPlan(seconds=0.05), b"m\x20", board=board).heard[len(heard) :]


def test_sleep_is_no_functions_time() -> None:
    account = passage("nucleo_l4r5zi", send=b"z\x04", until=b"slept")
    assert account.causes["asleep"] > 0.75 * account.cycles
    assert account.parts[-1].name == "(none)"


def test_a_passage_that_does_not_begin_is_one_clear_error() -> None:
    spec = load_board("nucleo_l4r5zi")
    image = read_image(test_firmware(spec.name), spec)
    with pytest.raises(FirmwareHangError, match=r"did not print 'radiant' within 0.1 s; it printed 'ready"):
        explain_run(spec, image, Passage(after=b"radiant", seconds=0.1))


def test_an_account_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    account = explained("nucleo_l4r5zi", two_convolutions(tmp_path))
    assert CycleAccount.from_json(account.to_json()) == account


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No progress: showing it, our pytest plugin would undo click's capture of the output."""
    monkeypatch.setattr("harness.progress._terminal", lambda: nullcontext(None))


def command(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["board", "explain", *arguments], env={"COLUMNS": "160"})
    return done.exit_code, done.output


@pytest.mark.usefixtures("silent")
def test_the_command_prints_layers_and_causes(tmp_path: Path) -> None:
    model = two_convolutions(tmp_path).model.path
    status, output = command("--board", "nucleo_l4r5zi", "--model", str(model))
    assert status == 0, output
    assert f"1 CONV_2D {SIDE}x{SIDE}x{CHANNELS}" in output
    assert "fetch stalls" in output
    assert "accelerator instructions:" in output


@pytest.mark.usefixtures("silent")
def test_the_command_prints_json_with_sums() -> None:
    firmware = str(test_firmware("nucleo_l4r5zi"))
    status, output = command(
        "--board", "nucleo_l4r5zi", "--firmware", firmware, "--after", "ready\\n", "--send", "m\\x05", "--json"
    )
    assert status == 0, output
    account = json.loads(output)
    assert account["cycles"] == sum(part["cycles"] for part in account["parts"]) == sum(account["causes"].values())


def test_the_command_wants_a_model_or_an_image() -> None:
    status, output = command("--board", "nucleo_l4r5zi")
    assert status == 2
    assert "give --model, or --firmware" in output
