/* Fields of registers. */
#ifndef STM32_FIELD_H
#define STM32_FIELD_H

#include <stdint.h>

static inline void clear_and_set(volatile uint32_t *reg, uint32_t clear, uint32_t set)
{
    *reg = (*reg & ~clear) | set;
}

/* Waits until these bits show this value. */
static inline void wait_for(volatile uint32_t *reg, uint32_t mask, uint32_t value)
{
    while ((*reg & mask) != value) {
    }
}

#endif
