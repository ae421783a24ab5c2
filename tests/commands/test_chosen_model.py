"""Which model a command's options mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.commands.chosen_model import chosen_variant
from harness.errors import ConfigError
from harness.optimize.quantization import Quantization
from harness.optimize.recipe import Calibration, Recipe
from tests.deploy.tiny_model import TinyModel

BOARD = ("--board", "nucleo_l4r5zi")
COMMANDS = {
    "backend check": ("backend", "check", "MODEL"),
    "model check": ("model", "check", "MODEL"),
    "board explain": ("board", "explain", *BOARD, "--model", "MODEL"),
    "data show": ("data", "show", "FOLDER", "--model", "MODEL"),
    "mlperf build": ("mlperf", "build", *BOARD, "--model", "MODEL", "-o", "IMAGE"),
    "mlperf performance": ("mlperf", "performance", *BOARD, "--model", "MODEL"),
    "mlperf accuracy": ("mlperf", "accuracy", *BOARD, "--model", "MODEL", "--data", "FOLDER"),
    "tune": ("tune", *BOARD, "--model", "MODEL"),
}


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """A model file, a data set for it, and where an image may go."""
    tiny = TinyModel()
    x, y = tiny.tensor((1, 4), scale=0.1), tiny.tensor((1, 4), scale=0.1)
    tiny.operator("RELU", [x], y)
    tiny.write(tmp_path / "model.tflite", [x], [y])
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "y_labels.csv").write_text("one.bin,2,0\n")
    (samples / "one.bin").write_bytes(np.zeros(4, np.uint8).tobytes())
    return {"MODEL": str(tmp_path / "model.tflite"), "FOLDER": str(samples), "IMAGE": str(tmp_path / "image.elf")}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_hands_its_recipe_on_and_a_file_can_follow_none(command: str, places: dict[str, str]) -> None:
    words = [places.get(word, word) for word in COMMANDS[command]]
    done = CliRunner().invoke(main, [*words, "--optimize", "channels50-qat"])
    assert done.exit_code == 1, done.output
    last = done.output.splitlines()[-1]
    assert last == f"Error: {places['MODEL']} is a file; channels50-qat is for models that are built here"


def test_a_recipe_is_followed_with_a_model_of_the_zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("harness.optimize.make_variant", lambda *wanted: asked.extend(wanted))
    chosen_variant("lenet5_digits", "int8", "per_tensor-mse")
    assert asked == ["lenet5_digits", Quantization.INT8, Recipe(calibration=Calibration.MSE, per_tensor=True)]


def test_a_recipe_that_is_none_is_refused_before_anything_is_made() -> None:
    with pytest.raises(ConfigError, match="'squeeze' is no step"):
        chosen_variant("lenet5_digits", "int8", "squeeze")


def test_firmware_that_is_not_built_here_follows_no_recipe(tmp_path: Path) -> None:
    image = tmp_path / "image.elf"
    image.touch()
    words = ["mlperf", "performance", *BOARD, "--firmware", str(image), "--optimize", "qat"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "--optimize qat is for firmware that is built here" in done.output
