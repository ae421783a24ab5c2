"""Which model a name means."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import DatasetError, ModelError
from harness.model.dataset import Task
from harness.model.zoo.entry import MOST_JUDGED, ZooEntry
from harness.model.zoo.find import find_entry, is_buildable, model_part
from tests.model.datasets.on_disk_sets import write_speech_commands


def test_names_of_the_zoo_and_descriptions_are_built_here_and_files_are_not(tmp_path: Path) -> None:
    assert is_buildable("lenet5_digits")
    assert is_buildable("cnn_1?epochs=1")
    assert is_buildable(str(tmp_path / "mine.yaml?data=random&epochs=2"))
    assert not is_buildable("mine.tflite")
    assert model_part("a/b.yaml?epochs=1") == "a/b.yaml"


def test_options_change_the_training(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("model_type: CNN\nepochs: 9\ndataset: {name: mnist, args: {flat_features: true}}\n")
    plain, random = find_entry(str(path)), find_entry(f"{path}?data=random&epochs=2")
    assert (plain.name, plain.training.epochs, plain.data and plain.data.name) == ("mine", 9, "mnist")
    assert (random.name, random.training.epochs, random.data and random.data.name) == ("mine", 2, "stand_in")
    assert random.goal == plain.goal
    assert random.test_data() is None
    assert random.reference.endswith("?data=random&epochs=2")


def test_a_model_whose_data_can_never_be_had_can_be_trained_on_noise() -> None:
    with pytest.raises(ModelError, match=r"sww_ds_cnn is not trained here; .* data=random"):
        find_entry("sww_ds_cnn?epochs=1")
    assert find_entry("sww_ds_cnn?data=random&epochs=1").trained


def test_epochs_that_are_asked_for_need_their_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that had none of them would answer at random, under a name that says it was trained."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    assert not find_entry("cnn_1").trained
    assert not find_entry("cnn_1?epochs=0").trained
    with pytest.raises(DatasetError, match=r"mnist\.npz.*data=random"):
        find_entry("cnn_1?epochs=5").require_data()
    assert find_entry("cnn_1?epochs=5").trained


def test_keywords_are_learnt_once_the_words_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    entry = find_entry("kws_ds_cnn")
    assert not entry.trained
    assert entry.remark.endswith("trained once Speech Commands is in the data directory")
    with pytest.raises(DatasetError, match="harness data fetch speech_commands"):
        entry.split()
    write_speech_commands(tmp_path / "data" / "speech_commands")
    assert entry.trained
    assert entry.remark == "trained on Speech Commands"
    data = entry.test_data()
    assert data is not None
    assert (data.task, data.samples.shape[1:], data.labels.max()) == (Task.CLASSIFY, (49, 10, 1), 11)
    assert entry.representative(5, 0).shape == (5, 49, 10, 1)


TASKS = {
    "micro_cnn": (Task.CLASSIFY, "int64"),
    "fc_1": (Task.REGRESS, "float32"),
    "ad_autoencoder?data=random": None,
    "text.yaml": (Task.NEXT, "int64"),
}


@pytest.mark.parametrize("name", TASKS)
def test_what_is_trained_is_judged_by_samples_of_its_task(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("abcdefgh" * 800)
    Path("text.yaml").write_text(
        "model_type: RNN\nrnn_units: 4\nembedding_dim: 2\n"
        "dataset: {name: shakespeare, args: {path: text.txt, sequence_length: 3}}\n"
    )
    entry = find_entry(name)
    assert isinstance(entry, ZooEntry)
    data = entry.test_data()
    if TASKS[name] is None:
        assert data is None
        return
    assert data is not None
    assert (data.task, str(data.labels.dtype)) == TASKS[name]
    assert len(data.samples) == len(data.labels)
    if data.task is not Task.CLASSIFY:
        assert (len(data.samples), data.name[-17:]) == (MOST_JUDGED, "(test, first 200)")
    assert (entry.metric == "perplexity") == (data.task is Task.NEXT)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alexnet", "no model 'alexnet'; it has lenet5_digits"),
        ("cnn_1?epochs=x", "'epochs=x' is no option; there are epochs=NUMBER and data=random"),
        ("cnn_1?epochs=100000000000", "is no option"),
        ("cnn_1?data=real", "'data=real' is no option"),
        ("absent.yaml", "no such file"),
    ],
)
def test_what_means_nothing_is_refused(name: str, expected: str) -> None:
    with pytest.raises(ModelError, match=expected):
        find_entry(name)
