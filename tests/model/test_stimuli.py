"""EEMBC's folders as raw samples, and the benchmarks that a model's tensors tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigError, DatasetError
from harness.model.datasets import load_dataset
from harness.model.datasets.stimuli import Stimulus, made_up_stimuli, read_stimuli
from harness.model.mlperf_tiny import BENCHMARKS, benchmark_of, find_benchmark
from harness.model.model import Model, Tensor
from harness.model.samples import quantize_samples
from harness.model.tflite_reader import read_tflite


def folder_of(path: Path, labels: str, **files: bytes) -> Path:
    if labels:
        (path / "y_labels.csv").write_text(labels)
    for name, content in files.items():
        (path / f"{name}.bin").write_bytes(content)
    return path


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 60))
def test_windows_slide_over_a_file_as_far_as_they_fit(window: int, stride: int, more: int) -> None:
    content = bytes(number % 251 for number in range(window + more))
    samples = list(Stimulus("a.bin", 0, content, window, stride).samples())
    assert all(len(sample) == window for sample in samples)
    assert [sample[0] for sample in samples] == [content[start] for start in range(0, more + 1, stride)]


def test_windows_come_from_the_label_file(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "normal_id_01.bin,2,0,4,2\n", normal_id_01=bytes(range(9)))
    (stimulus,) = read_stimuli(folder)
    assert [sample.hex() for sample in stimulus.samples()] == ["00010203", "02030405", "04050607"]
    assert stimulus.sample_count == 3


def test_a_folder_without_label_file_is_labelled_by_its_names(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "", tst_000_Stop_7=b"a", tst_005_Down_0=b"b", notes=b"c")
    assert [(one.name, one.label) for one in read_stimuli(folder)] == [
        ("tst_000_Stop_7.bin", 7),
        ("tst_005_Down_0.bin", 0),
    ]


def test_the_two_ways_to_label_agree_on_the_words_of_mlperf_tiny(kws01: Path, tmp_path: Path) -> None:
    for file in kws01.glob("*.bin"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    by_file, by_name = read_stimuli(kws01, 490), read_stimuli(tmp_path, 490)
    assert len(by_file) == 200
    assert sorted(by_file, key=lambda one: one.name) == by_name


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("a.bin,2,1,4\n", ":1: needs a file name"),
        ("a.bin,2,1,4,0\n", "both have to be positive"),
        ("a.bin,2,1,-4,2\n", "both have to be positive"),
        ("a.bin,2,1,7,2\n", "this file has windows of 7 of its 6"),
        ("a.bin,2,1\nb.bin,2,1\n", r"b\.bin: a sample has 6 bytes, this file has 5"),
        ("b.bin,2,1,5,5\na.bin,2,1,6,6\n", "a sample has 5 bytes, this file has windows of 6"),
        ("c.bin,2,1\n", "no such file"),
        ("empty.bin,2,1\n", "this file has 0"),
    ],
)
def test_a_malformed_folder_is_refused_by_line_or_file(tmp_path: Path, labels: str, words: str) -> None:
    folder = folder_of(tmp_path, labels, a=bytes(6), b=bytes(5), empty=b"")
    with pytest.raises(DatasetError, match=words):
        read_stimuli(folder)


def test_a_folder_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"has no y_labels\.csv, and no files whose names end in a label"):
        read_stimuli(tmp_path)


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_made_up_samples_have_the_benchmarks_size_and_are_the_same_for_the_same_seed(name: str) -> None:
    benchmark = BENCHMARKS[name]
    once, again = (made_up_stimuli(benchmark, benchmark.sample_bytes, 3, seed=5) for _ in range(2))
    assert once == again
    assert len({one.content for one in once}) == 3
    assert {len(sample) for one in once for sample in one.samples()} == {benchmark.sample_bytes}
    if name == "ad01":
        assert np.isfinite(np.frombuffer(once[0].content, "<f4")).all()


@pytest.mark.parametrize(
    ("file", "name"),
    [("kws_ref_model", "kws01"), ("vww_96_int8", "vww01"), ("pretrainedResnet_quant", "ic01"), ("ad01_int8", "ad01")],
)
def test_the_reference_models_are_known_by_their_tensors(mlperf: Callable[[str], Path], file: str, name: str) -> None:
    model = read_tflite(mlperf(file))
    assert benchmark_of(model.inputs, model.outputs) is BENCHMARKS[name]


def test_other_models_are_none_of_the_benchmarks() -> None:
    source, result = Tensor("in", (1, 49, 10, 1), "int8"), Tensor("out", (1, 12), "int8")
    assert benchmark_of([source], [result]) is BENCHMARKS["kws01"]
    assert benchmark_of([Tensor("in", (1, 49, 10, 1), "float32")], [result]) is None
    assert benchmark_of([source, source], [result]) is None
    assert benchmark_of([source], [Tensor("out", (1, 11), "int8")]) is None


@pytest.mark.parametrize("name", ["kws", "KWS01", " kws01 ", "kws02"])
def test_a_benchmark_goes_by_its_name_with_or_without_number(name: str) -> None:
    assert find_benchmark(name) is BENCHMARKS["kws01"]


def test_an_unknown_benchmark_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="there are kws01, vww01, ic01, ad01"):
        find_benchmark("sww01")


@settings(max_examples=20)
@given(st.binary(min_size=32 * 32 * 3, max_size=32 * 32 * 3))
def test_pixels_of_a_folder_reach_an_int8_model_as_the_reference_firmware_stores_them(pixels: bytes) -> None:
    import tempfile

    # The reference firmware for image classification takes 128 from every pixel.
    tensors = (Tensor("in", (1, 32, 32, 3), "int8", 1.0, -128),), (Tensor("out", (1, 10), "int8", 1 / 256, -128),)
    with tempfile.TemporaryDirectory() as name:
        folder = folder_of(Path(name), "a.bin,10,3\n", a=pixels)
        data = load_dataset(folder, Model("ic", folder, "0", 0, *tensors, ()))
    stored = quantize_samples(data, tensors[0][0])
    assert stored.ravel().tolist() == [pixel - 128 for pixel in pixels]
