"""Firmware that speaks EEMBC's protocol does what EEMBC.md says, on the image that runs, whatever the line brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.deploy.identity_backend import IdentityBackend, expected_output
from tests.firmware.eembc_board import BOOT, Wire, start, virtual_board

SAMPLE_BYTES = 8
"""The identity backend's inputs, of 3 and 5 bytes."""
RESULTS = 5
KNOWN = ("name", "profile", "help", "timestamp", "db", "infer", "results")
_marks = count(1)


@pytest.fixture(scope="module", params=["nucleo_l4r5zi", "nucleo_f746zg"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    with virtual_board(request.param) as dut:
        start(dut, IdentityBackend())
        wire = Wire(dut.console)
        assert re.fullmatch(BOOT, wire.receive())
        yield wire


def results_line(sample: bytes) -> str:
    sums = expected_output(sample)[:RESULTS]
    return f"m-results-[{','.join(f'{value - 256 * (value > 127)}.000000' for value in sums)}]"


@dataclass
class Specification:
    """What EEMBC.md says the firmware holds, and so what it has to answer."""

    announced: int = 0
    loaded: bytes = b""
    results: list[str] = field(default_factory=list)

    def load(self, size: int) -> list[str]:
        if not 1 <= size <= SAMPLE_BYTES:
            return [f"e-[Command 'db load' takes 1 to {SAMPLE_BYTES} bytes]"]
        self.announced, self.loaded = size, b""
        return [f"m-[Expecting {size} bytes]"]

    def fill(self, digits: str) -> list[str]:
        if len(digits) % 2:
            return ["e-[Insufficient number of hex digits]"]
        wrong = re.search(r"[^0-9A-Fa-f]", digits)
        if wrong:
            return [f"e-[Invalid hex digit in '{digits[wrong.start() :]}']"]
        if len(self.loaded) >= self.announced:
            return ["e-[More bytes than 'db load' announced]"]
        self.loaded = (self.loaded + bytes.fromhex(digits))[: self.announced]
        return ["m-load-done"] if len(self.loaded) == self.announced else []

    def print(self) -> list[str]:
        pieces = [self.loaded[at : at + 8] for at in range(0, len(self.loaded), 8)]
        return [f"m-buffer-{piece.hex('-')}" for piece in pieces]

    def infer(self, iterations: int, warmups: int) -> list[str]:
        if iterations == 0:
            return ["e-[Inference iterations must be >0]"]
        if len(self.loaded) != SAMPLE_BYTES:
            return [f"e-[Input has {len(self.loaded)} bytes, the model takes {SAMPLE_BYTES}]"]
        self.results = [results_line(self.loaded)]
        window = [f"m-warmup-start-{warmups}", "m-warmup-done", f"m-infer-start-{iterations}"]
        return [*window, "m-lap-us-N", "m-lap-us-N", "m-infer-done", *self.results]

    def last_results(self) -> list[str]:
        return self.results or ["e-[No inference has succeeded]"]


HEX = "0123456789abcdefABCDEF"
words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="%"), min_size=1, max_size=30)


def _is_no_subcommand(word: str) -> bool:
    return word not in ("load", "print")


def _is_no_command(word: str) -> bool:
    return word not in KNOWN


operations = st.one_of(
    st.tuples(st.just("load"), st.integers(0, 12)),
    st.tuples(st.just("load"), st.just(SAMPLE_BYTES)),
    st.tuples(st.just("fill"), st.text(HEX, min_size=1, max_size=20)),
    st.tuples(st.just("fill"), st.binary(min_size=1, max_size=SAMPLE_BYTES).map(bytes.hex)),
    st.tuples(st.just("fill"), words.filter(_is_no_subcommand)),
    st.tuples(st.just("print")),
    st.tuples(st.just("infer"), st.integers(0, 5), st.integers(0, 3)),
    st.tuples(st.just("results")),
    st.tuples(st.just("unknown"), words.filter(_is_no_command)),
)


def carry_out(wire: Wire, expected: Specification, name: str, *values: object) -> None:
    """Do one operation on the board and by the specification, and compare."""
    match name, values:
        case "load", (int(size),):
            command, lines = f"db load {size}", expected.load(size)
        case "fill", (str(digits),):
            command, lines = f"db {digits}", expected.fill(digits)
        case "print", ():
            command, lines = "db print", expected.print()
        case "infer", (int(iterations), int(warmups)):
            command, lines = f"infer {iterations} {warmups}", expected.infer(iterations, warmups)
        case "results", ():
            command, lines = "results", expected.last_results()
        case "unknown", (str(word),):
            command, lines = word, [f"e-[Unknown command: {word}]"]
        case _:
            raise AssertionError(name)
    assert [re.sub(r"(m-lap-us-)\d+", r"\1N", line) for line in wire.ask(command)] == lines


@settings(deadline=None, max_examples=40)
@given(st.lists(operations, max_size=25))
def test_any_sequence_of_commands_is_answered_as_specified(wire: Wire, wanted: list[tuple[object, ...]]) -> None:
    expected = Specification()
    carry_out(wire, expected, "load", SAMPLE_BYTES)
    carry_out(wire, expected, "fill", bytes(SAMPLE_BYTES).hex())
    carry_out(wire, expected, "infer", 1, 0)
    for name, *values in wanted:
        carry_out(wire, expected, str(name), *values)


def test_the_firmware_says_who_it_is(wire: Wire) -> None:
    assert wire.ask("name") == ["m-name-dut-[tinyml-harness]"]
    assert wire.ask("profile") == ["m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[identity]"]
    assert any(line.startswith("infer N") for line in wire.ask("help"))


def test_time_goes_on_and_an_inference_lies_within_it(wire: Wire) -> None:
    for command in ("db load 8", "db 0001020304050607"):
        wire.ask(command)
    lines = [*wire.ask("timestamp"), *wire.ask("infer 50 2"), *wire.ask("timestamp")]
    times = [int(line.removeprefix("m-lap-us-")) for line in lines if line.startswith("m-lap-us-")]
    assert len(times) == 4
    assert times == sorted(times)
    assert times[2] > times[1]


def test_the_defaults_are_one_inference_after_ten(wire: Wire) -> None:
    for command in ("db load 8", "db 0001020304050607"):
        wire.ask(command)
    lines = wire.ask("infer")
    assert {"m-warmup-start-10", "m-infer-start-1"} < set(lines)
    assert "m-warmup-start-10" in wire.ask("infer 3")


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("db", "e-[Command 'db' requires a subcommand]"),
        ("db load", "e-[Command 'db load' requires the # of bytes]"),
        ("db load 8x", "e-[Command 'db load' takes 1 to 8 bytes]"),
        ("db load -8", "e-[Command 'db load' takes 1 to 8 bytes]"),
        ("db load 4294967304", "e-[Command 'db load' takes 1 to 8 bytes]"),
        ("infer -1", "e-[Inference iterations must be >0]"),
        ("infer 4294967297 0", "e-[Inference iterations must be >0]"),
        ("infer 1 -1", "e-[Inference warmup must be >=0]"),
        ("infer 1 9999999999", "e-[Inference warmup must be >=0]"),
        ("x" * 80, f"e-[Unknown command: {'x' * 80}]"),
        ("x" * 81, "e-[Command too long]"),
        ("db " + "00" * 100, "e-[Command too long]"),
        ("x" * 5000, "e-[Command too long]"),
    ],
)
def test_what_is_no_command_is_refused(wire: Wire, command: str, reply: str) -> None:
    assert wire.ask(command) == [reply]


@pytest.mark.parametrize("typed", ["\r\nname", "  name  ", "name\r\n", "\0na\x7fme", "\xff name"])
def test_people_and_lines_that_come_up_are_forgiven(wire: Wire, typed: str) -> None:
    wire.send(typed.encode("latin-1") + b"%")
    assert wire.receive() == "m-name-dut-[tinyml-harness]\r\nm-ready\r\n"
    assert wire.ask("") == []
    assert wire.ask("   ") == []


def still_answers(wire: Wire) -> None:
    """Nothing that came has put it out: what is asked now is answered, and an inference is right."""
    mark = f"mark-{next(_marks)}"
    wire.ask("")
    assert wire.ask(mark) == [f"e-[Unknown command: {mark}]"]
    expected = Specification()
    for operation in (("load", 8), ("fill", "ff01fe0204030805"), ("infer", 2, 1), ("print",)):
        carry_out(wire, expected, *operation)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=300), max_size=6))
def test_any_bytes_are_survived(wire: Wire, garbage: list[bytes]) -> None:
    for command in b"%".join(garbage).split(b"%"):
        wire.send(command + b"%")
        wire.receive()
    still_answers(wire)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.binary(max_size=300), max_size=6))
def test_bytes_that_do_not_wait_for_replies_are_survived(wire: Wire, garbage: list[bytes]) -> None:
    # It has no queue: what comes while it speaks is lost, and with it perhaps the end of a command.
    wire.send(b"%".join(garbage))
    wire.wait_for_silence()
    still_answers(wire)


fragments = st.sampled_from(
    ["db", "load", "print", "infer", "results", "timestamp", "name", "00ff", "zz", "", "8", "-1"]
)
near_commands = st.lists(st.lists(st.one_of(fragments, st.integers(0, 99).map(str), words), max_size=5), max_size=12)


@settings(deadline=None, max_examples=60)
@given(near_commands, st.binary(max_size=3))
def test_near_commands_are_survived(wire: Wire, commands: list[list[str]], junk: bytes) -> None:
    for parts in commands:
        wire.send(junk.replace(b"%", b"") + " ".join(parts).encode() + b"%")
        wire.receive()
    still_answers(wire)
