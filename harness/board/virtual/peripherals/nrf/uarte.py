"""UARTE (PS 7.38): a UART that moves its bytes to and from memory by itself."""

from __future__ import annotations

from typing import ClassVar, Final

from harness.board.virtual.clock_tree import CORE
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.nrf.events import EventBlock
from harness.board.virtual.scheduler import NEVER
from harness.board.virtual.serial_line import Transmitter

_RXDRDY, _ENDRX, _TXDRDY, _ENDTX = 0x108, 0x110, 0x11C, 0x120
_RXTO, _RXSTARTED, _TXSTARTED, _TXSTOPPED = 0x144, 0x14C, 0x150, 0x158
_ENABLE, _BAUDRATE, _CONFIG = 0x500, 0x524, 0x56C
_RX_POINTER, _RX_MAXIMUM, _RX_AMOUNT = 0x534, 0x538, 0x53C
_TX_POINTER, _TX_MAXIMUM, _TX_AMOUNT = 0x544, 0x548, 0x54C
_ENABLED, _PARITY, _TWO_STOP_BITS = 8, 0x0E, 1 << 4
_ENDRX_STARTRX, _ENDRX_STOPRX = 5, 6
_BAUD_RATE_BASE_HZ: Final = 16_000_000
_LONGEST: Final = 0xFFFF


class Uarte(EventBlock):
    """One port. A byte that comes while no reception is started waits on the wire."""

    tasks: ClassVar = {
        0x000: "start_reception",
        0x004: "stop_reception",
        0x008: "start_transmission",
        0x00C: "stop_transmission",
        0x02C: "flush",
    }

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Connect it to the console's wire."""
        super().__init__(connections, entry)
        self._engine: Final = connections.engine
        self._bus: Final = connections.bus
        self._clocks: Final = connections.clocks
        self._line: Final = connections.line
        self._fallback_baud: Final = connections.spec.target.console_baud
        is_console = entry.origin == connections.spec.target.defines.get("BOARD_CONSOLE_BASE")
        self._wire: Final = connections.line.connect(self, default=is_console)
        self._transmitter: Final = Transmitter(connections.scheduler, entry.name, connections.line.send)
        self._transmitter.capacity = _LONGEST
        self._alarm: Final = connections.scheduler.alarm(lambda _cycle: self._advance())
        self._receiving = self._sending = False
        self._target = self._room = self._taken = 0
        self._old_hz = 0
        connections.clocks.listen(self._note_clock, self._follow_clock)

    # ---- the wire's view (`Port`)

    def listens(self) -> bool:
        """A reception is under way."""
        return self._receiving and self._taken < self._room

    def armed(self) -> bool:
        """Bytes go to memory by themselves."""
        return self.listens()

    def baud(self) -> int:
        """BAUDRATE is the rate as a fraction of 16 MHz, in units of 2**-32."""
        return self.stored(_BAUDRATE) * _BAUD_RATE_BASE_HZ >> 32 or self._fallback_baud

    def frame_cycles(self) -> int:
        """Core cycles of a frame of start, data, parity and stop bits."""
        config = self.stored(_CONFIG)
        bits = 10 + (1 if config & _PARITY else 0) + (1 if config & _TWO_STOP_BITS else 0)
        return -(-bits * self._clocks.hz(CORE) // self.baud())

    def line_changed(self) -> None:
        """Other bytes are under way."""
        self._set_alarm()

    # ---- tasks

    def start_reception(self) -> None:
        """Latch the buffer, and take bytes into it."""
        if self.stored(_ENABLE) != _ENABLED:
            return
        self._target, self._room = self.stored(_RX_POINTER), self.stored(_RX_MAXIMUM) & _LONGEST
        self._taken, self._receiving = 0, True
        self.raise_event(_RXSTARTED)
        self._line.switched(self)
        self._advance()

    def stop_reception(self) -> None:
        """End the reception."""
        if self._receiving:
            self._end_reception()
            self._receiving = False
            self._line.switched(self)
        self.raise_event(_RXTO)

    def start_transmission(self) -> None:
        """Send the buffer."""
        if self.stored(_ENABLE) != _ENABLED:
            return
        size = self.stored(_TX_MAXIMUM) & _LONGEST
        pointer = self.stored(_TX_POINTER)
        memory = self._engine.memory_at(pointer, size)
        data = self._engine.read(pointer, size) if memory is not None and memory.writable else b""
        cycles = self.frame_cycles()
        for byte in data:
            self._transmitter.write(byte, cycles)
        self._values[_TX_AMOUNT] = len(data)
        self._sending = True
        self.raise_event(_TXSTARTED)
        self._set_alarm()

    def stop_transmission(self) -> None:
        """Stop sending."""
        self._transmitter.flush()
        self.raise_event(_TXSTOPPED)
        self._set_alarm()

    def flush(self) -> None:
        """There is no FIFO to flush: its bytes are still on the wire."""
        self._values[_RX_AMOUNT] = 0
        self.raise_event(_ENDRX)

    # ---- storage and time

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._values[_BAUDRATE] = 0x0400_0000
        self._receiving = self._sending = False
        self._transmitter.reset()
        self._set_alarm()

    def write(self, offset: int, value: int) -> None:
        """Storage; a disabled port forgets what it was doing."""
        super().write(offset, value)
        if offset == _ENABLE and value != _ENABLED:
            self._receiving = self._sending = False
            self._transmitter.reset()
        if offset in (_ENABLE, _BAUDRATE, _CONFIG):
            self._line.switched(self)
            self._set_alarm()

    def wait(self) -> None:
        """Let time pass up to the next byte, or tell the wire that the firmware waits for one."""
        if self._alarm.cycle != NEVER:
            self.scheduler.skip_to(self._alarm.cycle)
        elif self.listens():
            self._line.empty_look()
        else:
            super().wait()

    def _advance(self) -> None:
        """Take in what has happened by now."""
        while self.listens() and self._wire.arrival() <= self.scheduler.now:
            self._store(self._wire.take())
        if self._sending and self._transmitter.is_idle():
            self._sending = False
            self.raise_event(_TXDRDY)
            self.raise_event(_ENDTX)
        self._set_alarm()

    def _store(self, byte: int) -> None:
        address = self._target + self._taken
        memory = self._engine.memory_at(address)
        if memory is not None and memory.writable:
            self._bus.store(address, 1, byte)
        self._taken += 1
        self.raise_event(_RXDRDY)
        if self._taken == self._room:
            self._end_reception()
            if self.has_short(_ENDRX_STARTRX):
                self.start_reception()
            elif self.has_short(_ENDRX_STOPRX):
                self.stop_reception()

    def _end_reception(self) -> None:
        self._values[_RX_AMOUNT] = self._taken
        self.raise_event(_ENDRX)

    def _set_alarm(self) -> None:
        arrival = self._wire.arrival() if self.listens() else NEVER
        self._alarm.set(min(arrival, self._transmitter.busy_until if self._sending else NEVER))

    def _note_clock(self) -> None:
        self._advance()
        self._old_hz = self._clocks.hz(CORE)

    def _follow_clock(self) -> None:
        if self._old_hz and self._old_hz != self._clocks.hz(CORE):
            self._transmitter.stretch(self._clocks.hz(CORE), self._old_hz)
        self._line.switched(self)
        self._set_alarm()


def build(connections: Connections, entry: PeripheralEntry) -> Uarte:
    """Make a port."""
    return Uarte(connections, entry)
