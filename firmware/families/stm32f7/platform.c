/* STM32F7 at 216 MHz: the fastest it runs. */
#include "platform.h"

#include "board.h"
#include "caches.h"
#include "field.h"
#include "pins.h"
#include "registers.h"
#include "usart.h"

#define PLL_INPUT_HZ 1000000u
#define PLL_N 432u
#define PLL_P 2u
#define PLL_Q 9u
#define WAIT_STATES_AT_216_MHZ 7u

_Static_assert(BOARD_CONSOLE_BASE == USART1_BASE || BOARD_CONSOLE_BASE == USART3_BASE, "the console has a clock below");
_Static_assert(PLL_INPUT_HZ * PLL_N / PLL_P == BOARD_CLOCK_HZ, "the clock set up below is the board's");

static void enable_peripheral_clocks(void)
{
    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    RCC_AHB1ENR |= PINS_PORTS;
    /* The console has the core's own clock, for a baud rate nearer to the wanted one than its bus clock's would give. */
    if (BOARD_CONSOLE_BASE == USART1_BASE) {
        RCC_APB2ENR |= RCC_APB2ENR_USART1EN;
        RCC_DCKCFGR2 |= RCC_DCKCFGR2_USART1SEL_SYSCLK;
    } else {
        RCC_APB1ENR |= RCC_APB1ENR_USART3EN;
        RCC_DCKCFGR2 |= RCC_DCKCFGR2_USART3SEL_SYSCLK;
    }
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_AHB1ENR;
}

/* RM0385, entering over-drive mode: it goes on after the PLL, and the core changes to the PLL once both are ready. */
static void start_clock(void)
{
    RCC_CR |= BOARD_HSE_BYPASS ? RCC_CR_HSEBYP : 0u;
    RCC_CR |= RCC_CR_HSEON;
    wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY);
    PWR_CR1 |= PWR_CR1_VOS_SCALE1;
    RCC_PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | RCC_PLLCFGR_PLLM(BOARD_HSE_HZ / PLL_INPUT_HZ) | RCC_PLLCFGR_PLLN(PLL_N) |
                  RCC_PLLCFGR_PLLP_DIV2 | RCC_PLLCFGR_PLLQ(PLL_Q);
    RCC_CR |= RCC_CR_PLLON;
    PWR_CR1 |= PWR_CR1_ODEN;
    wait_for(&PWR_CSR1, PWR_CSR1_ODRDY, PWR_CSR1_ODRDY);
    PWR_CR1 |= PWR_CR1_ODSWEN;
    wait_for(&PWR_CSR1, PWR_CSR1_ODSWRDY, PWR_CSR1_ODSWRDY);
    wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY);
    /* The accelerator serves the ITCM bus alone; code linked at 0x0800_0000 is fetched through the caches. */
    FLASH_ACR = FLASH_ACR_LATENCY(WAIT_STATES_AT_216_MHZ) | FLASH_ACR_PRFTEN | FLASH_ACR_ARTEN;
    wait_for(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY(WAIT_STATES_AT_216_MHZ));
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 | RCC_CFGR_SW_PLL;
    wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL);
}

void platform_init(void)
{
    enable_peripheral_clocks();
    start_clock();
    caches_enable();
    pins_start();
    usart_start((BOARD_CLOCK_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD);
}
