"""Frames of the console protocol: to bytes, and back from a line on which anything may arrive.

The format is in `firmware/PROTOCOL.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from harness.bench.protocol_constants import HEADER, MAX_DATA, REPLY

_CRC_BYTES = 4
_FULL_BLOCK = 0xFF
_MAX_FRAME = HEADER.size + REPLY.size + MAX_DATA + _CRC_BYTES
_MAX_STUFFED = _MAX_FRAME + _MAX_FRAME // (_FULL_BLOCK - 1) + 1


@dataclass(frozen=True)
class Frame:
    """One message.

    Attributes:
        kind: a `Request`, a request with `REPLY_BIT`, or a `Notice`.
        sequence: chosen by the host; a reply carries that of its request.
    """

    kind: int
    sequence: int
    payload: bytes = b""


def encode(frame: Frame) -> bytes:
    """The frame as it goes over the line, between delimiters.

    There are two at its end: should the line lose one, the other side still knows at once that the frame has ended.
    """
    content = HEADER.pack(frame.kind, frame.sequence) + frame.payload
    return b"\0" + _stuff(content + crc32(content).to_bytes(_CRC_BYTES, "little")) + b"\0\0"


def encoded_size(payload_size: int) -> int:
    """The least bytes that a frame with so large a payload takes on the line."""
    return HEADER.size + payload_size + _CRC_BYTES + 3


def _stuff(data: bytes) -> bytes:
    """Consistent-overhead byte stuffing (Cheshire and Baker, 1999): the same data without a zero byte."""
    stuffed = bytearray()
    # The zero that is appended is the one the last block implies.
    for run in (data + b"\0").split(b"\0")[:-1]:
        while len(run) >= _FULL_BLOCK - 1:
            stuffed += bytes([_FULL_BLOCK]) + run[: _FULL_BLOCK - 1]
            run = run[_FULL_BLOCK - 1 :]
        stuffed += bytes([len(run) + 1]) + run
    return bytes(stuffed)


def _unstuff(stuffed: bytes) -> bytes | None:
    """The data again; None where no data would be stuffed so."""
    data = bytearray()
    position = 0
    while position < len(stuffed):
        code = stuffed[position]
        block = stuffed[position + 1 : position + code]
        if len(block) != code - 1:
            return None
        data += block
        position += code
        if code != _FULL_BLOCK and position < len(stuffed):
            data.append(0)
    return bytes(data)


class FrameDecoder:
    """Finds the whole frames with a right checksum in a stream of bytes; holds no more than one frame's worth.

    Attributes:
        damaged: how many stretches between delimiters were no such frame.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self._stretch = bytearray()

    @property
    def pending(self) -> int:
        """How many bytes have come since the last delimiter."""
        return len(self._stretch)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete."""
        *ended, begun = data.split(b"\0")
        frames = []
        for part in ended:
            self._append(part)
            frame = _decode(bytes(self._stretch))
            if frame is not None:
                frames.append(frame)
            elif self._stretch:
                self.damaged += 1
            self._stretch.clear()
        self._append(begun)
        return frames

    def _append(self, part: bytes) -> None:
        """One byte more than any frame has is enough to know that this is none."""
        self._stretch += part[: _MAX_STUFFED + 1 - len(self._stretch)]


def _decode(stuffed: bytes) -> Frame | None:
    content = _unstuff(stuffed) if len(stuffed) <= _MAX_STUFFED else None
    if content is None or len(content) < HEADER.size + _CRC_BYTES:
        return None
    content, sent_crc = content[:-_CRC_BYTES], int.from_bytes(content[-_CRC_BYTES:], "little")
    if sent_crc != crc32(content):
        return None
    kind, sequence = HEADER.unpack_from(content)
    return Frame(kind, sequence, content[HEADER.size :])
