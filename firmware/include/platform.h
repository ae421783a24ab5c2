/* What a family of microcontrollers (firmware/families/NAME) provides to the bench firmware. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Clocks at BOARD_CLOCK_HZ, flash wait states and caches, console UART at BOARD_CONSOLE_BAUD, trigger pin low. */
void platform_init(void);

/* One byte from the console; waits for it. */
uint8_t platform_console_read(void);

/* All bytes to the console; returns when the last has left the shift register. */
void platform_console_write(const uint8_t *data, size_t size);

/* The pin that is high for the length of an inference. */
void platform_trigger(bool high);

#endif
