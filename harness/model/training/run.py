"""Training, seen from outside: a process that can be killed and goes on where it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.errors import ModelError
from harness.paths import cache_directory
from harness.progress import progress_bar
from harness.tensorflow_process import environment, last_words


def train_in_process(source: str, title: str, seed: int, recipe_hash: str, output: Path) -> None:
    """Train the model that `source` means, and fill `output` with `weights.npz` and `history.json`.

    Checkpoints are kept by the hash of the recipe, and removed when the training is done.

    Raises:
        ModelError: it failed; the text has the last of its words.
    """
    checkpoints = cache_directory() / "checkpoints" / recipe_hash
    checkpoints.mkdir(parents=True, exist_ok=True)
    arguments = (source, str(seed), recipe_hash, str(checkpoints), str(output))
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.model.training.process", *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(),
        )
        assert process.stdout is not None
        try:
            with progress_bar(f"training {title}") as show:
                for line in process.stdout:
                    done, _, total = line.decode(errors="replace").partition(" ")
                    if done.isdecimal() and total.strip().isdecimal():
                        show(int(done), int(total))
            process.wait()
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            errors.seek(0)
            raise ModelError(f"training {title} failed:\n{last_words(errors.read())}")
    shutil.rmtree(checkpoints, ignore_errors=True)
