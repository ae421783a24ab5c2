/* STM32F469 and F479 at 180 MHz: the fastest they run. */
#include "platform.h"

#include "board.h"
#include "field.h"
#include "pins.h"
#include "registers.h"
#include "usart.h"

#define PLL_INPUT_HZ 1000000u
#define PLL_N 360u
#define PLL_P 2u
#define PLL_Q 8u
#define PLL_R 6u
#define APB1_DIVIDER 4u
#define WAIT_STATES_ABOVE_150_MHZ 5u

_Static_assert(PLL_INPUT_HZ * PLL_N / PLL_P == BOARD_CLOCK_HZ, "the clock set up below is the board's");
_Static_assert(BOARD_CONSOLE_BASE == USART3_BASE, "the console whose clock is switched on below");

static void enable_peripheral_clocks(void)
{
    RCC_APB1ENR |= RCC_APB1ENR_PWREN | RCC_APB1ENR_USART3EN;
    RCC_AHB1ENR |= PINS_PORTS;
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_AHB1ENR;
}

/* RM0386, entering over-drive mode: it goes on after the PLL, and the core changes to the PLL once both are ready. */
static void start_clock(void)
{
    RCC_CR |= BOARD_HSE_BYPASS ? RCC_CR_HSEBYP : 0u;
    RCC_CR |= RCC_CR_HSEON;
    wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY);
    PWR_CR |= PWR_CR_VOS_SCALE1;
    RCC_PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | RCC_PLLCFGR_PLLM(BOARD_HSE_HZ / PLL_INPUT_HZ) | RCC_PLLCFGR_PLLN(PLL_N) |
                  RCC_PLLCFGR_PLLP_DIV2 | RCC_PLLCFGR_PLLQ(PLL_Q) | RCC_PLLCFGR_PLLR(PLL_R);
    RCC_CR |= RCC_CR_PLLON;
    PWR_CR |= PWR_CR_ODEN;
    wait_for(&PWR_CSR, PWR_CSR_ODRDY, PWR_CSR_ODRDY);
    PWR_CR |= PWR_CR_ODSWEN;
    wait_for(&PWR_CSR, PWR_CSR_ODSWRDY, PWR_CSR_ODSWRDY);
    wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY);
    FLASH_ACR = FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_150_MHZ) | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    wait_for(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_150_MHZ));
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 | RCC_CFGR_SW_PLL;
    wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL);
}

void platform_init(void)
{
    enable_peripheral_clocks();
    start_clock();
    pins_start();
    usart_start((BOARD_CLOCK_HZ / APB1_DIVIDER + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD);
}
