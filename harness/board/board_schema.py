"""The form of a board file as JSON Schema, for editors and other tools; and what each of its keys is."""

from __future__ import annotations

import json
from typing import Any

KEYS = {
    "name": "how commands and racks call the board: lower case, digits, underscores; the file has the same name",
    "title": "its name for people, as the maker writes it",
    "mcu": "the microcontroller's full order code",
    "core": "the processor core",
    "fpu": "GCC's -mfpu value, such as fpv4-sp-d16; empty without a floating point unit",
    "family": "the file in lab/families with the virtual board's peripherals, and the folder in firmware/families",
    "clock_hz": "the core clock that the bench firmware sets up",
    "console_baud": "bit rate of the console",
    "memories": "flash and RAM; the first of each kind is the one that firmware is linked to. Per bus port one bank; "
    "path: how the core reaches it (direct, accelerator, level1); also_at: where the same bytes show once more",
    "accelerator": "the maker's cache or line buffers between flash and core; ways 0: fully associative",
    "level1": "the core's own caches; bus_cycles: what filling a line costs beside the memory's wait states",
    "defines": "constants for the family's C code: console UART and pins, trigger pin",
    "power": "supply currents of the core's states by clock, at a supply voltage, each with its source",
    "debug": "pyOCD's names of the part: of the silicon, and of the virtual board (any name of its own)",
    "clocks": "oscillators on the board, in Hz; one that is not named never becomes ready",
    "channels": "pins that the energy analyzer records beside the trigger, as PORT.number",
    "simulation": "what only the virtual board needs: idcode, as the part's DBGMCU_IDCODE register has it",
    "sources": "manuals that the figures come from",
}
"""Top-level keys in the order of a board file, and what they are."""


def board_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a board file."""
    from harness.board.board_form import BoardEntry

    schema = BoardEntry.model_json_schema()
    for key, description in KEYS.items():
        schema["properties"][key]["description"] = description
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A board file of tinyml-harness"}
    return {**dialect, **{key: value for key, value in schema.items() if key != "title"}}


def board_schema_text() -> str:
    """The same as a file."""
    return json.dumps(board_schema(), indent=2) + "\n"
