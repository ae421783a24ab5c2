"""Which model a name means."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ModelError
from harness.model.zoo.find import find_entry, is_buildable, model_part


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
    assert not find_entry("kws_ds_cnn?epochs=1").trained
    assert find_entry("kws_ds_cnn?data=random&epochs=1").trained


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
