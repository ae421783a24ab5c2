"""The firmware's parser, on the image that runs: it does what PROTOCOL.md says, whatever comes over the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.bench.protocol import Frame, encode
from harness.bench.protocol_constants import (
    INFER,
    INFO_REPLY,
    LOAD_INPUT,
    MAX_DATA,
    READ_OUTPUT,
    READ_STEPS,
    REPLY,
    REPLY_BIT,
    Notice,
    Request,
    Status,
)
from tests.deploy.identity_backend import IdentityBackend, expected_output
from tests.firmware.bench_board import BOARDS, Wire, load, virtual_board

INPUT_BYTES, OUTPUT_BYTES, STEPS = 8, 8, 2
_sequences = count(1)


@pytest.fixture(scope="module", params=BOARDS)
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    with virtual_board(request.param) as dut:
        load(dut, IdentityBackend()).connect()
        yield Wire(dut.console)


def new_sequence() -> int:
    return next(_sequences) % (1 << 16)


@dataclass
class Specification:
    """What PROTOCOL.md says the firmware holds, and so what it has to answer."""

    loaded: bytes = b""
    output: bytes | None = None
    timed_steps: bool = False
    last_infer: int = -1

    def load_input(self, offset: int, data: bytes) -> Status:
        if not 1 <= len(data) <= MAX_DATA:
            return Status.BAD_LENGTH
        if offset > len(self.loaded) or offset + len(data) > INPUT_BYTES:
            return Status.OUT_OF_RANGE
        self.loaded, self.output = self.loaded[:offset] + data, None
        return Status.OK

    def infer(self, sequence: int, flags: int) -> Status:
        if self.output is not None and sequence == self.last_infer:
            return Status.OK
        if len(self.loaded) < INPUT_BYTES:
            return Status.NO_INPUT
        self.output, self.loaded = expected_output(self.loaded), b""
        self.timed_steps, self.last_infer = bool(flags & 1), sequence
        return Status.OK

    def read_output(self, offset: int, length: int) -> tuple[Status, bytes]:
        if self.output is None:
            return Status.NO_OUTPUT, b""
        if length > MAX_DATA or offset + length > OUTPUT_BYTES:
            return Status.OUT_OF_RANGE, b""
        return Status.OK, self.output[offset : offset + length]

    def read_steps(self, first: int, steps: int) -> tuple[Status, int]:
        if self.output is None or not self.timed_steps:
            return Status.NO_OUTPUT, 0
        return (Status.OUT_OF_RANGE, 0) if first + steps > STEPS else (Status.OK, steps * 8)


def near(*values: int, bits: int) -> st.SearchStrategy[int]:
    """Numbers about some values, and the largest there are: where a check that is off by one shows."""
    around = [value + step for value in values for step in (-1, 0, 1) if value + step >= 0]
    return st.one_of(st.sampled_from([*around, (1 << bits) - 1]), st.integers(0, (1 << bits) - 1))


operations = st.one_of(
    st.tuples(st.just("load all"), st.binary(min_size=INPUT_BYTES, max_size=INPUT_BYTES)),
    st.tuples(st.just("load"), near(0, INPUT_BYTES, bits=32), st.binary(max_size=INPUT_BYTES + 1)),
    st.tuples(st.just("infer"), st.integers(0, 255)),
    st.tuples(st.just("infer again"), st.integers(0, 255)),
    st.tuples(st.just("output"), near(0, OUTPUT_BYTES, bits=32), near(0, OUTPUT_BYTES, MAX_DATA, bits=16)),
    st.tuples(st.just("steps"), near(0, STEPS, bits=32), near(0, STEPS, MAX_DATA // 8, bits=16)),
    st.tuples(st.just("other"), st.integers(6, 127), st.binary(max_size=MAX_DATA)),
    st.tuples(st.just("misshapen"), st.sampled_from([Request.INFO, Request.INFER, Request.READ_OUTPUT])),
)


def carry_out(wire: Wire, expected: Specification, name: str, *values: object) -> None:
    """Do one operation on the board and by the specification, and compare."""
    sequence = new_sequence()
    reply: bytes | None = b""
    match name, values:
        case "load all", (bytes(data),):
            kind, payload = Request.LOAD_INPUT, LOAD_INPUT.pack(0) + data
            status = expected.load_input(0, data)
        case "load", (int(offset), bytes(data)):
            kind, payload = Request.LOAD_INPUT, LOAD_INPUT.pack(offset) + data
            status = expected.load_input(offset, data)
        case (("infer" | "infer again"), (int(flags),)):
            sequence = max(expected.last_infer, 0) if name == "infer again" else sequence
            kind, payload = Request.INFER, INFER.pack(flags)
            status, reply = expected.infer(sequence, flags), None
        case "output", (int(offset), int(length)):
            kind, payload = Request.READ_OUTPUT, READ_OUTPUT.pack(offset, length)
            status, reply = expected.read_output(offset, length)
        case "steps", (int(first), int(steps)):
            kind, payload = Request.READ_STEPS, READ_STEPS.pack(first, steps)
            (status, size), reply = expected.read_steps(first, steps), None
        case "other", (int(kind), bytes(payload)):
            status = Status.UNKNOWN_REQUEST
        case "misshapen", (Request() as kind,):
            payload, status = b"just too long for it", Status.BAD_LENGTH
        case _:
            raise AssertionError(name)
    answer = wire.ask(kind, sequence, payload)
    assert (answer.kind, answer.sequence) == (kind | REPLY_BIT, sequence)
    got, detail = REPLY.unpack_from(answer.payload)
    assert (got, detail) == (status, 0)
    data = answer.payload[REPLY.size :]
    if reply is not None:
        assert data == reply
    elif status is not Status.OK:
        assert data == b""
    else:
        assert len(data) == (8 if kind == Request.INFER else size)


@settings(deadline=None, max_examples=60)
@given(st.lists(operations, max_size=25))
def test_any_sequence_of_requests_is_answered_as_specified(wire: Wire, wanted: list[tuple[object, ...]]) -> None:
    expected = Specification()
    carry_out(wire, expected, "load all", bytes(INPUT_BYTES))
    carry_out(wire, expected, "infer", 0)
    for name, *values in wanted:
        carry_out(wire, expected, str(name), *values)


def still_answers(wire: Wire) -> None:
    """Nothing but notices of damage comes before the answer to a request that is sent now."""
    sequence = new_sequence()
    wire.send(b"\0" + encode(Frame(Request.INFO, sequence)))
    frames: list[Frame] = []
    while not frames or frames[-1].kind == Notice.DAMAGED:
        received = wire.receive()
        assert received, "the firmware fell silent"
        frames += received
    *notices, answer = frames
    assert all(notice == Frame(Notice.DAMAGED, 0) for notice in notices)
    assert (answer.kind, answer.sequence) == (Request.INFO | REPLY_BIT, sequence)
    assert len(answer.payload) == REPLY.size + INFO_REPLY.size


@settings(deadline=None, max_examples=80)
@given(st.lists(st.binary(max_size=400), max_size=6))
def test_garbage_is_survived_and_never_taken_for_a_request(wire: Wire, garbage: list[bytes]) -> None:
    wire.send(b"\0".join(garbage))
    still_answers(wire)


@settings(deadline=None, max_examples=80)
@given(st.binary(min_size=INPUT_BYTES, max_size=INPUT_BYTES), st.data())
def test_a_damaged_request_is_reported_and_not_carried_out(wire: Wire, data: bytes, draw: st.DataObject) -> None:
    request = bytearray(encode(Frame(Request.LOAD_INPUT, new_sequence(), LOAD_INPUT.pack(0) + data)))
    position = draw.draw(st.integers(1, len(request) - 3))
    request[position] ^= draw.draw(st.integers(1, 255))
    expected = Specification()
    carry_out(wire, expected, "load all", bytes(INPUT_BYTES))
    carry_out(wire, expected, "infer", 0)
    wire.send(bytes(request))
    still_answers(wire)
    # Had any of it been carried out, the outputs would be gone.
    carry_out(wire, expected, "output", 0, OUTPUT_BYTES)


@pytest.mark.parametrize("size", [1035, 1036, 1037, 1100, 5000])
def test_a_frame_larger_than_the_buffer_touches_nothing_behind_it(wire: Wire, size: int) -> None:
    expected = Specification()
    carry_out(wire, expected, "load all", bytes(range(INPUT_BYTES)))
    wire.send(encode(Frame(Request.LOAD_INPUT, new_sequence(), b"\x55" * (size - 7))))
    while wire.receive(timeout=1.0) == []:
        pass
    carry_out(wire, expected, "infer", 0)
    carry_out(wire, expected, "output", 0, OUTPUT_BYTES)


def test_an_echo_of_the_firmwares_own_frames_is_not_answered(wire: Wire) -> None:
    reply = wire.ask(Request.INFO, new_sequence())
    wire.send(encode(reply) + encode(Frame(Notice.DAMAGED, 0)))
    assert wire.receive(timeout=0.3) == []
