/* General-purpose I/O of the STM32: the same registers in every family from the F4 on. */
#ifndef STM32_GPIO_H
#define STM32_GPIO_H

#include <stdbool.h>
#include <stdint.h>

/* Ports count from 0 (GPIOA); their clock must be on. */
void gpio_make_output(uint32_t port, uint32_t pin);
void gpio_make_alternate(uint32_t port, uint32_t pin, uint32_t function);
void gpio_write(uint32_t port, uint32_t pin, bool high);

#endif
