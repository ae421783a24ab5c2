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

from harness.errors import DatasetError, ModelError
from harness.model.datasets import load_dataset, quantize_samples, random_inputs
from harness.model.model import Model
from harness.model.reference import run_reference
from harness.model.tflite_reader import read_tflite

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
