#include "caches.h"

#include "cortex_m.h"

static void enable_instruction_cache(void)
{
    barrier();
    SCB_ICIALLU = 0;
    barrier();
    SCB_CCR |= SCB_CCR_IC;
    barrier();
}

/* The cache holds garbage after power-on, so every set of every way is invalidated first: 32-byte lines, and where
 * the fields lie in DCISW follows from CCSIDR (Arm DDI 0403). Only the core moves data: no coherence to keep. */
static void enable_data_cache(void)
{
    SCB_CSSELR = 0;
    barrier();
    const uint32_t ccsidr = SCB_CCSIDR;
    const uint32_t last_set = (ccsidr >> 13) & 0x7FFFu;
    const uint32_t last_way = (ccsidr >> 3) & 0x3FFu;
    const uint32_t way_shift = last_way == 0 ? 0 : (uint32_t)__builtin_clz(last_way);
    for (uint32_t set = 0; set <= last_set; set++) {
        for (uint32_t way = 0; way <= last_way; way++) {
            SCB_DCISW = (set << 5) | (way << way_shift);
        }
    }
    barrier();
    SCB_CCR |= SCB_CCR_DC;
    barrier();
}

void caches_enable(void)
{
    enable_instruction_cache();
    enable_data_cache();
}
