"""Data sets from disk and from scikit-learn; hostile ones give one clear error."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import DatasetError
from harness.model.dataset import Dataset, Task
from harness.model.datasets import load_dataset, load_named, npz
from harness.model.model import Model, Tensor

MODEL = Model(
    "m", Path("m.tflite"), "0", 0, (Tensor("in", (1, 2, 3), "int8", 0.5, 0),), (Tensor("out", (1, 2), "int8"),), ()
)


def _folder(path: Path, labels: str, **files: bytes) -> Path:
    (path / "y_labels.csv").write_text(labels)
    for name, content in files.items():
        (path / f"{name}.bin").write_bytes(content)
    return path


def test_an_eembc_folder_gives_samples_and_labels_in_order(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "b.bin,12,7\na.bin,12,0\n", a=bytes(6), b=bytes(range(250, 256)))
    data = load_dataset(folder, MODEL)
    assert (str(data.samples.dtype), data.samples.shape, data.labels.tolist()) == ("int8", (2, 2, 3), [7, 0])
    assert data.samples[0].ravel().tolist() == [-6, -5, -4, -3, -2, -1]


def test_samples_four_times_as_large_are_real_values(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "a.bin,2,1\n", a=np.arange(6, dtype="<f4").tobytes())
    data = load_dataset(folder, MODEL)
    assert data.samples.dtype == np.float32
    assert data.samples.ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_windows_that_slide_over_a_file_make_it_a_recording(tmp_path: Path) -> None:
    rows = "b.bin,2,1,24,8\na.bin,2,0,24,8\n"
    contents = [np.arange(start, start + 10, dtype="<f4").tobytes() for start in (0, 100)]
    data = load_dataset(_folder(tmp_path, rows, a=contents[0], b=contents[1]), MODEL)
    assert data.task is Task.ANOMALY
    assert data.recordings is not None
    assert (data.labels.tolist(), data.recordings.tolist()) == ([1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1])
    assert [sample.ravel()[0] for sample in data.samples] == [100, 102, 104, 0, 2, 4]
    with pytest.raises(DatasetError, match="windows of 20 bytes"):
        load_dataset(_folder(tmp_path, "a.bin,2,0,20,8\n"), MODEL)


def test_an_npz_of_values_or_sequences_has_their_task(tmp_path: Path) -> None:
    for y, task in ((np.ones((4, 2), np.float32), Task.REGRESS), (np.ones((4, 7), int), Task.NEXT)):
        np.savez(tmp_path / "d.npz", x=np.ones((4, 2, 3), np.float32), y=y)
        data = load_dataset(tmp_path / "d.npz", MODEL)
        assert (data.task, data.labels.shape) == (task, y.shape)


def test_the_words_of_mlperf_tiny_are_read(kws01: Path) -> None:
    model = Model("m", kws01, "0", 0, (Tensor("in", (1, 49, 10, 1), "int8", 1.0, 0),), MODEL.outputs, ())
    data = load_dataset(kws01, model)
    assert (data.samples.shape, str(data.samples.dtype)) == ((200, 49, 10, 1), "int8")
    assert sorted(set(data.labels.tolist())) == list(range(12))


@pytest.mark.parametrize("name", ["../a.bin", "/etc/passwd", "..", "sub/a.bin", "", "a.bin\\0"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(6))
    (tmp_path / "data").mkdir()
    with pytest.raises(DatasetError, match=r"y_labels\.csv:1|no such file"):
        load_dataset(_folder(tmp_path / "data", f"{name},2,1\n"), MODEL)


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(6))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(DatasetError, match="link that leaves"):
        load_dataset(_folder(tmp_path / "data", "a.bin,2,1\n"), MODEL)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("", "no rows"),
        ("a.bin\n", ":1: needs a file name"),
        ("a.bin,2,one\n", ":1: needs a file name"),
        ("a.bin,2,2\n", "label 2 is not one of 2"),
        ("a.bin,2,-1\n", "label -1"),
        ("c.bin,2,1\n", r"c\.bin: no such file"),
        ("b.bin,2,1\n", r"b\.bin: has 5 bytes"),
        ("a.bin,2,1\nb.bin,2,1\n", r"b\.bin: has 5 bytes, other samples have 6"),
    ],
)
def test_a_malformed_folder_is_refused_by_line_or_file(tmp_path: Path, labels: str, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        load_dataset(_folder(tmp_path, labels, a=bytes(6), b=bytes(5)), MODEL)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_label_file_gives_a_data_set_or_a_data_set_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "y_labels.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=str(tmp_path)):
        load_dataset(tmp_path, MODEL)


def test_an_npz_gives_its_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.ones((4, 2, 3), np.float32), y=np.array([0, 1, 0, 1]))
    data = load_dataset(tmp_path / "d.npz", MODEL)
    assert (data.name, data.samples.shape, data.labels.tolist()) == ("d", (4, 2, 3), [0, 1, 0, 1])


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.ones((1, 6))}, "lacks the array y"),
        ({"x": np.ones((2, 6)), "y": np.array([1])}, r"y \(count,\)"),
        ({"x": np.ones((0, 6)), "y": np.ones(0, int)}, r"x \(count, ...\)"),
        ({"x": np.ones((1, 6)), "y": np.array([np.nan])}, "not finite"),
        ({"x": np.ones((1, 6)), "y": np.array(["a"])}, "class numbers"),
        ({"x": np.ones((1, 6)), "y": np.array([-1])}, "class numbers"),
        ({"x": np.array([["a"]]), "y": np.array([0])}, "x is <U1"),
        ({"x": np.array([{}]), "y": np.array([0])}, "without pickle"),
    ],
)
def test_a_malformed_npz_is_refused(tmp_path: Path, arrays: dict[str, object], words: str) -> None:
    np.savez(tmp_path / "d.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match=words):
        load_dataset(tmp_path / "d.npz", MODEL)


def _archive() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, x=np.arange(600, dtype=np.float32).reshape(100, 6), y=np.zeros(100, int))
    return file.getvalue()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(_archive()) - 1), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_npz_gives_a_data_set_or_a_data_set_error(tmp_path: Path, place: int, value: int, cut: bool) -> None:
    content = bytearray(_archive())
    content[place] = value
    (tmp_path / "d.npz").write_bytes(content[:place] if cut else content)
    words = ""
    try:
        data = load_dataset(tmp_path / "d.npz", MODEL)
        assert len(data.samples) == len(data.labels)
    except DatasetError as error:
        words = str(error)
    assert not words or str(tmp_path / "d.npz") in words


def test_an_npz_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "MOST_BYTES", 10_000_000)
    np.savez_compressed(tmp_path / "d.npz", x=np.zeros((2_000_000, 6), np.int8), y=np.zeros(2_000_000, np.int8))
    assert (tmp_path / "d.npz").stat().st_size < 100_000
    with pytest.raises(DatasetError, match="unpacks to"):
        load_dataset(tmp_path / "d.npz", MODEL)


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("1,2")
    with pytest.raises(DatasetError, match=r"y_labels\.csv"):
        load_dataset(tmp_path / "data.txt", MODEL)
    with pytest.raises(DatasetError, match="no such file"):
        load_dataset(tmp_path / "none", MODEL)


def _classes(data: Dataset) -> list[int]:
    return sorted(set(data.labels.tolist()))


def test_the_digits_are_split_once_and_for_all() -> None:
    train, test = load_named("digits", "train"), load_named("digits", "test")
    assert (len(train.samples), len(test.samples)) == (1438, 359)
    assert _classes(train) == _classes(test) == list(range(10))
    for data in (train, test):
        assert (str(data.samples.dtype), data.samples.shape[1:]) == ("float32", (28, 28, 1))
        assert (data.samples.min(), data.samples.max()) == (0, 1)
    rows = {sample.tobytes() for sample in train.samples}
    assert not any(sample.tobytes() in rows for sample in test.samples)


def test_an_unknown_named_data_set_is_refused() -> None:
    for name, split in (("mnist", "test"), ("digits", "validation")):
        with pytest.raises(DatasetError, match="there is 'digits'"):
            load_named(name, split)
