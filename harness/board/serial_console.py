"""The console of a board: a serial port, or a virtual board's pseudo-terminal, through pyserial."""

from __future__ import annotations

from typing import Final

from harness.errors import ConsoleError

_WRITE_TIMEOUT_S = 10.0


class SerialConsole:
    """A `Console` on a port that pyserial opens."""

    def __init__(self, port: str, baud: int) -> None:
        """Open the port, 8N1, no flow control, for this process alone.

        Raises:
            ConsoleError: there is no such port, it is in use, or may not be opened.
        """
        import serial

        self._port_name: Final = port
        try:
            # Pseudo-terminals have no modem lines: pyserial must not be asked to set DTR or RTS.
            self._port = serial.Serial(port, baud, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise ConsoleError(f"console {port}: {error}") from error

    def write(self, data: bytes) -> None:
        """Send all bytes."""
        import serial

        try:
            self._port.write(data)
        except (serial.SerialException, OSError, TypeError) as error:
            raise ConsoleError(f"console {self._port_name} is gone: {error}") from error

    def read(self, size: int, timeout: float) -> bytes:
        """At most `size` bytes; fewer, or none, when `timeout` seconds pass first."""
        import serial

        try:
            self._port.timeout = timeout
            return bytes(self._port.read(size))
        except (serial.SerialException, OSError, TypeError) as error:
            raise ConsoleError(f"console {self._port_name} is gone: {error}") from error

    def discard_input(self) -> None:
        """Throw away what has arrived and was not read."""
        while self.read(4096, 0):
            pass

    def close(self) -> None:
        """Close the port."""
        self._port.close()
