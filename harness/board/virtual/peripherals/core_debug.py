"""The core's debug registers: halt, step, register access, reset catch (Armv7-M ARM C1.6)."""

from __future__ import annotations

from harness.board.virtual.engine import Engine
from harness.board.virtual.exception_state import DEBUG_MONITOR
from harness.board.virtual.exceptions import ExceptionModel
from harness.board.virtual.peripherals.register_block import RegisterBlock

_DHCSR, _DCRSR, _DCRDR, _DEMCR = 0x0, 0x4, 0x8, 0xC
_KEY = 0xA05F
_C_DEBUGEN, _C_HALT, _C_STEP = 1 << 0, 1 << 1, 1 << 2
_S_REGRDY, _S_HALT, _S_LOCKUP, _S_RESET_ST = 1 << 16, 1 << 17, 1 << 19, 1 << 25
_VC_CORERESET, _MON_EN, _TRCENA = 1 << 0, 1 << 16, 1 << 24
_HALTED, _BREAKPOINT, _VECTOR_CATCH = 1 << 0, 1 << 1, 1 << 3
_PC, _SPECIAL, _FPSCR, _SINGLES = 15, 20, 33, 64


class CoreDebug(RegisterBlock):
    """DHCSR and its neighbours.

    Attributes:
        halted: the core stands still for the debugger.
        step_requested: one instruction is to be run, and the core to halt again.
        pc: of the next instruction, while the core is not running.
        reasons: DFSR, why it halted.
    """

    def __init__(self, engine: Engine, exceptions: ExceptionModel) -> None:
        """Make the registers of a core; they survive its reset."""
        super().__init__("debug", 0xE000_EDF0, 0x10)
        self._engine = engine
        self._exceptions = exceptions
        self.halted = False
        self.step_requested = False
        self.pc = 0
        self.reasons = 0
        self._was_reset = True
        self._control = 0

    def reset(self) -> None:
        """Nothing: a system reset leaves the debug registers alone."""

    @property
    def debugger_attached(self) -> bool:
        """C_DEBUGEN."""
        return bool(self._control & _C_DEBUGEN)

    def trace_enabled(self) -> bool:
        """DEMCR.TRCENA."""
        return bool(self.stored(_DEMCR) & _TRCENA)

    def core_was_reset(self, pc: int) -> None:
        """Note a reset of the core, and halt it at its first instruction if the debugger wants to catch it."""
        self.pc = pc
        self._was_reset = True
        self.halted = self.debugger_attached and bool(self.stored(_DEMCR) & _VC_CORERESET)
        if self.halted:
            self.reasons |= _VECTOR_CATCH

    def hit_breakpoint(self, pc: int) -> None:
        """Halt in front of an instruction."""
        self.pc, self.halted = pc, True
        self.reasons |= _BREAKPOINT

    def stepped(self, pc: int) -> None:
        """Halt after a step."""
        self.pc, self.halted, self.step_requested = pc, True, False
        self.reasons |= _HALTED

    def read(self, offset: int) -> int:
        """A register; DHCSR shows the state of the core, and forgets the reset that it showed."""
        if offset != _DHCSR:
            return super().read(offset)
        state = _S_REGRDY | (_S_HALT | _C_HALT if self.halted else 0) | (_S_RESET_ST if self._was_reset else 0)
        self._was_reset = False
        locked_up = _S_LOCKUP if self._exceptions.locked_up and not self.halted else 0
        return state | locked_up | self._control

    def write(self, offset: int, value: int) -> None:
        """Halt, resume, step, or move a core register."""
        if offset == _DHCSR:
            if value >> 16 == _KEY:
                self._command(value & 0xF)
        elif offset == _DEMCR:
            super().write(offset, value)
            if value & _MON_EN:
                self._exceptions.enabled.add(DEBUG_MONITOR)
            else:
                self._exceptions.enabled.discard(DEBUG_MONITOR)
        elif offset == _DCRSR:
            self._transfer(value & 0x7F, to_core=bool(value >> 16 & 1))
        else:
            super().write(offset, value)

    def _command(self, control: int) -> None:
        self._control = control
        halt = bool(control & _C_DEBUGEN and control & _C_HALT)
        if halt and not self.halted:
            self.halted = True
            self.reasons |= _HALTED
        elif not halt and self.halted:
            self.halted = False
            self.step_requested = bool(control & _C_STEP)
            self._engine.pass_breakpoint(self.pc)
            # A debugger that moved the PC out of a lockup has revived the core.
            self._exceptions.locked_up = self._exceptions.locked_up and self.pc >= 0xFFFF_FF00

    def _transfer(self, selector: int, *, to_core: bool) -> None:
        if selector == _PC:
            if to_core:
                self.pc = self.stored(_DCRDR) & ~1
            else:
                super().write(_DCRDR, self.pc)
        elif selector == _SPECIAL:
            self._transfer_special(to_core=to_core)
        elif (register := _register(selector)) is not None:
            if to_core:
                self._engine.uc.reg_write(register, self.stored(_DCRDR))
                self._engine.state.refresh()
            else:
                super().write(_DCRDR, self._engine.uc.reg_read(register))

    def _transfer_special(self, *, to_core: bool) -> None:
        """PRIMASK, BASEPRI, FAULTMASK and CONTROL, one a byte."""
        state = self._engine.state
        masks = (state.system.primask, state.system.basepri, state.system.faultmask)
        if to_core:
            value = self.stored(_DCRDR)
            for index, mask in enumerate(masks):
                mask[0] = value >> 8 * index & 0xFF
            state.set_control(value >> 24 & 0xFF)
            state.refresh()
        else:
            value = sum(mask[0] << 8 * index for index, mask in enumerate(masks))
            super().write(_DCRDR, value | state.control << 24)


def _register(selector: int) -> int | None:
    """Unicorn's number for a register that DCRSR selects."""
    from unicorn import arm_const as arm

    if selector < 13:
        return int(arm.UC_ARM_REG_R0) + selector
    if _SINGLES <= selector < _SINGLES + 32:
        return int(arm.UC_ARM_REG_S0) + selector - _SINGLES
    named = {
        13: arm.UC_ARM_REG_SP,
        14: arm.UC_ARM_REG_LR,
        16: arm.UC_ARM_REG_XPSR,
        17: arm.UC_ARM_REG_MSP,
        18: arm.UC_ARM_REG_PSP,
        _FPSCR: arm.UC_ARM_REG_FPSCR,
    }
    return named.get(selector)
