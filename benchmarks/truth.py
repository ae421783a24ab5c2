"""Sets simulated against published silicon, and writes docs/truth.md.

    python benchmarks/truth.py

Published figures (`../shared/truth`) are compared with those of the `tvm` backend on the virtual board of the same
name: the same network and type, on another compiler stack, so that a difference tells of the stacks as well as of the
board. What tells of the board alone is the comparison of one and the same stack in `benchmarks/truth_tflm.csv`, which
`benchmarks/truth_tflm.py` writes: it wants TensorFlow Lite Micro, which is not in this repository. Ends with an error
if a board file states other errors of its power model than there are.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from comparison.effects import effects_section
from comparison.energies import energy_section, untrue_statements
from comparison.latencies import (
    between_boards_section,
    edgemark_section,
    eth_section,
    mlperf_section,
)
from comparison.models import SHARED
from comparison.table import table

from harness.paths import REPOSITORY

PAGE = REPOSITORY / "docs" / "truth.md"
SAME_STACK = Path(__file__).with_name("truth_tflm.csv")
OVERHEAD_CYCLES = 20_000
"""Below this, a firmware's own calls of its timer and its copies weigh as much as the inference."""


def same_stack_section() -> list[str]:
    """What `truth_tflm.py` measured: one stack on silicon and on the virtual board."""
    rows = pd.read_csv(SAME_STACK, comment="#")
    rows["error"] = rows.simulated_cycles / rows.published_cycles - 1
    notes = [line[2:] for line in SAME_STACK.read_text().splitlines() if line.startswith("# ")]
    columns = ["model", "quantization", "published cycles:", "simulated:", "error:"]
    lines = [
        (one["model"], one["quantization"], f"{one['published_cycles']:,}", f"{one['simulated_cycles']:,}",
         f"{one['error']:+.1%}")
        for one in rows.to_dict("records")
    ]  # fmt: skip
    found = [*notes, "", *table(columns, lines)]
    large = rows[rows.published_cycles >= OVERHEAD_CYCLES]
    for what, part in (
        ("int8 and 16x8", large[large.quantization != "float32"]),
        ("float32", large[large.quantization == "float32"]),
    ):
        sizes = part.error.abs()
        found += [
            "",
            f"{what}, {len(part)} rows of at least {OVERHEAD_CYCLES:,} cycles: mean error {sizes.mean():.1%}, median "
            f"{sizes.median():.1%}, worst {sizes.max():.1%}.",
        ]
    return found


def page(truth: Path) -> str:
    """The page in docs."""
    parts = [
        (_INTRODUCTION, []),
        (_SAME_STACK, same_stack_section()),
        (_MLPERF, mlperf_section(truth)),
        (_BETWEEN_BOARDS, between_boards_section(truth)),
        (_ETH, eth_section(truth)),
        (_EDGEMARK, edgemark_section(truth)),
        (_ENERGY, energy_section(truth)),
        (_EFFECTS, effects_section()),
    ]
    return (
        "\n".join(line for text, lines in parts for line in (*text.strip().splitlines(), "", *lines, "")).rstrip()
        + "\n"
    )


_INTRODUCTION = """
# How far virtual time and energy are from silicon

Written by `benchmarks/truth.py`. The timing model has no constant for an image or a benchmark: its figures are those of
`lab/cores` and `lab/boards`, each with its source, or named there as fitted or estimated. What speaks for and against
the rules of the Cortex-M7 and M33 is in [timing.md](timing.md).
"""

_SAME_STACK = """
## One stack on both sides
"""

_MLPERF = """
## MLPerf Tiny

Rows of v0.7 and v1.0 of the vendor's closed compiler (X-CUBE-AI), int8, against this repository's `cmsis_nn` and `tvm`
backends on the virtual board. The ratio tells of two compilers as well as of the board, and is no error of the model.
"""

_BETWEEN_BOARDS = """
## Between boards

Cycles on one board over cycles on another, the same stack and network on both. Here the compilers cancel out as far as
two stacks spend their cycles alike. That of `cmsis_nn` calls Arm's kernels, and is the nearest to those that were
published; `tvm` shows how much it depends on the kernels.
"""

_ETH = """
## LeNet-5 and ResNet-20

ETH thesis, tables A.2 and 5.10: TensorFlow Lite Micro on mbed, `-Ofast`, FPU on, at 80 MHz (NUCLEO-L496ZG) and 180 MHz
(DISCO-F469NI); the reference kernels use no DSP instructions. The networks are the zoo's, with random weights; that
theirs have the layers of the papers is assumed.
"""

_EDGEMARK = """
## EdgeMark

NUCLEO-L4R5ZI, 120 MHz, hard float; the networks are the zoo's, from EdgeMark's configurations, with random weights. In
brackets: `tvm` over that. EdgeMark's window holds copies of input and output, too, and its prefetch is off. Recurrent
networks are left out.
"""

_ENERGY = """
## Energy

"Power model" is voltage x current of the board file, for a core that never waits; for AD, that waits as long as in our
own build, within the published time of an inference, as every compiler has to read each weight of AD from flash once.
Its error is that of the power model alone. "Simulated" is an inference of our `tvm` build on the virtual board, its own
time and power: the ratio tells of the compilers, too.
"""

_EFFECTS = """
## What the rules of the Cortex-M7 are worth

Cycles of a warm inference of our `tvm` builds on the NUCLEO-F746ZG, and by how much they change when one rule is left
out.
"""


def main() -> None:
    truth = SHARED / "truth"
    if not truth.is_dir():
        raise SystemExit(f"no published measurements at {truth}")
    PAGE.write_text(page(truth))
    print(PAGE.read_text())
    if wrong := untrue_statements(truth):
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
