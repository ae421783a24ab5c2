"""Training: the same every time, also when it was killed in between, and what it keeps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from harness.errors import DatasetError, ModelError
from harness.model.training.fit import State, augmented, is_exhausted
from harness.model.training.history import Epoch, History
from harness.model.training.training import Training
from harness.model.zoo.find import find_entry
from harness.model.zoo.weights import recipe_digest, training_history, weights_file
from harness.paths import cache_directory

DESCRIPTION = """
model_type: CNN
denses_params: [12]
denses_dropout: 0.2
use_batch_norm: true
epochs: 6
batch_size: 16
validation_split: 0.25
dataset: {name: wine}
"""


@pytest.fixture
def description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "wine_net.yaml"
    path.write_text(DESCRIPTION)
    return str(path)


def _weights(source: str) -> list[np.ndarray]:
    with np.load(weights_file(find_entry(source), 0), allow_pickle=False) as stored:
        return [stored[name] for name in stored.files]


def test_a_training_that_was_killed_goes_on_and_gives_the_bytes_of_one_that_was_not(
    description: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _weights(description)
    history = training_history(find_entry(description), 0)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "other"))
    checkpoint = _kill_after_an_epoch(description)
    assert checkpoint.is_file()
    before = checkpoint.stat().st_mtime_ns
    again = _weights(description)
    assert all(np.array_equal(one, other) for one, other in zip(whole, again, strict=True))
    assert training_history(find_entry(description), 0) == history
    assert before
    assert not checkpoint.exists()


def _kill_after_an_epoch(description: str) -> Path:
    """Train in a process that dies as soon as there is a checkpoint; the path of that."""
    entry = find_entry(description)
    checkpoint = cache_directory() / "checkpoints" / recipe_digest(entry, 0) / "checkpoint.npz"
    command = "import sys; from harness.model.zoo.find import *; from harness.model.zoo.weights import *;"
    command += "weights_file(find_entry(sys.argv[1]), 0)"
    process = subprocess.Popen([sys.executable, "-c", command, description], start_new_session=True)
    try:
        deadline = time.monotonic() + 300
        while not checkpoint.is_file() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return checkpoint


def test_what_is_kept_of_a_training(description: str) -> None:
    history = training_history(find_entry(description), 0)
    assert history is not None
    assert len(history.epochs) == 6
    losses = [epoch.held_out_loss for epoch in history.epochs]
    assert losses[history.best] == min(one for one in losses if one is not None)
    assert history.epochs[-1].metric > history.epochs[0].metric
    assert History.from_json(history.to_json()) == history


def test_learning_rates_follow_their_schedule() -> None:
    stepped = Training(200, learning_rate=1e-3, steps=((81, 0.1), (121, 0.01)))
    assert [stepped.rate(epoch) for epoch in (0, 80, 81, 120, 121, 199)] == pytest.approx(
        [1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5]
    )
    falling = [Training(20, schedule="cosine").rate(epoch) for epoch in range(20)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] == 1e-3
    assert 0 < falling[-1] < 2e-5


def test_data_that_is_not_at_hand_is_named_with_the_file_to_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    path = tmp_path / "mine.yaml"
    path.write_text("model_type: CNN\ndataset: {name: mnist, args: {flat_features: true}}\n")
    with pytest.raises(DatasetError, match=r"mnist\.npz is missing; put there https://.*\?data=random"):
        weights_file(find_entry(str(path)), 0)
    assert find_entry(f"{path}?data=random").trained
    assert not find_entry("lenet5_mnist").trained


def test_a_training_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros((3, 3)))
    with pytest.raises(ModelError, match=r"training lenet5_mnist failed:\n.*mnist\.npz: lacks the array y_train"):
        weights_file(find_entry("lenet5_mnist"), 0)


def test_an_epoch_reads_itself_back() -> None:
    epoch = Epoch(1e-3, 0.5, 0.75)
    assert Epoch.from_json(epoch.to_json()) == epoch


@pytest.mark.parametrize(("best", "epochs", "patience", "over"), [(0, 4, 3, True), (1, 4, 3, False), (0, 9, 0, False)])
def test_training_ends_when_patience_does(best: int, epochs: int, patience: int, over: bool) -> None:
    state = State(tuple(Epoch(1e-3, 1.0, 0.5, 1.0, 0.5) for _ in range(epochs)), best, [], [])
    assert is_exhausted(state, patience) == over


def test_images_are_shifted_and_mirrored_within_their_bounds() -> None:
    images = np.arange(20 * 20, dtype=np.float32).reshape(1, 20, 20, 1).repeat(200, axis=0)
    moved = augmented(images, np.random.default_rng(0))
    assert moved.shape == images.shape
    centres = {float(one) for one in moved[:, 10, 10, 0]}
    rows = {int(one) // 20 for one in centres}
    columns = {int(one) % 20 for one in centres}
    assert rows == set(range(8, 13))
    assert columns == set(range(7, 13))
    assert len(np.unique(moved, axis=0)) > 40
