"""Backends are found by name, ours and those of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.deploy.backends import backend_names, find_backend
from harness.errors import ConfigError
from tests.deploy.installed import install_backend


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages of someone else, installed beside us: one that works and one that does not."""
    (tmp_path / "theirs.py").write_text("class Theirs:\n    name = 'theirs'\n")
    for name, value in (("theirs", "theirs:Theirs"), ("broken", "no_such_module:Broken")):
        install_backend(tmp_path, name, value)
    monkeypatch.syspath_prepend(tmp_path)


def test_our_own_backend_needs_no_installation() -> None:
    assert find_backend("tvm").name == "tvm"


@pytest.mark.usefixtures("installed")
def test_a_backend_of_another_package_is_found_by_its_entry_point() -> None:
    assert find_backend("theirs").name == "theirs"
    assert {"theirs", "tvm"} <= set(backend_names())


@pytest.mark.usefixtures("installed")
def test_a_backend_that_cannot_be_loaded_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'broken' \(no_such_module:Broken\) can't be loaded"):
        find_backend("broken")


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no backend is called 'nonsense'; there are .*tvm"):
        find_backend("nonsense")
