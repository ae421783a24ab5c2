/* CYCCNT alone wraps after 2^32 cycles: 36 s at 120 MHz, 20 s at 216 MHz.
 *
 * SysTick runs beside it on the same clock with a period M that is not a power of two, so the two remainders together
 * tell how often CYCCNT wrapped: each wrap moves 2^32 mod M = 768 counts between them. No interrupt is needed. */
#include "cycles.h"

#define MODULUS ((1u << 24) - 3u)
#define COUNTS_PER_WRAP 768u

_Static_assert((1ull << 32) % MODULUS == COUNTS_PER_WRAP, "what one wrap of CYCCNT moves");

static void start_cycle_counter(void)
{
#ifdef __ARM_ARCH_6M__
    cycle_timer_start();
#else
    SCB_DEMCR |= SCB_DEMCR_TRCENA;
    DWT_LAR = DWT_LAR_KEY; /* the Cortex-M7's DWT is locked; the Cortex-M4 ignores this */
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
#endif
}

void cycles_start_counters(void)
{
    start_cycle_counter();
    SYST_RVR = MODULUS - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_CLKSOURCE_CORE;
}

uint64_t cycles_between(moment_t from, moment_t to)
{
    const uint32_t low = to.cyccnt - from.cyccnt;
    const uint32_t remainder = (from.systick + MODULUS - to.systick) % MODULUS;
    /* The counters are read a few cycles apart, and not always equally many: round to the nearest wrap. */
    const uint32_t moved = (remainder + MODULUS - low % MODULUS + COUNTS_PER_WRAP / 2u) % MODULUS;
    return ((uint64_t)(moved / COUNTS_PER_WRAP) << 32) + low;
}
