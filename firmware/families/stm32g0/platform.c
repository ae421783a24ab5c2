/* STM32G0 at 64 MHz: the fastest it runs. */
#include "platform.h"

#include "board.h"
#include "field.h"
#include "pins.h"
#include "registers.h"
#include "usart.h"

#define HSI16_HZ 16000000u
#define PLL_N 8u
#define PLL_R 2u
#define WAIT_STATES_ABOVE_48_MHZ 2u

_Static_assert(HSI16_HZ * PLL_N / PLL_R == BOARD_CLOCK_HZ, "the clock set up below is the board's");
_Static_assert(BOARD_CONSOLE_BASE == USART2_BASE, "the console whose clock is switched on below");

static void enable_peripheral_clocks(void)
{
    RCC_IOPENR |= PINS_PORTS;
    /* TIM2 counts cycles. */
    RCC_APBENR1 |= RCC_APBENR1_TIM2EN | RCC_APBENR1_USART2EN;
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_APBENR1;
}

static void start_clock(void)
{
    clear_and_set(&FLASH_ACR, FLASH_ACR_LATENCY_MASK,
                  FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_48_MHZ) | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN);
    wait_for(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_48_MHZ));
    RCC_PLLCFGR = RCC_PLLCFGR_PLLSRC_HSI16 | RCC_PLLCFGR_PLLM(1u) | RCC_PLLCFGR_PLLN(PLL_N) |
                  RCC_PLLCFGR_PLLR(PLL_R) | RCC_PLLCFGR_PLLREN;
    RCC_CR |= RCC_CR_PLLON;
    wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY);
    RCC_CFGR |= RCC_CFGR_SW_PLLRCLK;
    wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLLRCLK);
}

void platform_init(void)
{
    enable_peripheral_clocks();
    start_clock();
    pins_start();
    /* The bus clock is the core's. */
    usart_start((BOARD_CLOCK_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD);
}
