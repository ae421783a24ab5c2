"""The user's tree: found, told from others, or missed with a word on how to get one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from harness.deploy.options import Kernels
from harness.deploy.tflm.sources import is_kernel, list_sources
from harness.deploy.tflm.tree import find_tree
from harness.errors import BuildError, ConfigError
from tests.deploy.tflm.fake_tree import write_tree


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TFLM_ROOT", raising=False)
    monkeypatch.delenv("TFLM_GIT", raising=False)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))


def repository(directory: Path) -> str:
    """A tree in a git repository of its own; gives back the commit."""
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    write_tree(directory)
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "A tree"]):
        subprocess.run(["git", "-C", str(directory), *command], check=True)
    done = subprocess.run(
        ["git", "-C", str(directory), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_without_a_tree_it_says_how_to_get_one() -> None:
    with pytest.raises(
        ConfigError, match=r"set TFLM_ROOT to a checkout .*third_party_downloads.*create_tflm_tree.*TFLM_GIT"
    ):
        find_tree()


def test_a_directory_that_is_no_tree_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(tmp_path))
    with pytest.raises(ConfigError, match=f"TFLM_ROOT={tmp_path}: no TensorFlow Lite Micro is there"):
        find_tree()


def test_a_checkout_has_its_libraries_among_its_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(tmp_path / "checkout", "third_party")
    make = root / "tensorflow/lite/micro/tools/make"
    make.mkdir(parents=True)
    (make / "Makefile").write_text("")
    monkeypatch.setenv("TFLM_ROOT", str(root))
    tree = find_tree()
    assert tree.third_party == make / "downloads"
    (complaint, *_) = tree.problems(Kernels.REFERENCE)
    assert "lacks flatbuffers/include, gemmlowp, ruy, kissfft" in complaint
    assert "third_party_downloads" in complaint


def test_a_whole_tree_has_no_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(write_tree(tmp_path / "tree")))
    assert [list(find_tree().problems(kernels)) for kernels in Kernels] == [[], []]


@pytest.mark.parametrize(
    ("missing", "kernels", "words"),
    [
        ("tensorflow/lite/micro/kernels/conv.cc", Kernels.REFERENCE, "holds no reference kernels"),
        ("third_party/cmsis_nn", Kernels.OPTIMIZED, "lacks third_party/cmsis_nn, .*OPTIMIZED_KERNEL_DIR=cmsis_nn"),
        ("tensorflow/lite/micro/kernels/cmsis_nn", Kernels.OPTIMIZED, "lacks tensorflow/lite/micro/kernels/cmsis_nn"),
    ],
)
def test_a_tree_made_for_other_kernels_says_so(
    missing: str, kernels: Kernels, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(write_tree(tmp_path / "tree", missing)))
    (complaint,) = find_tree().problems(kernels)
    assert re.search(words, complaint), complaint


def test_each_kernel_is_listed_once_and_nothing_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_ROOT", str(write_tree(tmp_path / "tree")))
    tree = find_tree()
    listed = {
        kernels: sorted(str(one.relative_to(tree.root)) for one in list_sources(tree, kernels)) for kernels in Kernels
    }
    common = [
        "signal/micro/kernels/rfft.cc",
        "tensorflow/lite/kernels/internal/common.cc",
        "tensorflow/lite/micro/kernels/pad.cc",
    ]
    assert listed[Kernels.REFERENCE] == sorted([*common, "tensorflow/lite/micro/kernels/conv.cc"])
    cmsis_nn = ["tensorflow/lite/micro/kernels/cmsis_nn/conv.cc", "third_party/cmsis_nn/Source/arm_convolve_s8.c"]
    assert listed[Kernels.OPTIMIZED] == sorted([*common, *cmsis_nn])
    assert all(is_kernel(tree.root / one, tree) for one in listed[Kernels.OPTIMIZED])
    assert not is_kernel(tree.micro / "micro_interpreter.cc", tree)


def test_any_change_of_what_is_compiled_is_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for name in ("one", "two", "three"):
        root = write_tree(tmp_path / name)
        if name == "three":
            (root / "third_party/cmsis_nn/Include/arm_nnfunctions.h").write_text("/* another */")
        monkeypatch.setenv("TFLM_ROOT", str(root))
        versions.append(find_tree().version())
    assert versions[0] == versions[1] != versions[2]


def test_a_commit_of_a_repository_is_cloned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repository(tmp_path / "repository")
    monkeypatch.setenv("TFLM_GIT", f"file://{tmp_path}/repository@{commit}")
    first = find_tree()
    assert list(first.problems(Kernels.OPTIMIZED)) == []
    assert first.version().startswith(f"{commit[:12]}, content ")
    (tmp_path / "repository").rename(tmp_path / "gone")
    assert find_tree() == first


@pytest.mark.parametrize("source", ["file:///somewhere", "file:///somewhere@main", "@" + "0" * 40])
def test_a_branch_is_no_commit(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFLM_GIT", source)
    with pytest.raises(ConfigError, match="want URL@COMMIT"):
        find_tree()


def test_a_commit_that_is_not_there_is_told_in_gits_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path / "repository")
    monkeypatch.setenv("TFLM_GIT", f"file://{tmp_path}/repository@{'0' * 40}")
    with pytest.raises(BuildError, match="git failed"):
        find_tree()
