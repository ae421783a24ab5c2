"""`harness backend`: what there is and what takes a model, without a compiler or TensorFlow."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.cli import main
from tests.deploy.installed import install_backend
from tests.deploy.tiny_model import TinyModel


def run(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["backend", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def dense(tmp_path: Path) -> Path:
    """A dense layer and a tangent, int8."""
    tiny = TinyModel()
    x, y, z = (tiny.tensor((1, 4), scale=0.1) for _ in range(3))
    weights = tiny.tensor((4, 4), scale=0.1, data=np.ones((4, 4), np.int8))
    tiny.operator("FULLY_CONNECTED", [x, weights, -1], y, "FullyConnectedOptions")
    tiny.operator("TANH", [y], z)
    return tiny.write(tmp_path / "dense.tflite", [x], [z]).path


def test_the_list_has_versions_and_operators() -> None:
    output = run("list", "--operators")
    assert "emx-onnx-cgen 1.4.0" in output
    assert "RandomForestClassifier" in output
    assert "DEPTHWISE_CONV_2D" in output


def test_a_backend_that_cannot_be_loaded_and_one_without_claims_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quiet.py").write_text("class Quiet:\n    def versions(self):\n        return {'quiet': '3.1'}\n")
    for name, value in (("quiet", "quiet:Quiet"), ("broken", "no_such_module:Broken")):
        install_backend(tmp_path, name, value)
    monkeypatch.syspath_prepend(tmp_path)
    output = run("list")
    assert "'broken' (no_such_module:Broken) can't be loaded" in output
    assert "quiet 3.1" in output
    assert "not told" in output


def test_a_check_says_who_takes_a_model_and_why_others_do_not(dense: Path) -> None:
    lines = run("check", str(dense), "--board", "nucleo_l4r5zi").splitlines()
    verdicts = {line.split()[0]: line for line in lines if "nucleo_l4r5zi" in line}
    assert verdicts["portable_c"].rstrip().endswith("yes")
    assert "layer tensor_2 (TANH): the output's scale must be 1/128" in verdicts["tvm"]
    assert "emlearn takes classifiers of scikit-learn" in verdicts["emlearn"]


def test_all_quantizations_are_checked_one_after_another() -> None:
    lines = run("check", "wine_mlp", "--quantization", "all", "--board", "nucleo_l4r5zi").splitlines()
    heads = [line.split()[-2:] for line in lines if line.split()[:1] == ["backend"]]
    assert heads == [["wine_mlp,", "float32"], ["wine_mlp,", "int16"]]
    taken, refused = (line for line in lines if line.split()[:1] == ["emlearn"])
    assert taken.rstrip().endswith("yes")
    assert "int16" in refused


def test_a_file_that_is_taken_as_it_is_comes_in_one_quantization(dense: Path) -> None:
    done = CliRunner().invoke(main, ["backend", "check", str(dense), "--quantization", "all"])
    assert done.exit_code == 1
    assert "is taken as it is; --quantization all is for what is converted here" in done.output


def test_boards_that_are_alike_are_one_line(dense: Path) -> None:
    assert run("check", str(dense)).count("portable_c") == 1


def test_nothing_heavy_is_imported(dense: Path) -> None:
    import subprocess

    script = (
        "import sys; from click.testing import CliRunner; from harness.cli import main\n"
        f"for words in (['list'], ['check', {str(dense)!r}]):\n"
        "    assert CliRunner().invoke(main, ['backend', *words]).exit_code == 0\n"
        "heavy = {'tensorflow', 'tvm', 'onnx', 'emx_onnx_cgen', 'sklearn', 'emlearn', 'skops'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("model", ["no_such_model", "missing.tflite", "missing.skops"])
def test_a_model_that_there_is_not_gets_one_line(model: str) -> None:
    done = CliRunner().invoke(main, ["backend", "check", model])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert model in done.output
