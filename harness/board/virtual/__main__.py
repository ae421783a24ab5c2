"""`python -m harness.board.virtual BOARD`: run one virtual board until stdin closes."""

from __future__ import annotations

import argparse
import sys

from harness.board.board_file import load_board
from harness.board.virtual.noise import Noise
from harness.board.virtual.process import BoardProcess, Options
from harness.errors import HarnessError


def main() -> int:
    """Parse the command line and be a board."""
    parser = argparse.ArgumentParser(prog="python -m harness.board.virtual", description=__doc__)
    parser.add_argument("board", help="name of a board in lab/boards, or a board file")
    parser.add_argument("--uart-noise", metavar="SEED:RATE", help="damage bytes of the console, for tests")
    parser.add_argument("--sample-rate", type=float, default=100_000.0, help="of the energy analyzer, in Hz")
    parser.add_argument("--slice", type=int, default=2_000_000, help="cycles between two looks at the world")
    arguments = parser.parse_args()
    try:
        noise = Noise.parse(arguments.uart_noise) if arguments.uart_noise else None
        board = BoardProcess(load_board(arguments.board), Options(arguments.sample_rate, noise, arguments.slice))
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 2
    board.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
