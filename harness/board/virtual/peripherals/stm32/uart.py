"""What all UARTs of STM32 have in common, whatever their registers' order: flags, interrupts, DMA, time."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from harness.board.virtual.clock_tree import CORE
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.scheduler import NEVER
from harness.board.virtual.serial_line import ReceiveQueue, Transmitter, WaitLoop

ORE, IDLE, RXNE, TC, TXE = 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
"""Flags of SR and ISR; bits 4 to 7 of CR1 enable their interrupts."""
RE, TE = 1 << 2, 1 << 3
EIE, DMAR, DMAT = 1 << 0, 1 << 6, 1 << 7
_FLAG_INTERRUPTS = IDLE | RXNE | TC | TXE
_HALF_STOP_BITS = (2, 1, 4, 3)
"""Stop bits by CR2.STOP, in halves: 1, 0.5, 2, 1.5."""


class Uart(RegisterBlock):
    """A UART on the console's wire; subclasses know where its registers are.

    Polling costs the host little: the second look at a status register that has not changed lets time pass up to the
    next thing that can change it.
    """

    control1: int
    control2: int
    control3: int
    enable: int
    """UE in CR1."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Connect a UART to its interrupt, its DMA requests (options `dma_rx`, `dma_tx`) and the wire."""
        super().__init__(entry.name, entry.origin, entry.size)
        self.scheduler: Final = connections.scheduler
        self._clocks: Final = connections.clocks
        self._clock: Final = entry.clock
        self._fallback_baud: Final = connections.spec.target.console_baud
        self._line: Final = connections.line
        is_console = entry.origin == connections.spec.target.defines.get("BOARD_CONSOLE_BASE")
        wire = connections.line.connect(self, default=is_console)
        self._wire: Final = wire
        self.transmitter: Final = Transmitter(connections.scheduler, entry.name, connections.line.send)
        self.received: Final = ReceiveQueue(connections.scheduler, wire, self.transmitter)
        self.sent_seen = True
        """TC was not cleared since the last frame ended."""
        self._waits = WaitLoop(connections.scheduler)
        self._interrupt: Final = connections.interrupts.line(entry.interrupts.get("", 0))
        self._request_rx: Final = connections.dma.line(*_keys(entry, "dma_rx"))
        self._request_tx: Final = connections.dma.line(*_keys(entry, "dma_tx"))
        self._alarm: Final = connections.scheduler.alarm(lambda _cycle: self.update())
        self._frame_cycles = 0
        self._core_hz = 0
        connections.clocks.listen(self._note_clock, self._follow_clock)

    # ---- what a subclass knows

    def divider(self) -> tuple[int, int]:
        """Periods of the kernel clock in a bit, as a fraction; 0 where the firmware has set none."""
        raise NotImplementedError

    def status(self) -> int:
        """The status register as it is now."""
        raise NotImplementedError

    def data_bits(self) -> int:
        """Of a frame, with parity."""
        raise NotImplementedError

    def offer(self) -> None:
        """Let native code receive, if nothing else is going on."""
        raise NotImplementedError

    # ---- the wire's view (`Port`)

    def listens(self) -> bool:
        """The receiver is on."""
        wanted = self.enable | RE
        return self.stored(self.control1) & wanted == wanted

    def armed(self) -> bool:
        """Received bytes raise an interrupt or a DMA request."""
        by_interrupt = self.stored(self.control1) & RXNE or self.extra_receive_interrupts()
        return self.listens() and bool(by_interrupt or self.stored(self.control3) & DMAR)

    def extra_receive_interrupts(self) -> bool:
        """Interrupts of received bytes beside RXNE are enabled."""
        return False

    def baud(self) -> int:
        """The bit rate; with a divider of 0, that of the board's console."""
        numerator, denominator = self.divider()
        kernel = self._clocks.hz(self._clock)
        return kernel * denominator // numerator if kernel and numerator else self._fallback_baud

    def frame_cycles(self) -> int:
        """Core cycles of a frame of start, data and stop bits."""
        half_bits = 2 * (1 + self.data_bits()) + _HALF_STOP_BITS[self.stored(self.control2) >> 12 & 3]
        core, kernel = self._clocks.hz(CORE), self._clocks.hz(self._clock)
        numerator, denominator = self.divider()
        if not kernel or not numerator:
            kernel, numerator, denominator = self._fallback_baud, 1, 1
        return -(-half_bits * core * numerator // (2 * kernel * denominator))

    def line_changed(self) -> None:
        """Other bytes are under way."""
        self.update()

    # ---- what firmware does

    def poll(self) -> int:
        """The status register, read by firmware."""
        self.update()
        status = self.status()
        if self._waits.looks_again(status):
            self._wait()
            status = self.status()
            self._waits.looks_again(status)
        return status

    def transmit(self, byte: int) -> None:
        """A write to the data register."""
        self._waits.interrupted()
        self.catch_up()
        wanted = self.enable | TE
        if self.stored(self.control1) & wanted == wanted:
            self.sent_seen = True
            self.transmitter.write(byte & 0xFF, self._frame_cycles)
        self.update()

    def receive(self) -> int:
        """A read of the data register."""
        self._waits.interrupted()
        self.catch_up()
        byte = self.received.pop()
        self.update()
        return byte

    def configured(self) -> None:
        """A control register has changed."""
        self._waits.interrupted()
        self._frame_cycles = self.frame_cycles()
        self._line.switched(self)
        self.update()

    def reset(self) -> None:
        """Off, idle, flags as after reset."""
        super().reset()
        self.transmitter.reset()
        self.received.reset()
        self.sent_seen = True
        self.configured()

    # ---- time

    def catch_up(self) -> None:
        """Take in what has happened by now."""
        if self.listens():
            self.received.catch_up(self._frame_cycles)

    def update(self) -> None:
        """Take in what has happened, and drive interrupt, requests and the next alarm accordingly."""
        self.catch_up()
        control3 = self.stored(self.control3)
        self._request_rx.drive(bool(control3 & DMAR and len(self.received)))
        self._request_tx.drive(bool(control3 & DMAT and self._transmits() and self.transmitter.has_room()))
        self._interrupt.drive(self.interrupted())
        self._alarm.set(self._next_event())
        self.offer()

    def interrupted(self) -> bool:
        """The interrupt line is up."""
        enabled, status = self.stored(self.control1), self.status()
        if not enabled & self.enable:
            return False
        if enabled & status & _FLAG_INTERRUPTS or (enabled & RXNE and status & ORE):
            return True
        return bool(self.stored(self.control3) & EIE and status & ORE)

    def sending_matters(self) -> bool:
        """Interrupts or requests follow what is sent."""
        return bool(self.stored(self.control1) & (TC | TXE) or self.stored(self.control3) & DMAT)

    def all_sent(self) -> bool:
        """TC."""
        return self.sent_seen and self.transmitter.is_idle()

    def polled_reception(self) -> bool:
        """Nothing is under way that native code does not know: it may hand over received bytes by itself."""
        return self.listens() and not (self.armed() or len(self.received) or not self.transmitter.is_idle())

    def _transmits(self) -> bool:
        wanted = self.enable | TE
        return self.stored(self.control1) & wanted == wanted

    def _next_event(self) -> int:
        """The cycle at which an interrupt or request can next follow."""
        event = self.transmitter.next_change() if self.sending_matters() else NEVER
        if self.armed():
            event = min(event, self._wire.arrival())
        if self.stored(self.control1) & IDLE:
            event = min(event, self.received.next_silence())
        return event

    def _wait(self) -> None:
        """The firmware keeps looking: let time pass up to the next thing that it can see."""
        change = self.transmitter.next_change()
        if not len(self.received):
            # Who does not fetch a byte that is there does not wait for the next one.
            change = min(change, self.received.next_silence())
        if self.listens() and not len(self.received):
            change = min(change, self._wire.arrival())
        if change != NEVER:
            self.scheduler.skip_to(change)
            self.update()
        elif self.listens() and not len(self.received):
            self._line.empty_look()

    def _note_clock(self) -> None:
        self.catch_up()
        self._core_hz = self._clocks.hz(CORE)

    def _follow_clock(self) -> None:
        if self._core_hz != self._clocks.hz(CORE):
            self.transmitter.stretch(self._clocks.hz(CORE), self._core_hz)
        self._frame_cycles = self.frame_cycles()
        self._line.switched(self)
        self.update()


def _keys(entry: PeripheralEntry, option: str) -> list[Hashable]:
    """What DMA knows a request by: one number of a multiplexer, or a list of [controller, stream, selection]."""
    keys = entry.options.get(option, [])
    return [tuple(key) for key in keys] if isinstance(keys, list) else [keys]
