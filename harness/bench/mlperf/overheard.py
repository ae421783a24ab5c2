"""What firmware said that is not of EEMBC's protocol: enough of it to tell a user what he has in front of him."""

from __future__ import annotations

from harness.bench.protocol import FrameDecoder

_KEPT_BYTES = 60


class Overheard:
    """All bytes that came, of which the first are kept."""

    def __init__(self) -> None:
        self._bytes = 0
        self._first = b""
        self._frames = FrameDecoder()
        self._is_bench_firmware = False

    def feed(self, data: bytes) -> None:
        """Take note of bytes that came."""
        self._bytes += len(data)
        self._first += data[: _KEPT_BYTES - len(self._first)]
        self._is_bench_firmware |= bool(self._frames.feed(data))

    @property
    def anything(self) -> bool:
        """Something came at all."""
        return self._bytes > 0

    def describe(self) -> str:
        """What it probably is, and the way out."""
        if self._is_bench_firmware:
            return "the firmware speaks the harness's own protocol; build it with `harness mlperf build`"
        shown = self._first.decode("ascii", errors="backslashreplace").replace("\r", "").replace("\n", " | ")
        what = f"{self._bytes} bytes came that are not of EEMBC's protocol, beginning {shown!r}"
        readable = sum(32 <= byte < 127 or byte in b"\r\n\t" for byte in self._first)
        if readable < 0.9 * len(self._first):
            return f"{what}: most are no text; check the baud rate (--baud), and the image"
        return f"{what}: another firmware? It has to speak the protocol of MLPerf Tiny's runner"
