"""The content cache: made once, by one process, whole or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cache import cached, sha256_of_files
from harness.errors import ConfigError

RACER = """
import sys, time
from pathlib import Path
from harness.cache import cached

def make(directory):
    time.sleep(0.2)
    (directory / "made").write_text("x")
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")

print(cached("race", {"key": 1}, make))
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_same_key_is_made_once() -> None:
    calls: list[Path] = []
    first = cached("kind", {"a": 1}, calls.append)
    second = cached("kind", {"a": 1}, calls.append)
    assert first == second
    assert len(calls) == 1


def test_another_key_is_made_anew() -> None:
    assert cached("kind", {"a": 1}, lambda _: None) != cached("kind", {"a": 2}, lambda _: None)


def test_what_failed_is_not_kept(own_cache: Path) -> None:
    def fail(directory: Path) -> None:
        (directory / "half").write_text("x")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        cached("kind", {}, fail)
    assert not [path for path in (own_cache / "kind").iterdir() if path.is_dir()]
    assert cached("kind", {}, lambda _: None).is_dir()


def test_a_full_disk_is_named_with_the_way_out(own_cache: Path) -> None:
    def fill(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ConfigError, match=r"No space left.*HARNESS_CACHE"):
        cached("kind", {}, fill)
    assert not [path for path in (own_cache / "kind").iterdir() if path.is_dir()]


def test_processes_that_race_make_it_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(log)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        for _ in range(3)
    ]
    places = {racer.communicate(timeout=60)[0] for racer in racers}
    assert len(places) == 1
    assert log.read_text() == "made\n"


def test_a_hash_of_files_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = sha256_of_files(tmp_path)
    (tmp_path / "a").write_text("2")
    changed = sha256_of_files(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({before, changed, sha256_of_files(tmp_path)}) == 3
