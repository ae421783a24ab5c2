"""Writes the protocol's constants, kept in `protocol.toml`, for the firmware (C) and for the host (Python)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FIRMWARE = Path(__file__).resolve().parent
SOURCE = FIRMWARE / "protocol.toml"
C_HEADER = FIRMWARE / "include" / "protocol.h"
PYTHON_MODULE = FIRMWARE.parent / "harness" / "bench" / "protocol_constants.py"

NOTE = "Written by firmware/generate_protocol.py from firmware/protocol.toml: change that, not this."
GROUPS = {"requests": "request", "notices": "notice", "infer_flags": "infer_flag", "status": "status"}
C_TYPES = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "i32": "int32_t"}
STRUCT_CODES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i32": "i"}


def c_header(protocol: Mapping[str, Any]) -> str:
    """The text of `include/protocol.h`."""
    lines = [
        f"/* {NOTE} */",
        "#ifndef PROTOCOL_H",
        "#define PROTOCOL_H",
        "",
        "#include <stdint.h>",
        "",
        f"#define PROTOCOL_VERSION {protocol['version']}u",
        f"#define PROTOCOL_MAX_DATA {protocol['max_data']}u",
        f"#define PROTOCOL_REPLY_BIT {protocol['reply_bit']:#x}u",
    ]
    for group, singular in GROUPS.items():
        prefix = f"PROTOCOL_{singular.upper()}"
        lines += ["", *(f"#define {prefix}_{name.upper()} {value}u" for name, value in protocol[group].items())]
    for name, fields in protocol["layouts"].items():
        declared = (f"    {_c_field(field, kind)};" for field, kind in fields.items())
        lines += ["", "typedef struct __attribute__((packed)) {", *declared, f"}} protocol_{name}_t;"]
    return "\n".join([*lines, "", "#endif", ""])


def _c_field(name: str, kind: str) -> str:
    size = kind.removeprefix("bytes")
    return f"uint8_t {name}[{size}]" if size != kind else f"{C_TYPES[kind]} {name}"


def python_module(protocol: Mapping[str, Any]) -> str:
    """The text of `harness/bench/protocol_constants.py`."""
    lines = [
        '"""The numbers of the console protocol, see `firmware/PROTOCOL.md`.',
        "",
        NOTE,
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from enum import IntEnum",
        "from struct import Struct",
        "from typing import NamedTuple",
        "",
        f"VERSION = {protocol['version']}",
        f"MAX_DATA = {protocol['max_data']}",
        f"REPLY_BIT = {protocol['reply_bit']:#x}",
    ]
    for group, singular in GROUPS.items():
        members = (f"    {name.upper()} = {value}" for name, value in protocol[group].items())
        lines += ["", "", f"class {_class_name(singular)}(IntEnum):", *members]
    lines += ["", ""]
    for name, fields in protocol["layouts"].items():
        lines.append(f'{name.upper()} = Struct("<{"".join(_struct_code(kind) for kind in fields.values())}")')
    for name, fields in protocol["layouts"].items():
        declared = (f"    {field}: {'bytes' if 'bytes' in kind else 'int'}" for field, kind in fields.items())
        lines += ["", "", f"class {_class_name(name)}Fields(NamedTuple):", *declared]
    return "\n".join([*lines, ""])


def _class_name(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def _struct_code(kind: str) -> str:
    size = kind.removeprefix("bytes")
    return f"{size}s" if size != kind else STRUCT_CODES[kind]


def main() -> None:
    """Write both files."""
    protocol = tomllib.loads(SOURCE.read_text())
    C_HEADER.write_text(c_header(protocol))
    PYTHON_MODULE.write_text(python_module(protocol))


if __name__ == "__main__":
    main()
