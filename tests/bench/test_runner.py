"""Who judges what a board sends: TFLite, or the interpreter of the firmware's own runtime."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.bench.runner import Plan, prepare, run
from harness.board.dut import open_dut
from harness.board.rack import Kind, RackEntry
from harness.deploy.backends import find_backend
from harness.deploy.build import build_firmware
from harness.model.reference import Interpreter
from tests.deploy.test_dense_tolerance import dense_layers
from tests.deploy.tiny_model import variant_of
from tests.model.own_interpreter import needs_tflm


@needs_tflm
def test_the_runtimes_own_interpreter_judges_and_tflites_answers_stand_beside_it(tmp_path: Path) -> None:
    """Firmware that computes as TFLite does is wrong for a runtime that rounds otherwise, and the other way around."""
    variant, plan = variant_of(dense_layers(tmp_path, seed=2, layers=6, ratio=3 / 40)), Plan(random_samples=20)
    with open_dut(RackEntry("bench", "nucleo_l4r5zi", Kind.VIRTUAL)) as dut:
        firmware = build_firmware(variant, dut.spec.target, find_backend("tvm"))
        ours = run(dut, variant, firmware, prepare(variant, plan), plan)
        workload, others = prepare(variant, plan, Interpreter.TFLM), replace(firmware, interpreter=Interpreter.TFLM)
        theirs = run(dut, variant, others, workload, plan)
        swapped = replace(workload, references=workload.own_references, own_references=workload.references)
        right = run(dut, variant, others, swapped, plan)
    figures = [{one.quantity: one.value for one in results.measurements} for results in (ours, theirs, right)]
    assert [one["max_difference"] for one in figures] == [0, 0, 2]
    assert [one.get("runtime_difference") for one in figures] == [None, 2, 0]
    assert (ours.disagreement, right.disagreement) == ("", "")
    assert "differs from TensorFlow Lite Micro's interpreter on the host by 2" in theirs.disagreement
    assert theirs.suspects
