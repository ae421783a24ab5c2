"""The sources come from a wheel that is pinned by its hash, or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.deploy.cmsis_nn.sources import WHEEL_VARIABLE, find_sources
from harness.errors import BuildError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("HARNESS_CACHE", str(directory))
    return directory


def test_another_wheel_than_the_pinned_one_is_refused(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.whl").write_bytes(b"something else")
    monkeypatch.setenv(WHEEL_VARIABLE, str(tmp_path / "other.whl"))
    with pytest.raises(BuildError, match=r"is not the wheel \S+ that was pinned"):
        find_sources()
    assert not list(cache.glob("*/*/Source"))


def test_a_wheel_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WHEEL_VARIABLE, str(tmp_path / "gone.whl"))
    with pytest.raises(BuildError, match=r"HARNESS_CMSIS_NN_WHEEL names .*gone\.whl, which is no file"):
        find_sources()


def test_without_a_network_one_error_says_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WHEEL_VARIABLE, raising=False)
    # A port of this machine that nobody listens at.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(BuildError, match=r"can't be fetched .*'pip download .* name the file here in HARNESS_CMSIS_NN"):
        find_sources()


def test_without_pip_it_is_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WHEEL_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(BuildError, match="HARNESS_CMSIS_NN_WHEEL"):
        find_sources()


@pytest.mark.usefixtures("kernels")
def test_what_is_unpacked_is_arms_under_its_own_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARNESS_CACHE")
    files = [file for file in find_sources().rglob("*") if file.suffix in (".c", ".h")]
    assert len(files) > 90
    assert all("SPDX-License-Identifier: Apache-2.0" in file.read_text() for file in files)
