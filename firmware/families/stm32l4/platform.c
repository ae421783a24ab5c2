/* STM32L4+ at 120 MHz: the fastest it runs. */
#include "platform.h"

#include "board.h"
#include "gpio.h"
#include "registers.h"
#include "usart.h"

#define MSI_RESET_HZ 4000000u
#define PLL_N 60u
#define PLL_R 2u
#define WAIT_STATES_ABOVE_100_MHZ 5u

_Static_assert(MSI_RESET_HZ * PLL_N / PLL_R == BOARD_CLOCK_HZ, "the clock set up below is the board's");

static void clear_and_set(volatile uint32_t *reg, uint32_t clear, uint32_t set)
{
    *reg = (*reg & ~clear) | set;
}

static void enable_peripheral_clocks(void)
{
    RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
    RCC_APB1ENR2 |= RCC_APB1ENR2_LPUART1EN;
    RCC_AHB2ENR |= RCC_AHB2ENR_GPIOEN(BOARD_CONSOLE_PORT) | RCC_AHB2ENR_GPIOEN(BOARD_TRIGGER_PORT);
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_AHB2ENR;
}

/* RM0432, dynamic voltage scaling management: to reach more than 80 MHz, range 1 boost mode, with the bus clock halved while the PLL takes over. */
static void start_clock(void)
{
    RCC_CFGR |= RCC_CFGR_HPRE_DIV2;
    PWR_CR5 &= ~PWR_CR5_R1MODE;
    clear_and_set(&FLASH_ACR, FLASH_ACR_LATENCY_MASK,
                  FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_100_MHZ) | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN);
    while ((FLASH_ACR & FLASH_ACR_LATENCY_MASK) != FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_100_MHZ)) {
    }
    RCC_PLLCFGR = RCC_PLLCFGR_PLLSRC_MSI | RCC_PLLCFGR_PLLM(1u) | RCC_PLLCFGR_PLLN(PLL_N) | RCC_PLLCFGR_PLLR_DIV2 |
                  RCC_PLLCFGR_PLLREN;
    RCC_CR |= RCC_CR_PLLON;
    while ((RCC_CR & RCC_CR_PLLRDY) == 0) {
    }
    RCC_CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC_CFGR & RCC_CFGR_SWS_MASK) != RCC_CFGR_SWS_PLL) {
    }
    /* At least 1 us at half speed: more than 60 cycles. */
    for (volatile uint32_t i = 0; i < 60u; i++) {
    }
    RCC_CFGR &= ~RCC_CFGR_HPRE_MASK;
}

void platform_init(void)
{
    enable_peripheral_clocks();
    start_clock();
    /* Port G has a supply of its own, VDDIO2, and is isolated until told that it is there. */
    PWR_CR2 |= PWR_CR2_IOSV;
    gpio_make_output(BOARD_TRIGGER_PORT, BOARD_TRIGGER_PIN);
    gpio_make_alternate(BOARD_CONSOLE_PORT, BOARD_CONSOLE_TX_PIN, BOARD_CONSOLE_FUNCTION);
    gpio_make_alternate(BOARD_CONSOLE_PORT, BOARD_CONSOLE_RX_PIN, BOARD_CONSOLE_FUNCTION);
    /* An LPUART divides its clock, here the core's, by BRR / 256. */
    usart_start((uint32_t)((256ull * BOARD_CLOCK_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD));
}

void platform_trigger(bool high)
{
    gpio_write(BOARD_TRIGGER_PORT, BOARD_TRIGGER_PIN, high);
}
