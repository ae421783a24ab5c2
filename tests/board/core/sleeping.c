/* Sleep, which QEMU does not model; and what shows where the cycles of exceptions are spent. */
#include "core_test.h"

static void enable(uint32_t priorities)
{
    IPR0 = priorities;
    ISER = 0xF;
    BARRIER();
}

static void stop_sleeping_on_exit(void) { SCR = 0; }

SCENARIO wait_for_events(void)
{
    __asm volatile("sev\n wfe");
    note(1);
    __asm volatile("wfe");
    note(2);
    __asm volatile("wfe");
    note(3);
}

SCENARIO wait_for_disabled_interrupts(void)
{
    SCR = 1u << 4;
    note(1);
    __asm volatile("wfe");
    note(2);
    SCR = 0;
    ICPR = 0xF;
    __asm volatile("wfe");
    note(3);
}

SCENARIO wait_masked(void)
{
    __asm volatile("cpsid i");
    enable(0);
    note(1);
    __asm volatile("wfi");
    note(2);
    __asm volatile("cpsie i\n isb");
    note(3);
}

SCENARIO sleep_between_handlers(void)
{
    on_irq[1] = stop_sleeping_on_exit;
    enable(0);
    SCR = 1u << 1;
    note(1);
    __asm volatile("wfi");
    note(2);
}

SCENARIO one_exception(void)
{
    enable(0);
    ISPR = 1;
    BARRIER();
}

SCENARIO unaligned_loop(void)
{
    static uint32_t words[8];
    uint32_t sum = 0, address = (uint32_t)words + 1;
    for (int index = 0; index < 10; index++)
        sum += *(volatile uint32_t *)address;
    note(sum);
}

#if HAS_FLOATS
static volatile float single = 3.0f;
static void use_floats(void) { single = single * 2.0f; }

static void interrupt_floats(void (*action)(void))
{
    on_irq[0] = action;
    enable(0);
    __asm volatile("vmov.f32 s0, #1.0\n str %1, [%0]\n dsb\n isb" ::"r"(0xE000E200), "r"(1) : "s0", "memory");
}

SCENARIO interrupted_floats_kept(void) { interrupt_floats(0); }
SCENARIO interrupted_floats_used(void) { interrupt_floats(use_floats); }
SCENARIO interrupted_floats_saved(void)
{
    FPCCR = 0x80000000;
    interrupt_floats(0);
}
#endif
