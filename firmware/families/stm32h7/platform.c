/* STM32H7 with one core, at the clock that part.h has for it. */
#include "platform.h"

#include "board.h"
#include "caches.h"
#include "field.h"
#include "part.h"
#include "pins.h"
#include "registers.h"
#include "usart.h"

#define PLL_INPUT_HZ 2000000u
#define PLL_P 2u
#define CONSOLE_CLOCK_HZ (BOARD_CLOCK_HZ / PART_BUS_DIVIDER / 2u)

_Static_assert(PLL_INPUT_HZ * PART_PLL_N / PLL_P == BOARD_CLOCK_HZ, "the clock set up below is the board's");
_Static_assert(BOARD_CONSOLE_BASE == USART3_BASE, "the console whose clock is switched on below");

static void enable_peripheral_clocks(void)
{
    RCC_APB1LENR |= RCC_APB1LENR_USART3EN;
    RCC_AHB4ENR |= PINS_PORTS;
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_AHB4ENR;
}

/* RM0433 and RM0455, system supply startup and voltage scaling: the supply has to be chosen once before the scale. */
static void raise_voltage(void)
{
    PWR_CR3 = PART_SUPPLY;
    wait_for(&PWR_CSR1, PWR_CSR1_ACTVOSRDY, PWR_CSR1_ACTVOSRDY);
    PWR_D3CR |= PWR_D3CR_VOS_HIGHEST;
    wait_for(&PWR_D3CR, PWR_D3CR_VOSRDY, PWR_D3CR_VOSRDY);
}

static void start_clock(void)
{
    RCC_CR |= BOARD_HSE_BYPASS ? RCC_CR_HSEBYP : 0u;
    RCC_CR |= RCC_CR_HSEON;
    wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY);
    RCC_PLLCKSELR = RCC_PLLCKSELR_PLLSRC_HSE | RCC_PLLCKSELR_DIVM1(BOARD_HSE_HZ / PLL_INPUT_HZ);
    RCC_PLLCFGR = RCC_PLLCFGR_PLL1RGE_2_TO_4_MHZ | RCC_PLLCFGR_DIVP1EN;
    RCC_PLL1DIVR = RCC_PLL1DIVR_N1(PART_PLL_N) | RCC_PLL1DIVR_P1(PLL_P) | RCC_PLL1DIVR_Q1(4u) | RCC_PLL1DIVR_R1(2u);
    RCC_CR |= RCC_CR_PLL1ON;
    wait_for(&RCC_CR, RCC_CR_PLL1RDY, RCC_CR_PLL1RDY);
    FLASH_ACR = PART_FLASH_TIMING;
    wait_for(&FLASH_ACR, FLASH_ACR_MASK, PART_FLASH_TIMING);
    RCC_D1CFGR = PART_HPRE | RCC_D1CFGR_D1PPRE_DIV2;
    RCC_D2CFGR = RCC_D2CFGR_D2PPRE1_DIV2 | RCC_D2CFGR_D2PPRE2_DIV2;
    RCC_D3CFGR = RCC_D3CFGR_D3PPRE_DIV2;
    RCC_CFGR |= RCC_CFGR_SW_PLL1;
    wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL1);
}

void platform_init(void)
{
    enable_peripheral_clocks();
    raise_voltage();
    start_clock();
    caches_enable();
    pins_start();
    usart_start((CONSOLE_CLOCK_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD);
}
