"""`python -m harness.board.virtual BOARD`: run one virtual board until stdin closes."""

from __future__ import annotations

import argparse
import sys

from harness.board.board_file import load_board
from harness.board.timing_mode import TimingMode
from harness.board.virtual.current_input import CurrentInput
from harness.board.virtual.noise import Noise
from harness.board.virtual.process import BoardProcess, Options
from harness.errors import HarnessError


def main() -> int:
    """Parse the command line and be a board."""
    parser = argparse.ArgumentParser(prog="python -m harness.board.virtual", description=__doc__)
    parser.add_argument("board", help="name of a board in lab/boards, or a board file")
    parser.add_argument("--uart-noise", metavar="SEED:RATE", help="damage bytes of the console, for tests")
    parser.add_argument("--sample-rate", type=float, default=100_000.0, help="of the energy analyzer, in Hz")
    parser.add_argument("--current-noise", type=float, default=0.0, help="standard deviation of its noise, in A")
    parser.add_argument("--current-range", type=float, default=0.0, help="the largest current it sees, in A")
    parser.add_argument("--current-resolution", type=float, default=0.0, help="the step of its samples, in A")
    parser.add_argument("--noise-seed", type=int, default=0, help="of its noise")
    parser.add_argument("--supply", type=float, help="supply voltage, in V; default: the board file's")
    parser.add_argument("--timing", type=TimingMode, choices=tuple(TimingMode), default=TimingMode.AUTO)
    parser.add_argument("--slice", type=int, default=2_000_000, help="cycles between two looks at the world")
    arguments = parser.parse_args()
    try:
        board = BoardProcess(load_board(arguments.board), _options(arguments))
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 2
    board.run()
    return 0


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        current_input=CurrentInput(
            sample_rate_hz=arguments.sample_rate,
            noise_a=arguments.current_noise,
            range_a=arguments.current_range,
            resolution_a=arguments.current_resolution,
            seed=arguments.noise_seed,
        ),
        supply_v=arguments.supply,
        timing=arguments.timing,
        noise=Noise.parse(arguments.uart_noise) if arguments.uart_noise else None,
        slice_cycles=arguments.slice,
    )


if __name__ == "__main__":
    sys.exit(main())
