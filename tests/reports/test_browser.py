"""A real browser opens the report: it shows what it should, runs nothing, and asks the network for nothing."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness.results.store import RunDirectory
from reports.html import write_report
from tests.reports.sample_records import sample_facts, sample_records
from tests.reports.test_html import HOSTILE, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
)  # fmt: skip


def browse(tmp_path: Path, page: Path, *options: str) -> str:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser is installed: one of {', '.join(BROWSERS)} is needed")
    command = [browser, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


def test_a_browser_shows_the_tables_and_plots(tmp_path: Path) -> None:
    import numpy as np
    from matplotlib.image import imread

    run = RunDirectory.create(tmp_path / "runs", sample_facts(), "one")
    for record in sample_records():
        run.append(record)
    page = write_report(run, tmp_path / "report.html")
    picture = tmp_path / "report.png"
    browse(tmp_path, page, "--window-size=1360,2600", f"--screenshot={picture}")
    pixels = (np.asarray(imread(picture))[:, :, :3] * 255).round().astype(int)
    assert pixels.shape[:2] == (2600, 1360)
    for color in ("#0b5cad", "#b3401f", "#1a6b3c"):
        wanted = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
        assert (abs(pixels - wanted).sum(axis=2) < 12).sum() > 50, f"{color} is not on the page"


def test_a_browser_runs_nothing_that_hides_in_names(tmp_path: Path) -> None:
    attack = (
        f"</style></svg></table>{HOSTILE}<svg onload=\"document.title='owned'\"><script>document.title='owned'</script>"
    )
    run = RunDirectory.create(tmp_path / "runs", sample_facts(), "hostile")
    for record in sample_records():
        candidate = replace(record.candidate, model=attack, board=attack + record.candidate.board)
        run.append(replace(record, candidate=candidate))
    page = write_report(run, tmp_path / "report.html")
    shown = browse(tmp_path, page, "--dump-dom")
    found = Page(shown)
    assert "<title>Run hostile</title>" in shown
    assert not {tag for tag, _ in found.elements} & {"script", "img"}
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    assert "document.title='owned'" in found.text
