"""The console of a machine in this process: for tools that look into the machine while its firmware works."""

from __future__ import annotations

from harness.board.virtual.machine import Machine, Pause

_SLICE_CYCLES = 2_000_000
_IDLE_SLICES = 3


class MachineConsole:
    """A `Console` that runs the machine while it waits; time in which nothing runs does not pass."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._received = bytearray()

    def write(self, data: bytes) -> None:
        """Send all bytes."""
        self._machine.line.feed(data)

    def read(self, size: int, timeout: float) -> bytes:
        """At most `size` bytes; runs for at most `timeout` seconds of virtual time, or until nothing runs."""
        end = self._machine.cycles + int(timeout * self._machine.clock_hz)
        self._machine.allow_idle(timeout)
        idle = 0
        while len(self._received) < size and idle < _IDLE_SLICES and self._machine.cycles < end:
            pause = self._machine.run(_SLICE_CYCLES)
            self._received += self._machine.line.sent()
            idle = 0 if pause is Pause.SLICE_DONE else idle + 1
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def discard_input(self) -> None:
        """Throw away what has arrived and was not read."""
        self._machine.line.sent()
        self._received.clear()

    def close(self) -> None:
        """Nothing to do."""
