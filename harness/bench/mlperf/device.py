"""A board that speaks EEMBC's serial protocol: any vendor's, or one that runs our own firmware."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from harness.bench.mlperf.conversation import Conversation, Log
from harness.bench.mlperf.lines import Kind, Message
from harness.board.interfaces import Console
from harness.errors import ConsoleError, FirmwareError, FirmwareHangError

CHUNK_BYTES = 31
"""Bytes in one `db`, as the official runner sends them: EEMBC's monitor holds commands of 80 characters."""
_SMALLEST_CHUNK = 4
_ATTEMPTS = 8
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1e-3, 10e-3
_PROMPT_S = 5.0
_READ_BACK_S_A_BYTE = 5.5e-3
"""`db print` takes five characters a byte, of ten bits each; at 9600 baud, the slowest that EEMBC names, 5.2 ms."""
_BOOT_S = 2.0
_CLOCK = 1 << 32
"""The firmware's clock is an unsigned long of 32 bits."""


@dataclass(frozen=True)
class Identity:
    """What the firmware calls itself; empty where it does not say.

    Attributes:
        name: the vendor's.
        profile: of the firmware.
        model: the benchmark, such as `kws01`.
    """

    name: str
    profile: str
    model: str


@dataclass(frozen=True)
class Answer:
    """What one `infer` gave.

    Attributes:
        microseconds: that all its iterations took, by the board's own clock.
        results: of the last inference: a real number a class, or the reconstruction error.
    """

    microseconds: int
    results: tuple[float, ...]


class _MisheardError(Exception):
    """The reply is not what the command asks for: something was lost on the line."""


class MlperfDevice:
    """The verbs of the protocol. Call `connect` first.

    All of them raise `FirmwareHangError` when the firmware is silent, `FirmwareFaultError` when it reports a fault,
    another `FirmwareError` when it refuses, and `ConsoleError` when the line fails.
    """

    def __init__(
        self, console: Console, elf: Path | None = None, log: Log | None = None, *, verify: bool = False
    ) -> None:
        """Talk over a console; nothing is sent yet.

        Args:
            elf: the image that runs, if it is at hand: faults are located in it.
            log: told every line of the conversation.
            verify: read back every sample and every result, for a line that garbles.
        """
        self._talk = Conversation(console, elf, log)
        self._verify = verify
        self._chunk_bytes = CHUNK_BYTES
        self._pause_s = 0.0

    def connect(self, timeout: float = 15.0, *, boots: bool = True) -> Identity:
        """Wait until the firmware answers.

        Args:
            boots: it may just have been reset; then nothing is sent until it says that it is ready, or might have.

        Raises:
            ConsoleError: something answers, but not in this protocol.
        """
        deadline = time.monotonic() + timeout
        # A byte that comes while a UART is being set up can stop its driver for good.
        answered = boots and self._talk.hear(min(_BOOT_S, timeout)) is not None
        while not answered and time.monotonic() < deadline:
            self._talk.say("name")
            answered = self._talk.hear(min(_BOOT_S, max(0.0, deadline - time.monotonic()))) is not None
        if not answered:
            self._report_stranger(timeout)
        self._talk.settle()
        return self._identity()

    def load(self, sample: bytes) -> None:
        """Send a sample; again, in smaller pieces and with longer pauses, where something was lost on the way."""
        trouble = ""
        for _ in range(_ATTEMPTS):
            try:
                self._load_once(sample)
            except (_MisheardError, FirmwareHangError) as error:
                trouble = str(error)
                self._recover()
                self._chunk_bytes = max(_SMALLEST_CHUNK, self._chunk_bytes // 2)
                self._pause_s = min(2 * self._pause_s or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
            else:
                return
        raise FirmwareError(f"a sample of {len(sample)} bytes can't be loaded: {trouble}")

    def infer(self, iterations: int, warmups: int, timeout: float) -> Answer:
        """Run the sample that was loaded: `warmups` times untimed, then `iterations` times timed together.

        Args:
            timeout: seconds on the host's clock; a virtual board may be slower than a real one.
        """
        trouble = ""
        for _ in range(_ATTEMPTS):
            try:
                reply = self._talk.ask(f"infer {iterations} {warmups}", timeout)
                answer = Answer(_elapsed(reply), _results(reply))
                if self._verify and _results(self._talk.ask("results", _PROMPT_S)) != answer.results:
                    raise _MisheardError("the results differ when they are asked for again")
            except _MisheardError as error:
                trouble = str(error)
                self._recover()
            except FirmwareHangError as error:
                # The end of the command may have been lost.
                trouble = str(error)
                if not self._is_in_step():
                    raise
            else:
                return answer
        raise FirmwareError(f"an inference did not give what it has to: {trouble}")

    def _report_stranger(self, timeout: float) -> NoReturn:
        # Firmware with the harness's own protocol answers nothing else.
        self._talk.provoke()
        if self._talk.overheard.anything:
            raise ConsoleError(self._talk.overheard.describe())
        raise FirmwareHangError(
            f"the firmware said nothing within {timeout:g} s; does the image speak EEMBC's protocol, on this UART?"
        )

    def _identity(self) -> Identity:
        """What the firmware says of itself.

        What it was asked while it booted, it may answer only now: all that comes before it speaks of `profile`.
        """
        said = {message.kind: message.value for message in self._ask("name")}
        reply: list[Message] | None = self._ask("profile")
        while reply is not None:
            said |= {message.kind: message.value for message in reply}
            if any(_is_of_profile(message) for message in reply):
                break
            reply = self._talk.hear(_BOOT_S)
        return Identity(said.get(Kind.NAME, ""), said.get(Kind.PROFILE, ""), said.get(Kind.MODEL, ""))

    def _load_once(self, sample: bytes) -> None:
        reply = self._ask(f"db load {len(sample)}")
        for start in range(0, len(sample), self._chunk_bytes):
            _expect_no_error(reply)
            if self._pause_s:
                time.sleep(self._pause_s)
            reply = self._ask(f"db {sample[start : start + self._chunk_bytes].hex()}")
        _expect_no_error(reply)
        if not any(message.kind is Kind.LOADED for message in reply):
            raise _MisheardError("the firmware did not say that all bytes have arrived")
        if self._verify and self._read_back(len(sample)) != sample:
            raise _MisheardError("the firmware reads back other bytes than were sent")

    def _read_back(self, size: int) -> bytes:
        reply = self._talk.ask("db print", _PROMPT_S + size * _READ_BACK_S_A_BYTE)
        lines = (message.value for message in reply if message.kind is Kind.BUFFER)
        digits = "".join(lines).replace("-", "")
        return bytes.fromhex(digits) if len(digits) % 2 == 0 else b""

    def _ask(self, command: str) -> list[Message]:
        return self._talk.ask(command, _PROMPT_S)

    def _recover(self) -> None:
        if not any(self._is_in_step() for _ in range(_ATTEMPTS)):
            raise FirmwareHangError(f"the firmware has fallen silent: no answer to 'name' within {_PROMPT_S:g} s")

    def _is_in_step(self) -> bool:
        """End whatever command the firmware holds the beginning of; false when it does not answer."""
        self._talk.settle()
        self._talk.say("name")
        answered = self._talk.hear(_PROMPT_S) is not None
        self._talk.settle()
        return answered


def _is_of_profile(message: Message) -> bool:
    refused = message.kind is Kind.ERROR and "profile" in message.value
    return refused or message.kind in (Kind.PROFILE, Kind.MODEL)


def _expect_no_error(reply: Sequence[Message]) -> None:
    for message in reply:
        if message.kind is Kind.ERROR:
            raise _MisheardError(f"the firmware says {message.value!r}")


def _elapsed(reply: Sequence[Message]) -> int:
    _expect_no_error(reply)
    laps = [int(message.value) for message in reply if message.kind is Kind.LAP]
    if not laps:
        raise _MisheardError("it printed no times; firmware that is built for energy mode does not")
    if len(laps) != 2:
        raise _MisheardError(f"it printed {len(laps)} times instead of 2")
    elapsed = (laps[1] - laps[0]) % _CLOCK
    if elapsed > _CLOCK // 2:
        raise _MisheardError(f"its clock went backwards, from {laps[0]} to {laps[1]} us")
    return elapsed


def _results(reply: Sequence[Message]) -> tuple[float, ...]:
    """The reference firmware for visual wake words ends its list with a comma."""
    texts = [message.value for message in reply if message.kind is Kind.RESULTS]
    if len(texts) != 1:
        raise _MisheardError(f"it printed {len(texts)} results instead of 1")
    try:
        results = tuple(float(number) for number in texts[0].split(",") if number.strip())
    except ValueError:
        raise _MisheardError(f"its results {texts[0]!r} are no numbers") from None
    if not results or not all(math.isfinite(number) for number in results):
        raise _MisheardError(f"its results {texts[0]!r} are no finite numbers")
    return results
