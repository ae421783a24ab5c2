"""A model file's format comes from its bytes; pickles are refused unopened, with the way out."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from harness.commands.chosen_model import chosen_variant
from harness.errors import ModelError
from harness.model.intake.kind import SourceKind, kind_of
from tests.model.intake.files import keras_file, onnx_model, program, torch_file, weights_file, zipped

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


class Trap:
    """Raises when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.keras", keras_file(), SourceKind.KERAS),
        ("a.h5", weights_file(), SourceKind.HDF5),
        ("a.onnx", onnx_model().SerializeToString(), SourceKind.ONNX),
        ("a.pt2", torch_file(program("torch.ops.aten.relu.default")), SourceKind.TORCH),
        # Misnamed ones are what their bytes say.
        ("b.pt", torch_file(program("torch.ops.aten.relu.default")), SourceKind.TORCH),
        ("b.h5", keras_file(), SourceKind.KERAS),
    ],
)
def test_bytes_tell_the_format(tmp_path: Path, name: str, content: bytes, kind: SourceKind) -> None:
    (tmp_path / name).write_bytes(content)
    assert kind_of(tmp_path / name) is kind


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.bin", "a.keras", "a.onnx"])
@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_is_refused_unopened_whatever_its_name(tmp_path: Path, name: str, protocol: int) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Trap(), protocol))
    with pytest.raises(ModelError, match=r"is a pickle: .* torch\.export\.save"):
        kind_of(tmp_path / name)


@pytest.mark.parametrize("member", ["archive/data.pkl", "net/constants.pkl", "data.pkl"])
def test_pytorchs_zip_of_pickles_is_refused(tmp_path: Path, member: str) -> None:
    (tmp_path / "a.pt").write_bytes(zipped({member: pickle.dumps(Trap()), "archive/version": b"3"}))
    with pytest.raises(ModelError, match="is a pickle"):
        kind_of(tmp_path / "a.pt")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pt", pickle.dumps(1, 0), "holds no exported model"),
        ("a.safetensors", (2).to_bytes(8, "little") + b"{}", "weights, but no network"),
        ("a.keras", b"", "truncated or corrupt"),
        ("a.keras", keras_file()[:-30], "truncated or corrupt"),
        ("a.keras", zipped({"x": b""}), "neither Keras nor"),
        ("a.onnx", LFS_POINTER, "git lfs pull"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=words):
        kind_of(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LFS_POINTER, "git lfs pull"),
        (keras_file(), r"begins as a \.keras or \.pt2 file does: name it so"),
        (weights_file(), r"begins as a \.h5 file does"),
        (pickle.dumps(Trap()), "is a pickle"),
        (b"", "it is empty"),
    ],
)
@pytest.mark.parametrize("name", ["a.tflite", "nameless"])
def test_what_is_no_tflite_file_is_told_for_what_it_is(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"not a .tflite file: .*{words}"):
        chosen_variant(str(tmp_path / name), None)


def test_a_folder_is_a_saved_model_if_it_holds_one_and_nothing_from_outside(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"without saved_model\.pb"):
        kind_of(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert kind_of(tmp_path) is SourceKind.SAVED_MODEL
    (tmp_path / "assets").symlink_to("/etc/hostname")
    with pytest.raises(ModelError, match="links out of"):
        kind_of(tmp_path)
