"""Requests and their replies over a line that may lose, garble or repeat either."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from random import randrange

from harness.bench.protocol import Frame, FrameDecoder, encode, encoded_size
from harness.bench.protocol_constants import REPLY, REPLY_BIT, Notice, ReplyFields, Request, Status
from harness.bench.protocol_fault import describe_fault
from harness.board.interfaces import Console
from harness.errors import ConsoleError, FirmwareError, FirmwareFaultError, FirmwareHangError

_MOST_ATTEMPTS = 50
_SILENCE = 0.03


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds.

    Attributes:
        total: until the firmware counts as hung.
        resend: until the request is sent once more, should nothing at all have come; a garbled line is known at once.
    """

    total: float
    resend: float


class Link:
    """Asks, and asks again until there is an answer. Safe, as the firmware carries out no request twice."""

    def __init__(self, console: Console, elf: Path) -> None:
        self._console = console
        self._elf = elf
        self._decoder = FrameDecoder()
        self._sequence = 0

    def open_session(self, request: Request, reply_bytes: int, patience: Patience) -> bytes:
        """Ask the first question; a late reply to a session that was killed is not mistaken for one to it.

        What comes behind its reply is an answer to us. So the questions after it are numbered alike in every session:
        how the firmware unpacks a frame depends on each byte of it, and what an inference then finds in the caches on
        that.

        Raises:
            as `ask` does.
        """
        self._console.discard_input()
        self._decoder = FrameDecoder()
        self._sequence = randrange(1 << 16)
        reply = self.ask(request, b"", reply_bytes, patience)
        self._sequence = 0
        return reply

    def ask(self, request: Request, payload: bytes, reply_bytes: int, patience: Patience) -> bytes:
        """Send a request and wait for the data of its reply, `reply_bytes` long.

        Raises:
            FirmwareHangError: no answer in time.
            FirmwareFaultError: the firmware reported a fault.
            FirmwareError: it refused the request, or the model failed.
            ConsoleError: the port is gone, or what arrives is not the protocol.
        """
        self._sequence = (self._sequence + 1) % (1 << 16)
        question = Frame(request, self._sequence, payload)
        deadline = time.monotonic() + patience.total
        damaged_before = self._decoder.damaged
        for _attempt in range(_MOST_ATTEMPTS):
            self._console.write(encode(question))
            reply = self._await_reply(question, reply_bytes, min(deadline, time.monotonic() + patience.resend))
            if reply is not None:
                return _data_of(reply, request, reply_bytes)
            if time.monotonic() >= deadline:
                break
        garbled = self._decoder.damaged - damaged_before + (self._decoder.pending > 0)
        if garbled:
            raise ConsoleError(
                f"no whole reply to {request.name} within {patience.total:g} s, but {garbled} garbled ones: "
                "check the baud rate and the cable"
            )
        raise FirmwareHangError(f"the firmware did not answer {request.name} within {patience.total:g} s")

    def _await_reply(self, question: Frame, reply_bytes: int, deadline: float) -> Frame | None:
        """The reply, or None when it is time to ask again."""
        damaged_before = self._decoder.damaged
        while (left := deadline - time.monotonic()) > 0:
            # What is shorter than a reply, damaged or a notice of damage, is seen when this much silence follows it.
            data = self._console.read(self._sure_to_come(reply_bytes), min(left, _SILENCE))
            for frame in self._decoder.feed(data):
                if frame.kind == Notice.FAULT:
                    raise FirmwareFaultError(f"the firmware took a fault: {describe_fault(frame.payload, self._elf)}")
                if frame.kind == question.kind | REPLY_BIT and frame.sequence == question.sequence:
                    return frame
                if frame.kind == Notice.DAMAGED:
                    return None
                # Any other is the answer to a question asked before and answered twice.
            if self._decoder.damaged != damaged_before:
                return None
        return None

    def _sure_to_come(self, reply_bytes: int) -> int:
        """How many bytes the reply has left at least: a console may wait for all that it is asked for."""
        pending, refusal = self._decoder.pending, encoded_size(REPLY.size)
        # The delimiter in front may have come already: with the end of what was before.
        return max(1, (refusal if pending <= refusal - 2 else encoded_size(REPLY.size + reply_bytes)) - 1 - pending)


def _data_of(reply: Frame, request: Request, reply_bytes: int) -> bytes:
    if len(reply.payload) < REPLY.size:
        raise ConsoleError(f"the reply to {request.name} has {len(reply.payload)} bytes: another firmware?")
    status, detail = ReplyFields(*REPLY.unpack_from(reply.payload))
    if status == Status.MODEL_FAILED:
        raise FirmwareError(f"the model's code failed with its error {detail}")
    if status != Status.OK:
        name = Status(status).name if status in set(Status) else f"status {status}"
        raise FirmwareError(f"the firmware refused {request.name}: {name.lower().replace('_', ' ')}")
    data = reply.payload[REPLY.size :]
    if len(data) != reply_bytes:
        raise ConsoleError(f"the reply to {request.name} has {len(data)} bytes, not {reply_bytes}: another firmware?")
    return data
