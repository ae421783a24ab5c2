"""Commands and replies over a line without checksums, on which bytes may be lost."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from harness.bench.mlperf.lines import Kind, LineDecoder, Message, messages_in
from harness.bench.mlperf.overheard import Overheard
from harness.bench.protocol_constants import FAULT, FaultFields
from harness.bench.protocol_fault import describe_fault
from harness.board.interfaces import Console
from harness.errors import FirmwareFaultError, FirmwareHangError

Log = Callable[[str], None]
"""Takes one line of the conversation."""

TERMINATOR = "%"
_READ_BYTES = 1 << 12
_QUIET_S = 0.1
_PROVOKED_S = 1.0
_MOST_UNREST_S = 5.0
_FAULT = re.compile(r"fault: (?:[a-z]+ [0-9a-f]{8} ?)+")


class Conversation:
    """Says a command and hears the reply, up to the firmware's word that it is ready for the next."""

    def __init__(self, console: Console, elf: Path | None = None, log: Log | None = None) -> None:
        """`elf` is the image that runs, in which a fault is located; `log` is told all that is said."""
        self._console = console
        self._elf = elf
        self._log = log or _no_log
        self._decoder = LineDecoder()
        self._heard: deque[Message] = deque()
        self.overheard = Overheard()

    def say(self, command: str) -> None:
        """Send a command."""
        self._log(f"> {command}{TERMINATOR}")
        self._console.write((command + TERMINATOR).encode("ascii"))

    def hear(self, seconds: float) -> list[Message] | None:
        """The messages up to the next `READY`, which is left out; None if it does not come in time.

        Raises:
            FirmwareFaultError: the firmware reports a fault.
            ConsoleError: the port is gone.
        """
        reply: list[Message] = []
        deadline = time.monotonic() + seconds
        while True:
            while self._heard:
                message = self._heard.popleft()
                if message.kind is Kind.READY:
                    return reply
                reply.append(message)
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._listen(left)

    def ask(self, command: str, seconds: float) -> list[Message]:
        """Send a command and wait for all of its reply.

        Raises:
            FirmwareHangError: the reply did not end in time.
            FirmwareFaultError, ConsoleError: as `hear`.
        """
        self.say(command)
        reply = self.hear(seconds)
        if reply is None:
            raise FirmwareHangError(f"the firmware did not answer {_shortened(command)!r} within {seconds:g} s")
        return reply

    def provoke(self) -> None:
        """Send what the bench protocol answers as damaged and this one does not know, and listen."""
        self._console.write(b"\5\0")
        self._listen(_PROVOKED_S)

    def settle(self) -> None:
        """Forget all that comes until the line is quiet: a late reply is no answer to what is asked next."""
        deadline = time.monotonic() + _MOST_UNREST_S
        while self._listen(_QUIET_S) and time.monotonic() < deadline:
            pass
        self._decoder = LineDecoder()
        self._heard.clear()

    def _listen(self, seconds: float) -> bool:
        """Take in what comes next; false when nothing does."""
        data = self._console.read(1, seconds)
        if not data:
            return False
        data += self._console.read(_READ_BYTES, 0)
        self.overheard.feed(data)
        for line in self._decoder.feed(data):
            self._log(line)
            for message in messages_in(line):
                self._check_fault(message)
                self._heard.append(message)
        return True

    def _check_fault(self, message: Message) -> None:
        """Ours tells its registers; see `firmware/EEMBC.md`."""
        if message.kind is not Kind.ERROR or not _FAULT.fullmatch(message.value):
            return
        words = message.value.split()[1:]
        registers = {name: int(value, 16) for name, value in zip(words[::2], words[1::2], strict=True)}
        what = message.value
        if self._elf is not None and registers.keys() == set(FaultFields._fields):
            what = describe_fault(FAULT.pack(*FaultFields(**registers)), self._elf)
        raise FirmwareFaultError(f"the firmware took a fault: {what}")


def _shortened(command: str) -> str:
    return command if len(command) <= 20 else f"{command[:20]}..."


def _no_log(line: str) -> None:  # noqa: ARG001
    return
