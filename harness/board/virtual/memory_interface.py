"""What the registers of a flash interface and of the core's caches mean for the timing of memory, family by family."""

from __future__ import annotations

from dataclasses import dataclass

from harness.board.virtual.memory_timing import MemoryTiming

_PREFETCH, _INSTRUCTION_CACHE, _DATA_CACHE, _INSTRUCTION_RESET, _DATA_RESET = (1 << bit for bit in (8, 9, 10, 11, 12))
_ICIALLU, _DCIMVAC, _DCISW, _DCCIMVAC, _DCCISW = 0xF50, 0xF5C, 0xF60, 0xF70, 0xF74
_CCR_DATA, _CCR_INSTRUCTIONS = 1 << 16, 1 << 17


@dataclass(frozen=True)
class AccessControl:
    """FLASH_ACR and the option bytes of one family.

    Attributes:
        latency_mask: of the wait states, from bit 0 on.
        instruction_cache: there is a bit for an instruction cache; else that is another register's matter.
        data_cache: there is a bit for a data cache.
        dual_bank: of the option register: reads of the array are narrow while this is set; 0: they never are.
    """

    latency_mask: int
    instruction_cache: bool = True
    data_cache: bool = False
    dual_bank: int = 0

    def apply(self, timing: MemoryTiming, control: int, options: int) -> None:
        """Take what firmware wrote to the register."""
        if self.instruction_cache and control & (_INSTRUCTION_RESET | _DATA_RESET):
            timing.invalidate_accelerator()
        timing.flash(
            wait_states=control & self.latency_mask,
            prefetch=bool(control & _PREFETCH),
            instruction_cache=bool(control & _INSTRUCTION_CACHE) if self.instruction_cache else None,
            data_cache=self.data_cache and bool(control & _DATA_CACHE),
            dual_bank=bool(options & self.dual_bank),
        )


STM32L4 = AccessControl(latency_mask=0xF, data_cache=True, dual_bank=1 << 22)
"""RM0432 3.7.1; DBANK is bit 22 of FLASH_OPTR (3.7.8)."""
STM32F4 = AccessControl(latency_mask=0xF, data_cache=True)
"""RM0386 3.9.1."""
STM32F7 = AccessControl(latency_mask=0xF)
"""RM0385 3.7.1: the accelerator of the ITCM interface (ARTEN, ARTRST), without a separate data cache."""
STM32G0 = AccessControl(latency_mask=0x7)
"""RM0444 3.7.1."""
STM32U5 = AccessControl(latency_mask=0xF, instruction_cache=False)
"""RM0456 7.9.1; the cache is the ICACHE peripheral (chapter 8)."""
STM32H7 = AccessControl(latency_mask=0xF, instruction_cache=False)
"""RM0433 4.9.1: there is nothing between the flash words of 256 bits and the level 1 caches."""


class CacheControl:
    """CCR and the cache maintenance registers of the system control space (Armv7-M ARM B2.2.6, B3.2.8)."""

    def __init__(self, timing: MemoryTiming) -> None:
        self._timing = timing

    def configure(self, control: int) -> None:
        """Take a value of CCR."""
        self._timing.level1(instructions=bool(control & _CCR_INSTRUCTIONS), data=bool(control & _CCR_DATA))

    def maintain(self, offset: int, value: int) -> None:
        """Take a write to a maintenance register.

        Operations by set and way empty the whole cache: firmware goes through all of them.
        """
        if offset == _ICIALLU:
            self._timing.invalidate(instructions=True)
        elif offset in (_DCISW, _DCCISW):
            self._timing.invalidate(data=True)
        elif offset in (_DCIMVAC, _DCCIMVAC):
            self._timing.invalidate_data_line(value)
