/* Core cycles in 64 bits, without an interrupt that would disturb what is measured. */
#ifndef CYCLES_H
#define CYCLES_H

#include "cortex_m.h"

#ifdef __ARM_ARCH_6M__
/* Armv6-M has no cycle counter: the family runs a timer of 32 bits on the core's clock in its place. */
#include "cycle_timer.h"
#define CYCLE_COUNT CYCLE_TIMER_COUNT
#else
#define CYCLE_COUNT DWT_CYCCNT
#endif

/* Two free-running counters at one moment. */
typedef struct {
    uint32_t cyccnt;  /* CYCLE_COUNT, up, modulo 2^32 */
    uint32_t systick; /* SysTick, down, modulo 2^24 - 3 */
} moment_t;

void cycles_start_counters(void);

/* Cycles from one moment to a later one, at most 2^45 (days). */
uint64_t cycles_between(moment_t from, moment_t to);

static inline moment_t cycles_now(void)
{
    __asm volatile("" ::: "memory");
    moment_t now;
    now.cyccnt = CYCLE_COUNT;
    now.systick = SYST_CVR;
    __asm volatile("" ::: "memory");
    return now;
}

#endif
