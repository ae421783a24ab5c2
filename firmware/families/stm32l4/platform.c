/* STM32L4 and L4+ at the fastest they run: 80 and 120 MHz. */
#include "platform.h"

#include "board.h"
#include "field.h"
#include "pins.h"
#include "registers.h"
#include "usart.h"

#define MSI_RESET_HZ 4000000u
#define PLL_R 2u
#define PLL_N (BOARD_CLOCK_HZ / (MSI_RESET_HZ / PLL_R))
#define FASTEST_WITHOUT_BOOST_HZ 80000000u
#define BOOSTED (BOARD_CLOCK_HZ > FASTEST_WITHOUT_BOOST_HZ)
/* Above 100 MHz in boost mode, above 64 MHz in range 1. */
#define WAIT_STATES (BOOSTED ? 5u : 4u)

_Static_assert(BOARD_CLOCK_HZ == 120000000u || BOARD_CLOCK_HZ == 80000000u, "the wait states are those of these clocks");

static void enable_peripheral_clocks(void)
{
    RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
    RCC_APB1ENR2 |= RCC_APB1ENR2_LPUART1EN;
    RCC_AHB2ENR |= PINS_PORTS;
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_AHB2ENR;
}

/* RM0432, dynamic voltage scaling management: to reach more than 80 MHz, range 1 boost mode, with the bus clock halved
 * while the PLL takes over. */
static void start_clock(void)
{
    if (BOOSTED) {
        RCC_CFGR |= RCC_CFGR_HPRE_DIV2;
        PWR_CR5 &= ~PWR_CR5_R1MODE;
    }
    clear_and_set(&FLASH_ACR, FLASH_ACR_LATENCY_MASK,
                  FLASH_ACR_LATENCY(WAIT_STATES) | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN);
    wait_for(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY(WAIT_STATES));
    RCC_PLLCFGR = RCC_PLLCFGR_PLLSRC_MSI | RCC_PLLCFGR_PLLM(1u) | RCC_PLLCFGR_PLLN(PLL_N) | RCC_PLLCFGR_PLLR_DIV2 |
                  RCC_PLLCFGR_PLLREN;
    RCC_CR |= RCC_CR_PLLON;
    wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY);
    RCC_CFGR |= RCC_CFGR_SW_PLL;
    wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL);
    if (BOOSTED) {
        /* At least 1 us at half speed: more than 60 cycles. */
        for (volatile uint32_t i = 0; i < 60u; i++) {
        }
        RCC_CFGR &= ~RCC_CFGR_HPRE_MASK;
    }
}

void platform_init(void)
{
    enable_peripheral_clocks();
    start_clock();
    /* Port G has a supply of its own, VDDIO2, and is isolated until told that it is there. */
    PWR_CR2 |= PWR_CR2_IOSV;
    pins_start();
    /* An LPUART divides its clock, here the core's, by BRR / 256. */
    usart_start((uint32_t)((256ull * BOARD_CLOCK_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD));
}
