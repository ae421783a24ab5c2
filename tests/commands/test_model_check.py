"""`harness model check` tells what was understood of a model, and refuses pickles with the way out."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from harness.cli import main
from harness.optimize import Quantization, make_variant


def test_ends_cost_and_backends_of_a_model_are_told(tmp_path: Path) -> None:
    model = make_variant("kws_ds_cnn", Quantization.INT8).model
    path = tmp_path / "words.tflite"
    path.write_bytes(model.read_bytes())
    done = CliRunner().invoke(main, ["model", "check", str(path), "--layers"])
    assert done.exit_code == 0, done.output
    lines = {line.split()[0]: line for line in done.output.splitlines()}
    assert f"{model.macs:,}" in lines["MACs"]
    assert f"{model.parameters:,}" in lines["parameters"]
    assert "int8, real = " in lines["input"]
    assert "CONV_2D" in lines["operators"]
    assert "tvm: takes it on" in done.output
    assert done.output.count(" MACs ") == len(model.layers)


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(b"\x80\x04N.")
    done = CliRunner().invoke(main, ["model", "check", str(path)])
    assert done.exit_code != 0
    assert "is a pickle" in done.output + str(done.exception)
