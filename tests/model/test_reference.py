"""The host's reference: right answers, cached, and a crash of the interpreter stays in its process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from harness.deploy.quantize_math import Rounding
from harness.errors import DatasetError, ModelError
from harness.model.datasets import load_dataset, quantize_samples, random_inputs
from harness.model.model import Model
from harness.model.reference import Interpreter as Kernels
from harness.model.reference import run_own_reference, run_reference
from harness.model.tflite_graph import open_graph
from harness.model.tflite_reader import read_tflite
from tests.deploy.test_dense_tolerance import dense_layers, dense_outputs
from tests.deploy.tiny_model import TinyModel
from tests.model.own_interpreter import needs_tflm

Edited = Callable[[Model, Callable[[Any], None]], bytes]


def test_the_reference_gets_191_of_200_words_right(mlperf: Callable[[str], Path], kws01: Path) -> None:
    model = read_tflite(mlperf("kws_ref_model"))
    data = load_dataset(kws01, model)
    outputs = run_reference(model, quantize_samples(data, model.inputs[0]))
    assert (outputs.shape, str(outputs.dtype)) == ((200, 12), "int8")
    assert int((outputs.argmax(axis=1) == data.labels).sum()) == 191


def test_the_reference_is_what_the_interpreter_in_this_process_gives(lenet: Model) -> None:
    samples = random_inputs(lenet, 5, 3)
    interpreter = Interpreter(str(lenet.path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    (first,), (last,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for sample in samples:
        interpreter.set_tensor(first["index"], sample[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(last["index"])[0])
    np.testing.assert_array_equal(run_reference(lenet, samples), outputs)


def test_a_second_run_starts_no_process(lenet: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = random_inputs(lenet, 2, 4)
    first = run_reference(lenet, samples)
    monkeypatch.setattr(subprocess, "run", None)
    np.testing.assert_array_equal(run_reference(lenet, samples), first)


def test_samples_that_do_not_fit_are_refused(lenet: Model) -> None:
    with pytest.raises(DatasetError, match="the model takes"):
        run_reference(lenet, np.zeros((1, 3), np.int8))


def test_a_model_that_the_interpreter_lacks_kernels_for_is_refused(
    lenet: Model, edited: Edited, tmp_path: Path
) -> None:
    path = tmp_path / "newer.tflite"
    path.write_bytes(edited(lenet, lambda tree: setattr(tree.operatorCodes[0], "version", 99)))
    with pytest.raises(ModelError, match=r"newer\.tflite: the TFLite interpreter refuses this model: .*version '99'"):
        run_reference(read_tflite(path), random_inputs(lenet, 1, 0))


def test_a_crash_of_the_interpreter_is_a_model_error(lenet: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    run = subprocess.run

    def crashing(_: list[str], **options: object) -> object:
        return run([sys.executable, "-c", crash], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", crashing)
    with pytest.raises(ModelError, match="crashed on this model with SIGSEGV"):
        run_reference(lenet, random_inputs(lenet, 1, 99))


@needs_tflm
def test_tensorflow_lite_micros_own_interpreter_rounds_dense_layers_twice(tmp_path: Path) -> None:
    model = dense_layers(tmp_path, seed=2, layers=6, ratio=3 / 40)
    samples = random_inputs(model, 20, 0)
    twice = [dense_outputs(open_graph(model), sample.ravel().astype(np.int64), Rounding.TWICE) for sample in samples]
    own = run_own_reference(model, samples, Kernels.TFLM)
    assert own is not None
    np.testing.assert_array_equal(own, np.reshape(twice, own.shape))
    assert np.abs(own.astype(int) - run_reference(model, samples)).max() > 1


@needs_tflm
def test_tensorflow_lite_micro_starts_each_sample_afresh_and_takes_several_inputs(tmp_path: Path) -> None:
    tiny = TinyModel()
    one, other = tiny.tensor((1, 3), "float32"), tiny.tensor((1, 3), "float32")
    total = tiny.operator("ADD", [one, other], tiny.tensor((1, 3), "float32"), "AddOptions")
    model = tiny.write(tmp_path / "sum.tflite", [one, other], [total])
    samples = random_inputs(model, 4, 0)
    np.testing.assert_array_equal(run_own_reference(model, samples, Kernels.TFLM), run_reference(model, samples))


@needs_tflm
def test_a_model_that_only_tflite_takes_has_no_answers_of_tensorflow_lite_micro(tmp_path: Path) -> None:
    tiny = TinyModel()
    x, twice = tiny.tensor((1, 3), "float32"), tiny.tensor((2,), "int32", data=np.array([1, 2]))
    y = tiny.operator("TILE", [x, twice], tiny.tensor((1, 6), "float32"), version=1)
    model = tiny.write(tmp_path / "tile.tflite", [x], [y])
    samples = random_inputs(model, 2, 0)
    assert run_own_reference(model, samples, Kernels.TFLM) is None
    assert run_reference(model, samples).shape == (2, 6)


def test_a_runtime_without_an_interpreter_of_its_own_has_no_answers(lenet: Model) -> None:
    assert run_own_reference(lenet, random_inputs(lenet, 1, 0), Kernels.TFLITE) is None


def test_an_interpreter_that_is_not_installed_gives_no_answers(lenet: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kernels, "package", "a-package-that-nobody-has")
    assert run_own_reference(lenet, random_inputs(lenet, 1, 0), Kernels.TFLM) is None
