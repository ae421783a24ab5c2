"""Writes the tables of docs/variants.md from the records of a run of testsuites/variants.

    python benchmarks/variants_table.py RUN...

RUN is an id, a path or `latest`; where several have a case, the last one counts. The tables hold what the `tvm` backend
ran: the trained network in each quantization, and every recipe in int8.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from harness.optimize.quantization import NETWORK_QUANTIZATIONS, Quantization
from harness.paths import REPOSITORY
from harness.results.record import Record
from harness.results.store import RunDirectory

PAGE = REPOSITORY / "docs" / "variants.md"
RUNS = REPOSITORY / "runs"
SUITE = "testsuites/variants"
MODELS = ("lenet5_digits", "resnet8_digits")
HEAD = (
    "| variant | file | under gzip | zeros | accuracy | MACs | cycles |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def main(names: Sequence[str]) -> None:
    """Write the tables into the page."""
    records = {
        record.candidate: record
        for name in names
        for record in RunDirectory.open(name, RUNS).results().values()
        if record.case.startswith(SUITE) and record.candidate.backend == "tvm"
    }
    text = PAGE.read_text(encoding="utf-8")
    for model in MODELS:
        begin, end = (f"<!-- {model}: {which} -->\n" for which in ("begin", "end"))
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{table(model, records.values())}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, encoding="utf-8")


def table(model: str, records: Iterable[Record]) -> str:
    """A model's variants in Markdown: as trained by quantization, then the recipes in the order of the records."""
    mine = [record for record in records if record.candidate.model == model and record.measurement("cycles")]
    order = [str(one) for one in NETWORK_QUANTIZATIONS]
    trained = [record for record in mine if not record.candidate.optimize]
    trained.sort(key=lambda record: order.index(record.candidate.quantization))
    changed = [r for r in mine if r.candidate.optimize and r.candidate.quantization == Quantization.INT8]
    return "\n".join([HEAD, *(_row(record) for record in (*trained, *changed))])


def _row(record: Record) -> str:
    value = {one.quantity: one.value for one in record.measurements}
    cells = [
        f"{record.candidate.quantization} {record.candidate.optimize}".strip(),
        *(f"{value[size]:,.0f} B" for size in ("model_size", "model_gzip")),
        f"{value['sparsity']:.1%}",
        f"{value['accuracy']:.1%}",
        f"{record.macs:,}",
        f"{value['cycles']:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:] or ["latest"])
