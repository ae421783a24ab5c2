/* STM32U5 at 160 MHz: the fastest it runs. */
#include "platform.h"

#include "board.h"
#include "field.h"
#include "pins.h"
#include "registers.h"
#include "usart.h"

#define MSI_RESET_HZ 4000000u
#define PLL_N 80u
#define PLL_R 2u
#define WAIT_STATES_ABOVE_128_MHZ 4u

_Static_assert(MSI_RESET_HZ * PLL_N / PLL_R == BOARD_CLOCK_HZ, "the clock set up below is the board's");
_Static_assert(BOARD_CONSOLE_BASE == USART1_BASE, "the console whose clock is switched on below");

static void enable_peripheral_clocks(void)
{
    RCC_AHB3ENR |= RCC_AHB3ENR_PWREN;
    RCC_AHB2ENR1 |= PINS_PORTS;
    RCC_APB2ENR |= RCC_APB2ENR_USART1EN;
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_APB2ENR;
}

/* RM0456, dynamic voltage scaling management: range 1 on the switching regulator; above 55 MHz its booster, which has
 * the PLL's input clock. */
static void raise_voltage(void)
{
    PWR_CR3 |= PWR_CR3_REGSEL;
    wait_for(&PWR_SVMSR, PWR_SVMSR_REGS, PWR_SVMSR_REGS);
    PWR_VOSR |= PWR_VOSR_VOS_RANGE1;
    wait_for(&PWR_VOSR, PWR_VOSR_VOSRDY, PWR_VOSR_VOSRDY);
    RCC_PLL1CFGR = RCC_PLL1CFGR_PLL1SRC_MSIS | RCC_PLL1CFGR_PLL1M(1u) | RCC_PLL1CFGR_PLL1REN;
    PWR_VOSR |= PWR_VOSR_BOOSTEN;
    wait_for(&PWR_VOSR, PWR_VOSR_BOOSTRDY, PWR_VOSR_BOOSTRDY);
}

static void start_clock(void)
{
    clear_and_set(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_128_MHZ) | FLASH_ACR_PRFTEN);
    wait_for(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY(WAIT_STATES_ABOVE_128_MHZ));
    RCC_PLL1DIVR =
        RCC_PLL1DIVR_PLL1N(PLL_N) | RCC_PLL1DIVR_PLL1P(2u) | RCC_PLL1DIVR_PLL1Q(2u) | RCC_PLL1DIVR_PLL1R(PLL_R);
    RCC_CR |= RCC_CR_PLL1ON;
    wait_for(&RCC_CR, RCC_CR_PLL1RDY, RCC_CR_PLL1RDY);
    RCC_CFGR1 |= RCC_CFGR1_SW_PLL1;
    wait_for(&RCC_CFGR1, RCC_CFGR1_SWS_MASK, RCC_CFGR1_SWS_PLL1);
}

void platform_init(void)
{
    enable_peripheral_clocks();
    raise_voltage();
    start_clock();
    ICACHE_CR |= ICACHE_CR_EN;
    pins_start();
    /* The bus clocks are the core's. */
    usart_start((BOARD_CLOCK_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD);
}
