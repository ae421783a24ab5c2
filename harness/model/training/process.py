"""The process that trains: `python -m harness.model.training.process` and the arguments of `main`.

It prints lines of `done total`: batches. See `harness.model.training.run` for the other side.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from harness.errors import HarnessError, ModelError

_SECONDS_BETWEEN_LINES = 0.2


def main(source: str, seed: int, recipe_hash: str, checkpoints: Path, output: Path) -> None:
    """Train a model and write `weights.npz` and `history.json` into `output`.

    Raises:
        ModelError: the model is not the one that was asked for: its description was changed meanwhile.
    """
    import numpy as np

    from harness.model.training.fit import train
    from harness.model.zoo.find import find_entry
    from harness.model.zoo.weights import recipe_digest
    from harness.tensorflow_process import import_tensorflow

    entry = find_entry(source)
    if recipe_digest(entry, seed) != recipe_hash:
        raise ModelError(f"{source}: changed while it was being trained; run again")
    import_tensorflow()
    weights, history = train(entry, entry.seed + seed, checkpoints, _teller())
    np.savez(output / "weights.npz", *weights)
    (output / "history.json").write_text(history.to_json())


class _teller:  # noqa: N801 - a function that remembers
    """Prints how far the training is, not too often."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next or done == total:
            self._next = now + _SECONDS_BETWEEN_LINES
            print(done, total, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]))
    except HarnessError as error:
        sys.exit(str(error))
