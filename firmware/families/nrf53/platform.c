/* nRF5340, application core, at 128 MHz: the fastest it runs. */
#include "platform.h"

#include <string.h>

#include "board.h"
#include "registers.h"

#define UART_CLOCK_HZ 16000000ull
#define TX_CHUNK 64u

_Static_assert(BOARD_CLOCK_HZ == 128000000, "the clock set up below is the board's");

/* The UARTE reads and writes RAM only. */
static volatile uint8_t received;
static uint8_t sending[TX_CHUNK];

static void start_clock(void)
{
    CLOCK_HFCLKCTRL = CLOCK_HFCLKCTRL_DIV1;
    CLOCK_EVENTS_HFCLKSTARTED = 0;
    CLOCK_TASKS_HFCLKSTART = 1;
    while (CLOCK_EVENTS_HFCLKSTARTED == 0) {
    }
    CACHE_ENABLE = CACHE_ENABLE_ENABLED;
}

/* While a byte is taken, up to six more wait in the UARTE. */
static void start_reception(void)
{
    UARTE_EVENTS_ENDRX = 0;
    UARTE_RXD_PTR = (uint32_t)(uintptr_t)&received;
    UARTE_RXD_MAXCNT = 1;
    UARTE_TASKS_STARTRX = 1;
}

void platform_init(void)
{
    start_clock();
    GPIO_DIRSET(BOARD_TRIGGER_PORT) = 1u << BOARD_TRIGGER_PIN;
    platform_trigger(false);
    GPIO_OUTSET(BOARD_CONSOLE_PORT) = 1u << BOARD_CONSOLE_TX_PIN;
    GPIO_DIRSET(BOARD_CONSOLE_PORT) = 1u << BOARD_CONSOLE_TX_PIN;
    UARTE_PSEL_TXD = PSEL(BOARD_CONSOLE_PORT, BOARD_CONSOLE_TX_PIN);
    UARTE_PSEL_RXD = PSEL(BOARD_CONSOLE_PORT, BOARD_CONSOLE_RX_PIN);
    /* The lower 12 bits are not looked at. */
    UARTE_BAUDRATE = (uint32_t)((((uint64_t)BOARD_CONSOLE_BAUD << 32) / UART_CLOCK_HZ + 0x800u) & 0xFFFFF000u);
    UARTE_ENABLE = UARTE_ENABLE_ENABLED;
    start_reception();
}

uint8_t platform_console_read(void)
{
    while (UARTE_EVENTS_ENDRX == 0) {
    }
    const uint8_t byte = received;
    start_reception();
    return byte;
}

void platform_console_write(const uint8_t *data, size_t size)
{
    while (size > 0) {
        const size_t chunk = size < TX_CHUNK ? size : TX_CHUNK;
        memcpy(sending, data, chunk);
        UARTE_EVENTS_ENDTX = 0;
        UARTE_TXD_PTR = (uint32_t)(uintptr_t)sending;
        UARTE_TXD_MAXCNT = chunk;
        UARTE_TASKS_STARTTX = 1;
        while (UARTE_EVENTS_ENDTX == 0) {
        }
        data += chunk;
        size -= chunk;
    }
}

void platform_trigger(bool high)
{
    if (high) {
        GPIO_OUTSET(BOARD_TRIGGER_PORT) = 1u << BOARD_TRIGGER_PIN;
    } else {
        GPIO_OUTCLR(BOARD_TRIGGER_PORT) = 1u << BOARD_TRIGGER_PIN;
    }
}
