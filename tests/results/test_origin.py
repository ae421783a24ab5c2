"""Provenance: the commit, the tools, the moment."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.results.origin import git_commit, package_versions, utc_now


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    (tmp_path / "file").write_text("1")
    for command in (("init", "-q"), ("add", "file"), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)
    git_commit.cache_clear()
    return tmp_path


def test_a_clean_checkout_gives_its_commit(checkout: Path) -> None:
    head = subprocess.run(["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert git_commit(checkout) == head.stdout.strip()


def test_a_changed_checkout_says_so(checkout: Path) -> None:
    (checkout / "file").write_text("2")
    assert git_commit(checkout).endswith("+changes")


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == ""


def test_versions_are_those_of_the_installed_packages() -> None:
    assert package_versions("numpy", "no-such-package") == {"numpy": version("numpy")}


def test_now_is_utc_and_iso_8601() -> None:
    offset = datetime.fromisoformat(utc_now()).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
