/* The pins of the console and of the trigger, as the board's file has them. */
#ifndef STM32_PINS_H
#define STM32_PINS_H

#include "board.h"

/* The ports that they are on, a bit each, from GPIOA on; their clocks must be on before pins_start. */
#define PINS_PORTS ((1u << BOARD_CONSOLE_TX_PORT) | (1u << BOARD_CONSOLE_RX_PORT) | (1u << BOARD_TRIGGER_PORT))

void pins_start(void);

#endif
