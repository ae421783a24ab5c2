/* STM32F74x and F75x at 216 MHz: the fastest they run. */
#include "platform.h"

#include "board.h"
#include "gpio.h"
#include "registers.h"
#include "usart.h"

#define PLL_M 4u
#define PLL_N 216u
#define PLL_P 2u
#define PLL_Q 9u
#define WAIT_STATES_AT_216_MHZ 7u

_Static_assert(BOARD_HSE_HZ / PLL_M * PLL_N / PLL_P == BOARD_CLOCK_HZ, "the clock set up below is the board's");

static void enable_peripheral_clocks(void)
{
    RCC_APB1ENR |= RCC_APB1ENR_PWREN | RCC_APB1ENR_USART3EN;
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOEN(BOARD_CONSOLE_PORT) | RCC_AHB1ENR_GPIOEN(BOARD_TRIGGER_PORT);
    /* The core's own clock, for a baud rate nearer to the wanted one than APB1's would give. */
    RCC_DCKCFGR2 |= RCC_DCKCFGR2_USART3SEL_SYSCLK;
    /* A clock takes two cycles to arrive; a read back waits for them. */
    (void)RCC_AHB1ENR;
}

/* RM0385, entering over-drive mode: it goes on after the PLL, and the core changes to the PLL once both are ready. */
static void start_clock(void)
{
    RCC_CR |= RCC_CR_HSEBYP;
    RCC_CR |= RCC_CR_HSEON;
    while ((RCC_CR & RCC_CR_HSERDY) == 0) {
    }
    PWR_CR1 |= PWR_CR1_VOS_SCALE1;
    RCC_PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | RCC_PLLCFGR_PLLM(PLL_M) | RCC_PLLCFGR_PLLN(PLL_N) | RCC_PLLCFGR_PLLP_DIV2 |
                  RCC_PLLCFGR_PLLQ(PLL_Q);
    RCC_CR |= RCC_CR_PLLON;
    PWR_CR1 |= PWR_CR1_ODEN;
    while ((PWR_CSR1 & PWR_CSR1_ODRDY) == 0) {
    }
    PWR_CR1 |= PWR_CR1_ODSWEN;
    while ((PWR_CSR1 & PWR_CSR1_ODSWRDY) == 0) {
    }
    while ((RCC_CR & RCC_CR_PLLRDY) == 0) {
    }
    /* The accelerator serves the ITCM bus alone; code linked at 0x0800_0000 is fetched through the caches. */
    FLASH_ACR = FLASH_ACR_LATENCY(WAIT_STATES_AT_216_MHZ) | FLASH_ACR_PRFTEN | FLASH_ACR_ARTEN;
    while ((FLASH_ACR & FLASH_ACR_LATENCY_MASK) != FLASH_ACR_LATENCY(WAIT_STATES_AT_216_MHZ)) {
    }
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2 | RCC_CFGR_SW_PLL;
    while ((RCC_CFGR & RCC_CFGR_SWS_MASK) != RCC_CFGR_SWS_PLL) {
    }
}

static void enable_instruction_cache(void)
{
    barrier();
    SCB_ICIALLU = 0;
    barrier();
    SCB_CCR |= SCB_CCR_IC;
    barrier();
}

/* The cache holds garbage after power-on, so every set of every way is invalidated first: 32-byte lines, and where
 * the fields lie in DCISW follows from CCSIDR (Arm DDI 0403). Only the core moves data: no coherence to keep. */
static void enable_data_cache(void)
{
    SCB_CSSELR = 0;
    barrier();
    const uint32_t ccsidr = SCB_CCSIDR;
    const uint32_t last_set = (ccsidr >> 13) & 0x7FFFu;
    const uint32_t last_way = (ccsidr >> 3) & 0x3FFu;
    const uint32_t way_shift = last_way == 0 ? 0 : (uint32_t)__builtin_clz(last_way);
    for (uint32_t set = 0; set <= last_set; set++) {
        for (uint32_t way = 0; way <= last_way; way++) {
            SCB_DCISW = (set << 5) | (way << way_shift);
        }
    }
    barrier();
    SCB_CCR |= SCB_CCR_DC;
    barrier();
}

void platform_init(void)
{
    enable_peripheral_clocks();
    start_clock();
    enable_instruction_cache();
    enable_data_cache();
    gpio_make_output(BOARD_TRIGGER_PORT, BOARD_TRIGGER_PIN);
    gpio_make_alternate(BOARD_CONSOLE_PORT, BOARD_CONSOLE_TX_PIN, BOARD_CONSOLE_FUNCTION);
    gpio_make_alternate(BOARD_CONSOLE_PORT, BOARD_CONSOLE_RX_PIN, BOARD_CONSOLE_FUNCTION);
    usart_start((BOARD_CLOCK_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD);
}

void platform_trigger(bool high)
{
    gpio_write(BOARD_TRIGGER_PORT, BOARD_TRIGGER_PIN, high);
}
