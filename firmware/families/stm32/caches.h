/* The level 1 caches of a Cortex-M7. */
#ifndef STM32_CACHES_H
#define STM32_CACHES_H

void caches_enable(void);

#endif
