/* TIM2 of the STM32G0 (RM0444), 32 bits wide, on the core's clock: what DWT's cycle counter is on larger cores. */
#ifndef STM32G0_CYCLE_TIMER_H
#define STM32G0_CYCLE_TIMER_H

#include "cortex_m.h"

#define TIM2_CR1 REGISTER(0x40000000u)
#define TIM2_CR1_CEN (1u << 0)
#define TIM2_CNT REGISTER(0x40000024u)

#define CYCLE_TIMER_COUNT TIM2_CNT

static inline void cycle_timer_start(void)
{
    TIM2_CNT = 0;
    TIM2_CR1 = TIM2_CR1_CEN;
}

#endif
