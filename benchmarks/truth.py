"""Sets simulated against published silicon, and writes docs/truth.md.

    python benchmarks/truth.py [TRUTH_DIRECTORY]

Published latencies of MLPerf Tiny's four models (`mlperf_tiny_calibration.csv`, int8) are compared with those of the
`tvm` backend on the virtual board of the same name: the same model and type, on another compiler stack, so that a
difference tells of the stacks as well as of the board. What tells of the board alone is the comparison of one and the
same stack in `benchmarks/truth_tflm.csv`, which was measured by hand: TensorFlow Lite Micro is not in this repository.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np
import pandas as pd

from harness.bench.device import Device
from harness.board.board_file import list_boards, load_board
from harness.board.spec import BoardSpec
from harness.board.virtual.image import load_image, read_image
from harness.board.virtual.machine import Machine
from harness.board.virtual.machine_console import MachineConsole
from harness.deploy.backends import find_backend
from harness.deploy.build import build_firmware
from harness.optimize.convert import variant_of_file
from harness.paths import REPOSITORY

SHARED = REPOSITORY.parent / "shared"
PAGE = REPOSITORY / "docs" / "truth.md"
SAME_STACK = Path(__file__).with_name("truth_tflm.csv")
MODELS = {
    "AD": "ad01_int8.tflite",
    "IC": "pretrainedResnet_quant.tflite",
    "KWS": "kws_ref_model.tflite",
    "VWW": "vww_96_int8.tflite",
}
OVERHEAD_CYCLES = 20_000
"""Below this, a firmware's own calls of its timer and its copies weigh as much as the inference."""


@dataclass(frozen=True)
class Row:
    """One published latency and what the virtual board says."""

    board: str
    model: str
    stack: str
    published_ms: float
    simulated_ms: float

    @property
    def error(self) -> float:
        """Relative."""
        return self.simulated_ms / self.published_ms - 1


def simulate(spec: BoardSpec, model: Path) -> float:
    """Milliseconds of the second inference: the first has warmed the caches."""
    firmware = build_firmware(variant_of_file(model), spec.target, find_backend("tvm"))
    machine = Machine(spec)
    load_image(machine, read_image(firmware.elf, spec), spec)
    machine.reset()
    device = Device(MachineConsole(machine), firmware)
    device.connect()
    machine.chip.engine.clock.state.timed = 1
    size = sum(tensor.nbytes for tensor in firmware.inputs)
    sample = np.random.default_rng(1).integers(-128, 128, size, dtype=np.int8).tobytes()
    device.infer(sample)
    return device.infer(sample).cycles / spec.target.clock_hz * 1e3


def published(truth: Path) -> pd.DataFrame:
    """Latency rows of boards that are described here."""
    table = pd.read_csv(truth / "mlperf_tiny_calibration.csv")
    boards = {load_board(name).title.upper(): name for name in list_boards()}
    table = table[(table.metric == "latency") & (table.quantization == "int8")].copy()
    table["name"] = table.board.str.upper().map(boards)
    table["short"] = table.model.str.extract(r"(AD|IC|KWS|VWW)", expand=False)
    return table.dropna(subset=["name", "short"])


def compare(shared: Path) -> list[Row]:
    """All rows, each board and model simulated once."""
    simulated: dict[tuple[str, str], float] = {}
    rows = []
    for entry in published(shared / "truth").to_dict("records"):
        key = (entry["name"], entry["short"])
        if key not in simulated:
            print(f"simulating {entry['short']} on {entry['name']}", file=sys.stderr, flush=True)
            model = shared / "models" / "mlperf_tiny" / MODELS[entry["short"]]
            simulated[key] = simulate(load_board(entry["name"]), model)
        stack, latency = entry["toolchain_stack"], float(entry["value"])
        rows.append(Row(entry["board"], entry["short"], stack, latency, simulated[key]))
    return rows


def same_stack_section() -> list[str]:
    """What was measured by hand: one stack on silicon and on the virtual board."""
    table = pd.read_csv(SAME_STACK, comment="#")
    table["error"] = table.simulated_cycles / table.published_cycles - 1
    notes = [line[2:] for line in SAME_STACK.read_text().splitlines() if line.startswith("# ")]
    lines = ["## One stack on both sides", "", *notes, ""]
    lines += ["| model | quantization | published cycles | simulated | error |", "| --- | --- | ---: | ---: | ---: |"]
    lines += [
        f"| {one['model']} | {one['quantization']} | {one['published_cycles']:,} | {one['simulated_cycles']:,} "
        f"| {one['error']:+.1%} |"
        for one in table.to_dict("records")
    ]
    large = table[table.published_cycles >= OVERHEAD_CYCLES]
    for what, part in (
        ("int8 and 16x8", large[large.quantization != "float32"]),
        ("float32", large[large.quantization == "float32"]),
    ):
        errors = part.error.abs()
        lines += [
            "",
            f"{what}, {len(part)} rows of at least {OVERHEAD_CYCLES:,} cycles: mean error {errors.mean():.1%}, median "
            f"{errors.median():.1%}, worst {errors.max():.1%}.",
        ]
    return lines


def page(rows: list[Row]) -> str:
    """The page in docs."""
    lines = ["# How far virtual time is from silicon", "", *(line for line in _INTRODUCTION.strip().splitlines()), ""]
    lines += same_stack_section()
    lines += ["", "## Another stack on silicon", "", *_OTHER_STACK.strip().splitlines(), ""]
    lines += ["| board | model | published stack | published | simulated, `tvm` | ratio |"]
    lines += ["| --- | --- | --- | ---: | ---: | ---: |"]
    lines += [
        f"| {row.board} | {row.model} | {row.stack} | {row.published_ms:.4g} ms | {row.simulated_ms:.4g} ms "
        f"| {1 + row.error:.2f} |"
        for row in rows
    ]
    ratios = [1 + row.error for row in rows]
    lines += ["", f"Mean ratio {fmean(ratios):.2f}, median {median(ratios):.2f}, over {len(rows)} rows."]
    return "\n".join(lines) + "\n"


_INTRODUCTION = """
Written by `benchmarks/truth.py`. The timing model has no constant for an image or a benchmark: its figures are those of
`lab/cores` and `lab/boards`, each with its source, or named there as fitted or estimated.
"""

_OTHER_STACK = """
MLPerf Tiny v0.7 and v1.0 rows of the vendor's closed compiler (X-CUBE-AI), int8, against this repository's `tvm`
backend on the virtual board. The ratio tells of two compilers as well as of the board, and is no error of the model.
"""


def main() -> None:
    shared = Path(sys.argv[1]).resolve().parent if len(sys.argv) > 1 else SHARED
    if not (shared / "truth").is_dir():
        raise SystemExit(f"no published measurements at {shared / 'truth'}; give their directory as the argument")
    PAGE.write_text(page(compare(shared)))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
