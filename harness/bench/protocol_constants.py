"""The numbers of the console protocol, see `firmware/PROTOCOL.md`.

Written by firmware/generate_protocol.py from firmware/protocol.toml: change that, not this.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

VERSION = 1
MAX_DATA = 1024
REPLY_BIT = 0x80


class Request(IntEnum):
    INFO = 1
    LOAD_INPUT = 2
    INFER = 3
    READ_OUTPUT = 4
    READ_STEPS = 5


class Notice(IntEnum):
    DAMAGED = 254
    FAULT = 255


class InferFlag(IntEnum):
    TIME_STEPS = 1


class Status(IntEnum):
    OK = 0
    UNKNOWN_REQUEST = 1
    BAD_LENGTH = 2
    OUT_OF_RANGE = 3
    NO_INPUT = 4
    NO_OUTPUT = 5
    MODEL_FAILED = 6


HEADER = Struct("<BH")
LOAD_INPUT = Struct("<I")
INFER = Struct("<B")
READ_OUTPUT = Struct("<IH")
READ_STEPS = Struct("<IH")
REPLY = Struct("<Bi")
INFO_REPLY = Struct("<H20sIIIIIIIIIi")
INFER_REPLY = Struct("<Q")
FAULT = Struct("<IIIIIIII")


class HeaderFields(NamedTuple):
    kind: int
    sequence: int


class LoadInputFields(NamedTuple):
    offset: int


class InferFields(NamedTuple):
    flags: int


class ReadOutputFields(NamedTuple):
    offset: int
    length: int


class ReadStepsFields(NamedTuple):
    first: int
    steps: int


class ReplyFields(NamedTuple):
    status: int
    detail: int


class InfoReplyFields(NamedTuple):
    version: int
    build_id: bytes
    clock_hz: int
    input_count: int
    output_count: int
    input_bytes: int
    output_bytes: int
    step_count: int
    arena_bytes: int
    stack_reserved: int
    stack_used: int
    init_error: int


class InferReplyFields(NamedTuple):
    cycles: int


class FaultFields(NamedTuple):
    cfsr: int
    hfsr: int
    mmfar: int
    bfar: int
    pc: int
    lr: int
    xpsr: int
    exception: int
