"""Packages of someone else, as if installed beside us."""

from __future__ import annotations

from pathlib import Path

from harness.deploy.backends import GROUP


def install_backend(directory: Path, name: str, value: str) -> None:
    """What `pip install` would leave of a package with one backend; the directory has to be on the path."""
    metadata = directory / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {value}\n")
