"""The system registers of the emulated core, where Unicorn keeps them but has no interface for them.

Unicorn 2.1.4 translates Arm code with QEMU 5.0, whose M-profile model has banked stack pointers, a memory protection
unit, lazy floating point state, stack limits and alignment checks; only the interrupt controller that drives them is
missing. They are reached here in QEMU's `CPUARMState` (target/arm/cpu.h), at offsets that are the same on every 64-bit
machine and that are checked against Unicorn's interface before they are used.

Pitfalls found in Unicorn 2.1.4:
- Its Cortex-M33 starts in Secure state with the Security Extension; taking that feature away gives the core of a part
  whose TrustZone is disabled, with QEMU's first ("non-secure") bank of every register in use.
- Writes through the interface go by the core's privilege, and are lost in unprivileged code.
- What depends on mode and privilege is cached (`hflags`), and interface writes of XPSR and CONTROL leave that stale: an
  exception return was then taken for a fetch from nowhere, and unprivileged code kept its privileges.
- CPACR is ignored: the floating point unit is there or not by MVFR0, at the time code is translated.
- Interface reads of XPSR give the GE flags, writes by `UC_ARM_REG_XPSR` leave them alone: see `set_program_status`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Final

from harness.board.virtual.cpu_state import registers_address
from harness.deploy.target import Core
from harness.errors import InfrastructureError

_U32, _U64 = ctypes.c_uint32, ctypes.c_uint64
_BANKS = 2
_FLAGS, _IT_STATE, _SYSTEM, _ABORT, _FLOATS = 520, 548, 2840, 3024, 3088
_EXCLUSIVE, _FEATURES, _MPU_V7, _MPU_V8, _MVFR0 = 3776, 4000, 4008, 4040, 4568
_M_PROFILE, _SECURITY_EXTENSION, _UNALIGNED_ACCESS = 1 << 9, 1 << 37, 1 << 38
_SECURE_FLOAT_STATE, _KEEPS_FLOAT_STATE = 1 << 2, 1 << 31
_FULL_ACCESS, _ALL_COPROCESSORS = 0xF0_0000, 0xCFF
_DOUBLE_PRECISION = 0xF00
_UNPRIVILEGED, _PROCESS_STACK, _FLOAT_CONTEXT = 1 << 0, 1 << 1, 1 << 2
_THUMB = 1 << 24


class SystemRegisters(ctypes.Structure):
    """`CPUARMState.v7m`; arrays are banked by security state, and the first bank is ours."""

    _fields_ = (
        *((name, _U32) for name in ("other_stack_pointer", "secure_msp", "secure_psp")),
        *((name, _U32 * _BANKS) for name in ("vtor", "basepri", "control", "ccr", "cfsr")),
        *((name, _U32) for name in ("hfsr", "dfsr", "sfsr")),
        ("mmfar", _U32 * _BANKS),
        *((name, _U32) for name in ("bfar", "sfar")),
        ("mpu_ctrl", _U32 * _BANKS),
        ("exception", ctypes.c_int32),
        *((name, _U32 * _BANKS) for name in ("primask", "faultmask")),
        *((name, _U32) for name in ("aircr", "secure")),
        *((name, _U32 * _BANKS) for name in ("csselr", "scr", "msplim", "psplim", "fpcar", "fpccr", "fpdscr", "cpacr")),
        ("nsacr", _U32),
    )


class AbortedAccess(ctypes.Structure):
    """`CPUARMState.exception`: of the access that was refused last."""

    _fields_ = (("syndrome", _U32), ("status", _U32), ("address", _U64))


class ConditionFlags(ctypes.Structure):
    """`CPUARMState.CF` and its neighbours: C is 0 or 1, V and N are bit 31, Z is set while `zero` is 0."""

    _fields_ = (("carry", _U32), ("overflow", _U32), ("negative", _U32), ("zero", _U32))


class CoreState:
    """One engine's core.

    Attributes:
        registers: R0 to R15.
        floats: S0 to S31 as bits.
        system: MSP and PSP, masks, CONTROL, limits, floating point context.
        on_protection: told whether a memory protection unit decides about accesses from now on.
        abort: the access that the memory protection or an alignment check has refused.
    """

    def __init__(self, uc: Any, core: Core) -> None:
        """Find the state of an engine, and make its core one without security states.

        Raises:
            InfrastructureError: this build of Unicorn keeps its state in some other way.
        """
        self._uc: Final = uc
        self.on_protection: Callable[[bool], None] = lambda _enabled: None
        base = registers_address(uc)
        self.address: Final = base
        self.registers: Final = (_U32 * 16).from_address(base)
        self.floats: Final = (_U32 * 32).from_address(base + _FLOATS)
        self.system: Final = SystemRegisters.from_address(base + _SYSTEM)
        self.abort: Final = AbortedAccess.from_address(base + _ABORT)
        self.flags: Final = ConditionFlags.from_address(base + _FLAGS)
        self._exclusive_address: Final = _U64.from_address(base + _EXCLUSIVE)
        self._it_state: Final = _U32.from_address(base + _IT_STATE)
        self._features: Final = _U64.from_address(base + _FEATURES)
        self._float_features: Final = _U32.from_address(base + _MVFR0)
        self._check()
        self._float_unit = self._float_features.value
        if core is Core.CORTEX_M33:
            self._features.value &= ~_SECURITY_EXTENSION
            self.system.secure = 0
        self.system.nsacr = _ALL_COPROCESSORS
        self.system.cpacr[0] = _FULL_ACCESS
        self.system.fpccr[0] = _KEEPS_FLOAT_STATE
        self.system.fpccr[1] &= ~_SECURE_FLOAT_STATE
        self.refresh()

    def _check(self) -> None:
        """Write through the interface, read behind it."""
        from unicorn import arm_const as arm

        uc = self._uc
        bank = self.system.secure
        for register, value, seen in (
            (arm.UC_ARM_REG_PRIMASK, 1, lambda: self.system.primask[bank]),
            (arm.UC_ARM_REG_PSP, 0x2345_6780, lambda: self.system.other_stack_pointer),
            (arm.UC_ARM_REG_ESR, 0x3456_789A, lambda: self.abort.syndrome),
            (arm.UC_ARM_REG_S31, 0x4567_89AB, lambda: self.floats[31]),
        ):
            before = uc.reg_read(register)
            uc.reg_write(register, value)
            found = seen()
            uc.reg_write(register, before)
            if found != value:
                raise InfrastructureError("this build of unicorn keeps its core elsewhere: install unicorn==2.1.4")
        if not self._features.value & _M_PROFILE or self._float_features.value not in (0, 0x1011_0021, 0x1011_0221):
            raise InfrastructureError("this build of unicorn keeps its core elsewhere: install unicorn==2.1.4")

    def read_register(self, register: int) -> int:
        """A register by Unicorn's number."""
        return int(self._uc.reg_read(register)) & 0xFFFF_FFFF

    def write_register(self, register: int, value: int) -> None:
        """A register by Unicorn's number."""
        self._uc.reg_write(register, value)

    def reset(self, stack: int) -> None:
        """Thread mode, privileged, on the main stack at `stack`, nothing masked."""
        from unicorn import arm_const as arm

        system = self.system
        for masks in (system.basepri, system.primask, system.faultmask, system.control, system.msplim, system.psplim):
            masks[0] = masks[1] = 0
        self.set_program_status(_THUMB)
        self.write_register(arm.UC_ARM_REG_FPSCR, 0)
        self.registers[13], system.other_stack_pointer, self.registers[14] = stack, 0, 0xFFFF_FFFF
        self.clear_exclusive()
        self.refresh()

    # ---- mode and stacks

    def refresh(self) -> None:
        """Have changes of mode, privilege, MPU_CTRL and floating point context seen by the code that runs next."""
        from unicorn import arm_const as arm

        # A write of the condition flags recomputes what Unicorn caches; nothing else in its interface does.
        self._uc.reg_write(arm.UC_ARM_REG_APSR_NZCV, self._uc.reg_read(arm.UC_ARM_REG_APSR_NZCV))

    @property
    def handler_mode(self) -> bool:
        """An exception is being handled: IPSR is not 0."""
        return bool(self.system.exception)

    @property
    def privileged(self) -> bool:
        """Code runs with privileges."""
        return self.handler_mode or not self.system.control[0] & _UNPRIVILEGED

    @property
    def on_process_stack(self) -> bool:
        """SP is PSP."""
        return not self.handler_mode and bool(self.system.control[0] & _PROCESS_STACK)

    @property
    def control(self) -> int:
        """CONTROL."""
        # QEMU keeps FPCA in the other bank.
        banks = self.system.control
        return int(banks[0] & (_UNPRIVILEGED | _PROCESS_STACK) | banks[1] & _FLOAT_CONTEXT)

    def set_control(self, value: int) -> None:
        """CONTROL, stack pointers staying in place; to be followed by `refresh`."""
        pointers = self.stack_pointers()
        self.system.control[0] = value & (_UNPRIVILEGED | _PROCESS_STACK)
        self.system.control[1] = value & _FLOAT_CONTEXT
        self.set_stack_pointers(*pointers)

    def stack_pointers(self) -> tuple[int, int]:
        """MSP and PSP."""
        current, other = self.registers[13], self.system.other_stack_pointer
        return (other, current) if self.on_process_stack else (current, other)

    def set_stack_pointers(self, main: int, process: int) -> None:
        """MSP and PSP, for the mode and CONTROL of now."""
        pair = (process, main) if self.on_process_stack else (main, process)
        self.registers[13], self.system.other_stack_pointer = pair

    def program_status(self) -> int:
        """XPSR."""
        from unicorn import arm_const as arm

        return self.read_register(arm.UC_ARM_REG_XPSR)

    def set_program_status(self, value: int) -> None:
        """XPSR, with flags, IT state and the exception number; stack pointers stay in place."""
        from unicorn import arm_const as arm

        pointers = self.stack_pointers()
        self._uc.reg_write(arm.UC_ARM_REG_XPSR_NZCVQG, value)
        self.set_stack_pointers(*pointers)

    def clear_exclusive(self) -> None:
        """Have the next STREX fail, as after an exception."""
        self._exclusive_address.value = 2**64 - 1

    # ---- what the translator does

    def allow_unaligned_accesses(self, allowed: bool) -> None:
        """Whether code that is translated from now on may access words and half-words at any address.

        QEMU 5.0 checks alignment for Armv6-M alone, by a feature that the mainline cores have and whose only other use
        is to let MSR write BASEPRI, FAULTMASK and CONTROL.nPRIV.
        """
        if allowed:
            self._features.value |= _UNALIGNED_ACCESS
        else:
            self._features.value &= ~_UNALIGNED_ACCESS

    def fit_float_unit(self, *, double_precision: bool) -> None:
        """Have instructions on doubles, or none, as the FPv5-SP of some Cortex-M7."""
        if not double_precision:
            self._float_unit &= ~_DOUBLE_PRECISION
            self._float_features.value &= ~_DOUBLE_PRECISION

    def enable_float_unit(self, enabled: bool) -> None:
        """Whether floating point instructions that are translated from now on are any."""
        self._float_features.value = self._float_unit if enabled else 0

    def translate(self, address: int, it_state: int) -> None:
        """Translate the block at an address for the mode of now, to be kept until its code is forgotten."""
        before, self._it_state.value = self._it_state.value, it_state
        self._uc.ctl_request_cache(address)
        self._it_state.value = before

    @property
    def it_state_address(self) -> int:
        """Where the IT state is in this process."""
        return self.address + _IT_STATE

    def go_on_in_block(self) -> None:
        """After a hook for a memory access that is to be as if nothing had happened.

        For the hook Unicorn puts the IT state of the instruction into the core, where translated code keeps 0 within a
        block; it would make the next block conditional.
        """
        self._it_state.value = 0

    @property
    def it_state(self) -> int:
        """The state of an IT block that was left in its middle; 0 outside."""
        return int(self._it_state.value)

    # ---- memory protection

    def regions(self, *, v8: bool) -> tuple[ctypes.Array[Any], ...]:
        """The arrays behind the region registers.

        Armv7-M has three: RBAR, the lower half of RASR (size, enable, subregions) and the upper half (attributes);
        Armv8-M has two: RBAR and RLAR.
        """
        offsets = (_MPU_V8, _MPU_V8 + 16) if v8 else (_MPU_V7, _MPU_V7 + 8, _MPU_V7 + 16)
        return tuple((_U32 * 8).from_address(_U64.from_address(self.address + offset).value) for offset in offsets)

    def protect(self, control: int) -> None:
        """Set MPU_CTRL as it counts now, and ask for the permissions of every page anew."""
        self.system.mpu_ctrl[0] = control
        self.on_protection(bool(control))
