"""Fetching, from a server of this machine: what is checked, where it is put, and what is said when it can't be had."""

from __future__ import annotations

import functools
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import DatasetError
from harness.model.datasets import fetch as fetching
from harness.model.datasets.fetch import fetch
from harness.model.datasets.known import KnownSet, RemoteFile, find_known, known_sets


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which its files are had."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data directory."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def known(url: str, name: str, nbytes: int = 0, checksum: str = "", folder: str = "set") -> KnownSet:
    return replace(find_known("mnist"), folder=folder, files=(RemoteFile(name, url + name, nbytes, checksum),))


def tar(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def left_over(place: Path) -> list[Path]:
    return list(place.rglob(".fetch-*"))


def test_a_file_is_put_in_its_place_once_it_is_checked(served: tuple[Path, str], place: Path) -> None:
    folder, url = served
    (folder / "a.gz").write_bytes(b"content")
    one = known(url, "a.gz", 7, f"sha256:{hashlib.sha256(b'content').hexdigest()}")
    assert not one.at_hand
    (line,) = fetch(one)
    assert "checked by sha256" in line
    assert (place / "set" / "a.gz").read_bytes() == b"content"
    assert one.at_hand
    assert fetch(one) == ["a.gz: is there already"]
    assert not left_over(place)


@pytest.mark.parametrize(
    ("nbytes", "checksum", "words"),
    [(7, "md5:0123", "its md5 is 9a0364b9e99bb480dd25e1f0284c8555, not 0123"), (8, "", "has 7 bytes, not 8")],
)
def test_what_is_not_as_published_is_not_kept(
    served: tuple[Path, str], place: Path, nbytes: int, checksum: str, words: str
) -> None:
    folder, url = served
    (folder / "a.gz").write_bytes(b"content")
    with pytest.raises(DatasetError, match=words):
        fetch(known(url, "a.gz", nbytes, checksum))
    assert not list((place / "set").iterdir())


def test_a_download_ends_where_the_published_size_does(
    served: tuple[Path, str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = served
    (folder / "a.gz").write_bytes(bytes(1_000_000))
    monkeypatch.setattr(fetching, "_BLOCK", 1000)
    with pytest.raises(DatasetError, match="has 2,000 bytes, not 1,500"):
        fetch(known(url, "a.gz", 1500))
    assert not left_over(place)


def test_where_nothing_is_published_it_says_so(served: tuple[Path, str], place: Path) -> None:
    folder, url = served
    (folder / "a.txt").write_bytes(b"content")
    (line,) = fetch(known(url, "a.txt", folder=""))
    assert "checked by nothing: no hash or size is known" in line
    assert (place / "a.txt").is_file()


@pytest.mark.parametrize("inner", ["set__", ""])
def test_an_archive_becomes_its_folder(served: tuple[Path, str], place: Path, inner: str) -> None:
    folder, url = served
    (folder / "a.tar.gz").write_bytes(tar(**{f"{inner}one.bin": b"1", f"{inner}sub__two.bin": b"22"}))
    fetch(known(url, "a.tar.gz"))
    assert [(place / "set" / name).read_bytes() for name in ("one.bin", "sub/two.bin")] == [b"1", b"22"]
    assert [path.name for path in place.iterdir()] == ["set"]


def test_a_zip_becomes_its_folder(served: tuple[Path, str], place: Path) -> None:
    folder, url = served
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("set/test/one.wav", "1")
        archive.writestr("../outside", "1")
    fetch(known(url, "a.zip"))
    assert (place / "set" / "test" / "one.wav").is_file()
    assert not (place / "outside").exists()
    assert not (place.parent / "outside").exists()


def test_an_archive_that_leaves_its_folder_is_refused(served: tuple[Path, str], place: Path) -> None:
    folder, url = served
    (folder / "a.tar.gz").write_bytes(tar(**{"..__..__outside": b"1"}))
    with pytest.raises(DatasetError, match="can't be unpacked"):
        fetch(known(url, "a.tar.gz"))
    assert not list(place.iterdir())


def test_an_archive_that_unpacks_to_too_much_is_refused(
    served: tuple[Path, str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = served
    (folder / "a.tar.gz").write_bytes(tar(set__one=bytes(5000)))
    monkeypatch.setattr(fetching, "MOST_BYTES", 4000)
    with pytest.raises(DatasetError, match="unpacks to more than"):
        fetch(known(url, "a.tar.gz"))
    assert not list(place.iterdir())


def test_without_a_network_the_file_to_place_is_named_and_then_taken(place: Path) -> None:
    one = known("http://127.0.0.1:9/", "a.tar.gz", 0, "")
    words = rf"http://127.0.0.1:9/a.tar.gz can't be fetched: .*put it at {place}/a.tar.gz"
    with pytest.raises(DatasetError, match=words):
        fetch(one, timeout=5)
    (place / "a.tar.gz").write_bytes(tar(set__one=b"1"))
    fetch(one, timeout=5)
    assert (place / "set" / "one").read_bytes() == b"1"
    assert (place / "a.tar.gz").is_file()


def test_a_file_that_the_server_lacks_is_said_so(served: tuple[Path, str], place: Path) -> None:
    with pytest.raises(DatasetError, match="can't be fetched: HTTP Error 404"):
        fetch(known(served[1], "none.gz"))
    assert not left_over(place)


def test_every_known_set_states_what_it_has_to() -> None:
    for one in known_sets().values():
        assert all((one.title, one.licence, one.split, one.shape, one.dtype, one.home))
        for file in one.files:
            assert file.url.startswith("https://")
            algorithm, _, digits = file.checksum.partition(":")
            assert len(digits) == {"": 0, "md5": 32, "sha256": 64}[algorithm]
    with pytest.raises(DatasetError, match=r"no data set 'x' is known.*mnist"):
        find_known("x")
