"""What a record is made from: commits, tool versions and moments."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.results.record import Origin

if TYPE_CHECKING:
    from harness.board.spec import BoardSpec
    from harness.deploy.firmware import Firmware
    from harness.model.model import Model


def origin_of(
    model: Model | None,
    board: BoardSpec,
    firmware: Firmware | None,
    dut: str,
    started: datetime,
    versions: Mapping[str, str] | None = None,
) -> Origin:
    """The origin of a case that ends now.

    Args:
        model, firmware: None where the case did not come so far.
        versions: of the tools that were to build the firmware; where it was built, its own count.
        dut: the board of the rack that ran it; empty where none did.
        started: when the case began, with its time zone.
    """
    from harness.paths import REPOSITORY

    return Origin(
        model_sha256=model.sha256 if model else "",
        board_sha256=board.sha256,
        firmware_build_id=firmware.build_id if firmware else "",
        versions={**package_versions("tinyml-harness"), **(firmware.versions if firmware else versions or {})},
        flags=firmware.flags if firmware else (),
        git_commit=git_commit(REPOSITORY),
        dut=dut,
        started=started.astimezone(UTC).isoformat(timespec="seconds"),
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )


def utc_now() -> str:
    """This moment: UTC, ISO 8601, with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@cache
def git_commit(repository: Path) -> str:
    """The commit checked out in a folder, with `+changes` when files differ from it; empty outside a checkout.

    Asked once a process: a record tells from which sources the process was started.
    """
    commit = _output("git", "-C", str(repository), "rev-parse", "HEAD")
    if not commit:
        return ""
    changes = _output("git", "-C", str(repository), "status", "--porcelain")
    return f"{commit}+changes" if changes else commit


def package_versions(*packages: str) -> Mapping[str, str]:
    """Versions of installed Python packages, by their names in the package index; absent ones are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
