"""A damaged or hostile file of any format gives a data set, or one error that names it; and takes no more memory."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import DatasetError
from harness.model.dataset import InputForm
from harness.model.datasets.registry import find_loader
from tests.model.datasets.on_disk_sets import (
    CIFAR10,
    COLOUR,
    UNIT,
    idx,
    tone,
    write_cifar,
    write_idx,
    write_images,
    write_speech_commands,
    write_toyadmos,
    write_wav,
)

WORDS, WINDOWS = InputForm((49, 10, 1), "float32"), InputForm((640,), "float32")
SMALL, ROW = InputForm((8, 8, 3), "float32"), InputForm((2,), "float32")
IMAGES = np.zeros((2, 28, 28), np.uint8)

LEAST_BYTES = 2**21
"""What even a small data set may take: libraries keep tables of their own."""

Written = tuple[Path, Path, InputForm]


def _idx(folder: Path) -> Written:
    return folder, write_idx(folder, "t10k", IMAGES, [0, 1]), UNIT


def _packed_idx(folder: Path) -> Written:
    return folder, write_idx(folder, "t10k", IMAGES, [0, 1], packed=True), UNIT


def _idx_labels(folder: Path) -> Written:
    write_idx(folder, "t10k", IMAGES, [0, 1])
    return folder, folder / "t10k-labels-idx1-ubyte", UNIT


def _cifar(folder: Path) -> Written:
    write_cifar(folder, count=1)
    return folder, folder / CIFAR10.test, COLOUR


def _word(folder: Path) -> Written:
    write_speech_commands(folder)
    (folder / "testing_list.txt").write_text("yes/a_nohash_0.wav\n")
    return folder, folder / "yes" / "a_nohash_0.wav", WORDS


def _word_list(folder: Path) -> Written:
    write_speech_commands(folder)
    return folder, folder / "testing_list.txt", WORDS


def _machine(folder: Path) -> Written:
    write_toyadmos(folder)
    return folder, folder / "test" / "anomaly_id_01_0.wav", WINDOWS


def _png(folder: Path) -> Written:
    write_images(folder)
    return folder, folder / "person" / "a.png", SMALL


def _jpeg(folder: Path) -> Written:
    write_images(folder)
    return folder, folder / "person" / "b.jpg", SMALL


def _csv(folder: Path) -> Written:
    (folder / "t.csv").write_text("a,b,label\n1,2,0\n3,4,1\n")
    return folder / "t.csv", folder / "t.csv", ROW


FORMATS = [_idx, _packed_idx, _idx_labels, _cifar, _word, _word_list, _machine, _png, _jpeg, _csv]


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__[1:])
def test_a_damaged_file_gives_a_data_set_or_one_error(tmp_path: Path, write: Callable[[Path], Written]) -> None:
    path, file, form = write(tmp_path)
    whole = file.read_bytes()
    find_loader(path).load(path, form)
    places = st.one_of(st.integers(0, min(63, len(whole) - 1)), st.integers(0, len(whole) - 1))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(place=places, value=st.integers(0, 255), cut=st.booleans())
    def damage(place: int, value: int, cut: bool) -> None:
        content = bytearray(whole)
        content[place] = value
        file.write_bytes(content[:place] if cut else content)
        tracemalloc.start()
        words = ""
        try:
            data = find_loader(path).load(path, form)
            assert len(data.samples) == len(data.labels)
        except DatasetError as error:
            words = str(error)
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert not words or str(tmp_path) in words
        assert peak < LEAST_BYTES + 10 * sum(one.stat().st_size for one in tmp_path.rglob("*") if one.is_file())

    damage()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (idx(IMAGES)[:-1], "says it holds"),
        (idx(IMAGES) + b"\0", "has more"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, "takes"),
        (bytes([0, 0, 13, 3]) + idx(IMAGES)[4:], "begins with 00 00 0d 03"),
        (b"", "begins with"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_idx_file_is_held_to_its_size(tmp_path: Path, content: bytes, words: str, packed: bool) -> None:
    file = write_idx(tmp_path, "t10k", IMAGES, [0, 1], packed)
    file.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DatasetError, match=rf"t10k-images.*{words}"):
        find_loader(file).load(file, UNIT)


def test_a_chunk_of_an_image_that_claims_gigabytes_takes_none(tmp_path: Path) -> None:
    path, file, form = _png(tmp_path)
    content = bytearray(file.read_bytes())
    content[33:37] = (2**31 - 1).to_bytes(4, "big")
    file.write_bytes(content)
    tracemalloc.start()
    with suppress(DatasetError):
        find_loader(path).load(path, form)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < LEAST_BYTES


def test_missing_labels_are_named(tmp_path: Path) -> None:
    file = write_idx(tmp_path, "t10k", IMAGES, [0, 1])
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DatasetError, match="t10k-labels-idx1-ubyte: No such file"):
        find_loader(file).load(file, UNIT)


def test_cifar_has_whole_records_and_known_classes(tmp_path: Path) -> None:
    write_cifar(tmp_path)
    file = tmp_path / CIFAR10.test
    content = file.read_bytes()
    for damaged, words in ((content[:-1], "not records of 3,073"), (b"\x0a" + content[1:], "beyond the 10 classes")):
        file.write_bytes(damaged)
        with pytest.raises(DatasetError, match=rf"test_batch\.bin: .*{words}"):
            find_loader(tmp_path).load(tmp_path, COLOUR)


@pytest.mark.parametrize(
    ("rate", "channels", "words"),
    [(8000, 1, "at 8,000 Hz; wanted is one of 16 bits at 16,000"), (16_000, 2, "has 2 ch")],
)
def test_sound_of_another_kind_is_refused(tmp_path: Path, rate: int, channels: int, words: str) -> None:
    write_speech_commands(tmp_path)
    write_wav(tmp_path / "yes" / "a_nohash_0.wav", tone(100), rate, channels)
    with pytest.raises(DatasetError, match=rf"yes/a_nohash_0\.wav: .*{words}"):
        find_loader(tmp_path).load(tmp_path, WORDS)


def test_sound_that_says_it_is_longer_than_its_file_is_refused(tmp_path: Path) -> None:
    write_speech_commands(tmp_path)
    file = tmp_path / "yes" / "a_nohash_0.wav"
    content = bytearray(file.read_bytes())
    content[40:44] = (2**31).to_bytes(4, "little")
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=r"a_nohash_0\.wav: (says it has|is no WAV)"):
        find_loader(tmp_path).load(tmp_path, WORDS)


@pytest.mark.parametrize("missing", [1, 2, 43])
def test_a_recording_that_ends_early_by_less_than_its_header_is_refused(tmp_path: Path, missing: int) -> None:
    write_speech_commands(tmp_path)
    file = tmp_path / "yes" / "a_nohash_0.wav"
    file.write_bytes(file.read_bytes()[:-missing])
    with pytest.raises(DatasetError, match=r"a_nohash_0\.wav: says it has 14,400 samples, and ends before them"):
        find_loader(tmp_path).load(tmp_path, WORDS)


@pytest.mark.parametrize("line", ["../yes/a.wav", "/etc/passwd", "yes/../a.wav", "yes/a.mp3", "yes"])
def test_a_list_names_no_files_elsewhere(tmp_path: Path, line: str) -> None:
    write_speech_commands(tmp_path)
    (tmp_path / "testing_list.txt").write_text(f"yes/a_nohash_0.wav\n{line}\n")
    with pytest.raises(DatasetError, match=r"testing_list\.txt:2: .* is not like"):
        find_loader(tmp_path).load(tmp_path, WORDS)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    write_images(tmp_path / "data")
    (tmp_path / "secret.png").write_bytes((tmp_path / "data" / "person" / "a.png").read_bytes())
    (tmp_path / "data" / "person" / "c.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(DatasetError, match=r"c\.png: is a link that leaves"):
        find_loader(tmp_path / "data").load(tmp_path / "data", SMALL)


@pytest.mark.parametrize(
    ("write", "form"),
    [(write_speech_commands, UNIT), (write_toyadmos, InputForm((7,), "float32")), (write_images, ROW)],
)
def test_a_model_that_takes_something_else_is_told_what_there_is(
    tmp_path: Path, write: Callable[[Path], None], form: InputForm
) -> None:
    write(tmp_path)
    with pytest.raises(DatasetError, match="the model takes"):
        find_loader(tmp_path).load(tmp_path, form)
