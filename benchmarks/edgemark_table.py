"""Writes docs/edgemark.md from the records of runs of testsuites/edgemark.

    python benchmarks/edgemark_table.py RUN...

RUN is an id, a path or `latest`; where several have a case, the last one counts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

from harness.bench.outcome import Status
from harness.optimize.quantization import NETWORK_QUANTIZATIONS
from harness.paths import REPOSITORY
from harness.results.record import Record
from harness.results.store import RunDirectory
from harness.units import format_quantity

PAGE = REPOSITORY / "docs" / "edgemark.md"
RUNS = REPOSITORY / "runs"
SUITE = "testsuites/edgemark"
MOST_OPERATORS = 3

LEGEND = """A time: built, fits, ran on the board, and every output agreed with the host's: TFLite's reference kernels,
for `tflm` [its own interpreter](tflm.md#where-it-leaves-tflites-reference-kernels). The time is one inference's.
*Unsupported*: the backend does not claim the model, with the operators it lacks, or the type. *Does not fit*: by how
much. *Wrong*: it ran, and its outputs differ from the host's. Empty: not in this run. Networks were trained for one
epoch on noise of their data set's shape; those of MLPerf Tiny have seeded weights.
"""


def main(names: Sequence[str]) -> None:
    """Write the page."""
    records: dict[tuple[str, str, str, str], Record] = {}
    for name in names:
        for record in RunDirectory.open(name, RUNS).results().values():
            if record.case.startswith(SUITE):
                one = record.candidate
                records[one.board, one.quantization, one.model, one.backend] = record
    PAGE.write_text(page(list(records.values())), encoding="utf-8")


def page(records: Sequence[Record]) -> str:
    """The page in Markdown: for every board and quantization a table of models x backends."""
    tally = [f"{_count(records, status)} {status}" for status in Status if _count(records, status)]
    commits = dict.fromkeys(record.origin.git_commit[:10] for record in records)
    lines = [
        "# EdgeMark's networks, by quantization and backend",
        "",
        f"Made by `python benchmarks/edgemark_table.py` from the records of `pytest {SUITE} --explore`: "
        f"{len(records)} cases, {', '.join(tally)}. Times are {_provenances(records)}. Commits of the harness: "
        f"{', '.join(commits)}.",
        "",
        LEGEND,
    ]
    for board in dict.fromkeys(record.candidate.board for record in records):
        for quantization in NETWORK_QUANTIZATIONS:
            chosen = [
                record
                for record in records
                if (record.candidate.board, record.candidate.quantization) == (board, quantization)
            ]
            lines += [f"## {quantization} on {board}", "", *_table(chosen), ""] if chosen else []
    return "\n".join(lines).rstrip() + "\n"


def _count(records: Sequence[Record], status: Status) -> int:
    return sum(record.outcome.status is status for record in records)


def _provenances(records: Sequence[Record]) -> str:
    kinds = {str(latency.provenance) for record in records if (latency := record.measurement("latency"))}
    return " and ".join(sorted(kinds)) or "not measured"


def _table(records: Sequence[Record]) -> list[str]:
    backends = sorted({record.candidate.backend for record in records})
    cells: Mapping[tuple[str, str], str] = {(r.candidate.model, r.candidate.backend): cell(r) for r in records}
    macs = {record.candidate.model: record.macs for record in records}
    lines = [f"| model | MACs | {' | '.join(backends)} |", f"| --- | ---: |{' --- |' * len(backends)}"]
    for model in sorted(macs, key=lambda name: (macs[name], name)):
        row = [model, f"{macs[model]:,}", *(cells.get((model, backend), "") for backend in backends)]
        lines.append(f"| {' | '.join(row)} |")
    return lines


def cell(record: Record) -> str:
    """What came of a case, in a few words."""
    outcome, latency = record.outcome, record.measurement("latency")
    match outcome.status:
        case Status.PASSED:
            return format_quantity(latency.value, "s") if latency else "agrees"
        case Status.DOES_NOT_FIT:
            return f"does not fit: {format_quantity(outcome.missing_bytes, 'B')} too large"
        case Status.UNSUPPORTED:
            return f"unsupported: {_lacking(outcome.reason)}"
        case Status.WRONG_OUTPUT:
            difference = record.measurement("runtime_difference") or record.measurement("max_difference")
            return f"wrong: differs by {difference.value:.3g}" if difference else "wrong"
    return str(outcome.status)


def _lacking(reason: str) -> str:
    """The type or the operators that a backend lacks, or where it lacks none, its first complaint."""
    if wrong := re.search(r" is (\w+), not int\d+", reason):
        return wrong[1]
    if refused := re.search(r"Node (\w+) \(number \d+\) failed to prepare", reason):
        return f"{refused[1]} failed to prepare"
    operators = list(dict.fromkeys(re.findall(r"\(([A-Z0-9_]+)\): the operator is not supported", reason)))
    if not operators:
        first = next((line for line in reason.splitlines() if line.startswith("  ")), reason)
        return first.rpartition(": ")[2].rpartition(" is ")[2].replace("|", r"\|")
    more = f" and {len(operators) - MOST_OPERATORS} more" if len(operators) > MOST_OPERATORS else ""
    return ", ".join(operators[:MOST_OPERATORS]) + more


if __name__ == "__main__":
    main(sys.argv[1:] or ["latest"])
