"""The tables of variants say what the records say."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.variants_table import table
from harness.bench.measurement import Measurement, Provenance
from harness.results.record import Record
from tests.reports.sample_records import sample_records

FIGURES = {"model_size": 70_904, "model_gzip": 62_644, "sparsity": 0.5, "accuracy": 0.989, "cycles": 510_900}


def _record(quantization: str, optimize: str = "", model: str = "lenet5_digits") -> Record:
    record = sample_records()[0]
    candidate = replace(record.candidate, model=model, quantization=quantization, optimize=optimize)
    measured = tuple(Measurement.of(name, value, Provenance.SIMULATED) for name, value in FIGURES.items())
    return replace(record, candidate=candidate, measurements=measured, macs=1000)


def test_quantizations_come_first_and_recipes_in_int8_behind_them() -> None:
    records = [
        *(_record("int8"), _record("float32"), _record("float32", "prune50"), _record("int8", "prune50")),
        *(_record("int8", model="resnet8_digits"), replace(_record("int16x8"), measurements=())),
    ]
    lines = table("lenet5_digits", records).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["float32", "int8", "int8 prune50"]
    assert lines[3] == "| int8 | 70,904 B | 62,644 B | 50.0% | 98.9% | 1,000 | 510,900 |"
