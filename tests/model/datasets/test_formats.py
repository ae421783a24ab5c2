"""Every format on disk becomes the samples and labels that it holds, in the form that a model takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import DatasetError
from harness.model.dataset import Dataset, InputForm, Task
from harness.model.datasets import image_folders
from harness.model.datasets.log_mel import windows
from harness.model.datasets.mfcc import mfcc
from harness.model.datasets.registry import find_loader
from harness.model.datasets.sources import at_hand, data_spec, load_split
from tests.model.datasets.on_disk_sets import (
    CIFAR10,
    CIFAR100,
    COLOUR,
    UNIT,
    tone,
    write_cifar,
    write_idx,
    write_images,
    write_speech_commands,
    write_toyadmos,
    write_wav,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
WORDS = InputForm((49, 10, 1), "float32", -123.5, 25.5)
WINDOWS = InputForm((640,), "float32", -85, 15)


def load(path: Path, form: InputForm) -> Dataset:
    return find_loader(path).load(path, form)


@pytest.mark.parametrize("packed", [False, True])
def test_mnists_files_give_the_test_split(tmp_path: Path, packed: bool) -> None:
    write_idx(tmp_path, "train", IMAGES[:1], [9], packed)
    file = write_idx(tmp_path, "t10k", IMAGES, [3, 1, 4, 1, 5], packed)
    for path in (tmp_path, file):
        data = load(path, UNIT)
        assert (data.task, data.labels.tolist(), data.samples.shape) == (Task.CLASSIFY, [3, 1, 4, 1, 5], (5, 28, 28, 1))
        assert np.allclose(data.samples[..., 0], IMAGES / 255, atol=1e-7)
    assert load(tmp_path, replace(UNIT, shape=(784,))).samples.shape == (5, 784)


@pytest.mark.parametrize(
    ("form", "black", "white"),
    [
        (UNIT, 0, 1),
        (replace(UNIT, high=255.0), 0, 255),
        (replace(UNIT, low=-1.0), -1, 1),
        (replace(UNIT, dtype="int8", low=-0.02, high=0.95), 0, 1),
        (replace(UNIT, dtype="uint8", high=1.0), 0, 255),
    ],
)
def test_pixels_take_the_range_of_the_models_input(tmp_path: Path, form: InputForm, black: int, white: int) -> None:
    write_idx(tmp_path, "t10k", np.stack([np.zeros((28, 28)), np.full((28, 28), 255)]).astype(np.uint8), [0, 1])
    samples = load(tmp_path, form).samples
    assert [float(image.mean()) for image in samples] == [black, white]
    assert samples.dtype == ("uint8" if form.dtype == "uint8" else "float32")


@pytest.mark.parametrize("layout", [CIFAR10, CIFAR100])
def test_cifars_binary_files_give_the_test_split(tmp_path: Path, layout: object) -> None:
    assert layout in (CIFAR10, CIFAR100)
    chosen = CIFAR10 if layout is CIFAR10 else CIFAR100
    images = write_cifar(tmp_path, chosen)
    for path in (tmp_path, tmp_path / chosen.test):
        data = load(path, COLOUR)
        assert data.labels.tolist() == [0, 1, 2]
        assert np.allclose(data.samples, images / 255, atol=1e-7)


@pytest.mark.parametrize("names", [("x", "y"), ("x_test", "y_test")])
def test_images_in_an_npz_are_pixels_as_in_their_original_files(tmp_path: Path, names: tuple[str, str]) -> None:
    """As Keras keeps CIFAR-10: labels in a column, and the test split beside that for training."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    arrays = {names[0]: pixels, names[1]: np.array([[3], [9]]), "x_train": pixels[:1], "y_train": np.array([[0]])}
    np.savez(tmp_path / "cifar10.npz", **arrays)  # type: ignore[arg-type]
    data = load(tmp_path / "cifar10.npz", COLOUR)
    assert (data.task, data.labels.tolist()) == (Task.CLASSIFY, [3, 9])
    assert np.allclose(data.samples, pixels / 255, atol=1e-7)


def test_cifars_pickles_are_refused_with_what_to_take(tmp_path: Path) -> None:
    (tmp_path / "batches.meta").write_bytes(b"")
    with pytest.raises(DatasetError, match="never opened; take the binary version"):
        load(tmp_path, COLOUR)


def test_a_pointer_of_git_lfs_is_told_from_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    with pytest.raises(DatasetError, match="git lfs pull"):
        load(tmp_path / "a.npz", COLOUR)


def test_the_original_files_can_be_learnt_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    names = ("mnist", "fashion_mnist", "cifar10", "cifar100")
    assert not any(at_hand(data_spec(name)) for name in names)
    for folder in ("mnist", "fashion_mnist"):
        (tmp_path / folder).mkdir()
        write_idx(tmp_path / folder, "train", IMAGES, range(5), packed=folder == "mnist")
        write_idx(tmp_path / folder, "t10k", IMAGES[:2], range(2))
    for layout in (CIFAR10, CIFAR100):
        (tmp_path / layout.folder).mkdir()
        write_cifar(tmp_path / layout.folder, layout)
    assert all(at_hand(data_spec(name)) for name in names)
    split = load_split(data_spec("mnist"))
    assert (split.train_x.shape, split.test_y.tolist()) == ((5, 28, 28, 1), [0, 1])
    assert np.allclose(split.train_x[..., 0], IMAGES / 255, atol=1e-7)
    assert load_split(data_spec("cifar10", flat_features=True)).train_x.shape == (15, 3072)
    assert load_split(data_spec("cifar100")).train_y.tolist() == [0, 1, 2]


def test_the_listed_words_are_heard_in_twelve_classes(tmp_path: Path) -> None:
    write_speech_commands(tmp_path)
    data = load(tmp_path, WORDS)
    assert data.labels.tolist() == [*range(10), 10, 11]
    assert data.samples.shape == (12, 49, 10, 1)
    assert np.array_equal(data.samples[3], mfcc(tone(600, 0.9)))


def test_words_can_be_learnt_from_that_are_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DatasetError, match=r"testing_list\.txt is missing; fetch"):
        load_split(data_spec("speech_commands"))
    write_speech_commands(tmp_path / "speech_commands")
    write_wav(tmp_path / "speech_commands" / "yes" / "c_nohash_0.wav", tone(123))
    assert at_hand(data_spec("speech_commands"))
    split = load_split(data_spec("speech_commands"))
    assert sorted(split.train_y.tolist()) == [*range(9), 9, 9, 10, 11]
    assert split.test_y.tolist() == [*range(10), 10, 11]
    assert any(np.array_equal(sample, mfcc(tone(123))) for sample in split.train_x)
    assert not any(np.array_equal(sample, mfcc(tone(123))) for sample in split.test_x)


def test_the_test_set_has_folders_of_silence_and_of_unknown_words(tmp_path: Path) -> None:
    write_speech_commands(tmp_path)
    (tmp_path / "testing_list.txt").unlink()
    write_wav(tmp_path / "_silence_" / "a.wav", np.zeros(16_000))
    write_wav(tmp_path / "_unknown_" / "bed_a.wav", tone(100))
    labels = load(tmp_path, WORDS).labels.tolist()
    assert {label: labels.count(label) for label in set(labels)} == {**dict.fromkeys(range(10), 2), 10: 1, 11: 3}


def test_machines_are_windows_of_their_recordings(tmp_path: Path) -> None:
    write_toyadmos(tmp_path)
    data = load(tmp_path, WINDOWS)
    assert (data.task, data.samples.shape) == (Task.ANOMALY, (9, 640))
    assert data.labels.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert data.recordings is not None
    assert data.recordings.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert np.array_equal(data.samples[:3], windows(tone(3000, 2.5)[: 512 * 56], 128))
    assert load(tmp_path, replace(WINDOWS, shape=(320,))).samples.shape == (9, 320)


def test_a_recording_without_a_middle_is_refused(tmp_path: Path) -> None:
    write_toyadmos(tmp_path)
    write_wav(tmp_path / "test" / "normal_short.wav", tone(400, 1))
    with pytest.raises(DatasetError, match=r"normal_short\.wav: is too short"):
        load(tmp_path, WINDOWS)


@pytest.mark.parametrize("split", ["", "val"])
def test_images_take_the_models_size(tmp_path: Path, split: str) -> None:
    write_images(tmp_path / split)
    data = load(tmp_path, InputForm((96, 96, 3), "float32"))
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert len(data.class_names) == 2
    assert data.samples.shape == (4, 96, 96, 3)
    assert np.allclose(data.samples.mean(axis=(1, 2, 3)), [127 / 255, 127 / 255, 1, 1], atol=0.01)
    assert load(tmp_path, InputForm((8, 8, 1), "float32")).samples.shape == (4, 8, 8, 1)


def test_an_image_of_too_many_pixels_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_folders, "MOST_PIXELS", 1000)
    write_images(tmp_path)
    Image.new("RGB", (40, 40)).save(tmp_path / "person" / "a.png")
    with pytest.raises(DatasetError, match=r"person/a\.png: has 40x40 pixels, more than 1,000"):
        load(tmp_path, InputForm((8, 8, 3), "float32"))


@pytest.mark.parametrize(
    ("text", "task", "labels"),
    [
        ("a,label,b\n1,0,2\n3,1,4\n", Task.CLASSIFY, [0, 1]),
        ("a,b,c\n1,2,0\n3,4,1\n", Task.CLASSIFY, [0, 1]),
        ("1,2,0\n3,4,1\n", Task.CLASSIFY, [0, 1]),
        ("a,b,kind\n1,2,virginica\n3,4,setosa\n", Task.CLASSIFY, [1, 0]),
        ("a,y,b\n1,0.5,2\n3,1.5,4\n", Task.REGRESS, [[0.5], [1.5]]),
    ],
)
def test_a_tables_labels_tell_its_task(tmp_path: Path, text: str, task: Task, labels: list[object]) -> None:
    (tmp_path / "t.csv").write_text(text)
    data = load(tmp_path / "t.csv", InputForm((2,), "float32"))
    assert (data.task, data.labels.tolist(), data.samples.tolist()) == (task, labels, [[1, 2], [3, 4]])


def test_classes_that_names_number_keep_these(tmp_path: Path) -> None:
    (tmp_path / "words.csv").write_text("a,b,label\n1,2,dog\n3,4,cat\n")
    (tmp_path / "numbers.csv").write_text("a,b,label\n1,2,1\n3,4,0\n")
    form = InputForm((2,), "float32")
    named = [load(tmp_path / f"{one}.csv", form).class_names for one in ("words", "numbers")]
    assert named == [("cat", "dog"), ()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,label\n1,x,0\n", "column 'b' holds other things than numbers"),
        ("a,b,label\n1,2,0\n1,,0\n", "row 2 has no number in column 'b'"),
        ("a,b,label\n1,2,0\n1,2,\n", "row 2 has no label"),
        ("a,label\n1,0\n", r"1 features beside 'label'; the model takes \(2,\)"),
        ("a,b,label\n", "0 rows"),
        ("a,b,label\n1,2,-1\n", "class numbers from 0"),
        ("", "no table that can be read"),
    ],
)
def test_a_table_that_is_no_data_set_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DatasetError, match=rf"t\.csv: .*{words}"):
        load(tmp_path / "t.csv", InputForm((2,), "float32"))


def test_parquet_is_read_where_pyarrow_is(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: Parquet is refused, saying so")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"a": [1.0, 3.0], "b": [2, 4], "target": [0, 1]}), tmp_path / "t.parquet")
    data = load(tmp_path / "t.parquet", InputForm((2,), "float32"))
    assert (data.labels.tolist(), data.samples.tolist()) == ([0, 1], [[1, 2], [3, 4]])
