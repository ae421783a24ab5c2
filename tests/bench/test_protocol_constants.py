"""C and Python have their constants from one file."""

from __future__ import annotations

import tomllib

from firmware.generate_protocol import C_HEADER, PYTHON_MODULE, SOURCE, c_header, python_module
from harness.bench import protocol_constants
from harness.paths import FIRMWARE


def test_the_committed_files_are_what_the_generator_writes() -> None:
    protocol = tomllib.loads(SOURCE.read_text())
    advice = "run: python firmware/generate_protocol.py"
    assert C_HEADER.read_text() == c_header(protocol), advice
    assert PYTHON_MODULE.read_text() == python_module(protocol), advice


def test_the_specification_names_every_request_status_and_field() -> None:
    text = (FIRMWARE / "PROTOCOL.md").read_text()
    protocol = tomllib.loads(SOURCE.read_text())
    names = [name for group in ("requests", "notices", "status", "infer_flags") for name in protocol[group]]
    fields = [field for layout in protocol["layouts"].values() for field in layout]
    assert [name for name in [*names, *fields] if name not in text] == []
    assert f"version {protocol_constants.VERSION}" in text
    assert f"`max_data` = {protocol_constants.MAX_DATA}" in text
