#include "pins.h"

#include "gpio.h"
#include "platform.h"

void pins_start(void)
{
    gpio_make_output(BOARD_TRIGGER_PORT, BOARD_TRIGGER_PIN);
    gpio_make_alternate(BOARD_CONSOLE_TX_PORT, BOARD_CONSOLE_TX_PIN, BOARD_CONSOLE_FUNCTION);
    gpio_make_alternate(BOARD_CONSOLE_RX_PORT, BOARD_CONSOLE_RX_PIN, BOARD_CONSOLE_FUNCTION);
}

void platform_trigger(bool high)
{
    gpio_write(BOARD_TRIGGER_PORT, BOARD_TRIGGER_PIN, high);
}
