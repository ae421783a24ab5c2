"""The table of EdgeMark's networks says what the records say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.edgemark_table import cell, page
from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Outcome, Status
from harness.results.record import Record
from tests.reports.sample_records import sample_records

PASSED = sample_records()[0]
LACKING = "the x backend can't compile this int8 model:\n" + "\n".join(
    f"  layer l{n} ({op}): the operator is not supported"
    for n, op in enumerate(("TANH", "PACK", "TANH", "SPLIT", "ABS"))
)


def _record(
    status: Status, reason: str = "", missing: int = 0, quantity: str = "latency", value: float = 0.0
) -> Record:
    measured = (Measurement.of(quantity, value, Provenance.SIMULATED),)
    return replace(PASSED, outcome=Outcome(status, reason, missing), measurements=measured)


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (_record(Status.PASSED, value=0.0012), "1.2 ms"),
        (_record(Status.DOES_NOT_FIT, "flash", 25_600), "does not fit: 25 KiB too large"),
        (_record(Status.UNSUPPORTED, LACKING), "unsupported: TANH, PACK, SPLIT and 1 more"),
        (_record(Status.UNSUPPORTED, f"{LACKING}\n  layer a (ADD): t is float32, not int8"), "unsupported: float32"),
        (_record(Status.UNSUPPORTED, "no:\n  layer a (ADD): the batch must be 1"), "unsupported: the batch must be 1"),
        (
            _record(
                Status.UNSUPPORTED, "no:\n  k.cc:1 !a || (a && !b) was not true. Node ADD (number 2) failed to prepare"
            ),
            "unsupported: ADD failed to prepare",
        ),
        (_record(Status.UNSUPPORTED, "no:\n  layer a (ADD): a || b"), r"unsupported: a \|\| b"),
        (_record(Status.WRONG_OUTPUT, "differs", 0, "max_difference", 12.0), "wrong: differs by 12"),
        (_record(Status.FIRMWARE_FAILED, "it hung"), "firmware failed"),
    ],
)
def test_a_cell_tells_what_came_of_a_case(record: Record, shown: str) -> None:
    assert cell(record) == shown


def test_every_board_and_quantization_has_a_table_of_models_and_backends() -> None:
    text = page(sample_records())
    assert text.count("## ") == 4
    assert text.count("| lenet5_digits | ") == 4
    assert "12 cases" in text
    assert "## int8 on nucleo_f746zg\n\n| model | MACs | tvm |\n| --- | ---: | --- |\n" in text
