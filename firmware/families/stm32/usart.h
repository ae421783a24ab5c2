/* The console on an STM32 USART or LPUART: version 2 of the peripheral; version 1 in the F4. */
#ifndef STM32_USART_H
#define STM32_USART_H

#include <stdint.h>

/* 8 data bits, no parity, 1 stop bit. The baud-rate divider is as the peripheral's BRR wants it. */
void usart_start(uint32_t baud_rate_divider);

#endif
