/* The registers of the nRF5340's application core that the bench firmware uses (nRF5340 Product Specification v1.3,
 * chapters CACHE, CLOCK, GPIO, UARTE), at their secure addresses. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "cortex_m.h"

#define CACHE_ENABLE REGISTER(0x50001500u)
#define CACHE_ENABLE_ENABLED 1u

#define CLOCK_TASKS_HFCLKSTART REGISTER(0x50005000u)
#define CLOCK_EVENTS_HFCLKSTARTED REGISTER(0x50005100u)
#define CLOCK_HFCLKCTRL REGISTER(0x50005558u)
#define CLOCK_HFCLKCTRL_DIV1 0u

#define GPIO(port, offset) REGISTER(0x50842500u + 0x300u * (port) + (offset))
#define GPIO_OUTSET(port) GPIO(port, 0x008u)
#define GPIO_OUTCLR(port) GPIO(port, 0x00Cu)
#define GPIO_DIRSET(port) GPIO(port, 0x018u)

#define UARTE(offset) REGISTER(BOARD_CONSOLE_BASE + (offset))
#define UARTE_TASKS_STARTRX UARTE(0x000u)
#define UARTE_TASKS_STARTTX UARTE(0x008u)
#define UARTE_EVENTS_ENDRX UARTE(0x110u)
#define UARTE_EVENTS_ENDTX UARTE(0x120u)
#define UARTE_ENABLE UARTE(0x500u)
#define UARTE_ENABLE_ENABLED 8u
#define UARTE_PSEL_TXD UARTE(0x50Cu)
#define UARTE_PSEL_RXD UARTE(0x514u)
#define UARTE_BAUDRATE UARTE(0x524u)
#define UARTE_RXD_PTR UARTE(0x534u)
#define UARTE_RXD_MAXCNT UARTE(0x538u)
#define UARTE_TXD_PTR UARTE(0x544u)
#define UARTE_TXD_MAXCNT UARTE(0x548u)
#define PSEL(port, pin) ((port) << 5 | (pin))

#endif
