/* i.MX RT1170, Cortex-M7, at 996 MHz: the fastest it runs. */
#include "platform.h"

#include "board.h"
#include "caches.h"
#include "field.h"
#include "registers.h"

#define OSC_24M_HZ 24000000u
/* The ARM PLL multiplies half the crystal's clock. */
#define ARM_PLL_FACTOR 166u
#define ARM_PLL_POST_DIVIDER 2u
#define LPUART_SAMPLES_A_BIT ((OSC_24M_HZ + BOARD_CONSOLE_BAUD / 2u) / BOARD_CONSOLE_BAUD)

_Static_assert(OSC_24M_HZ / 2u / ARM_PLL_POST_DIVIDER * ARM_PLL_FACTOR == BOARD_CLOCK_HZ,
               "the clock set up below is the board's");
_Static_assert(LPUART_SAMPLES_A_BIT >= 8u && LPUART_SAMPLES_A_BIT <= 32u, "the baud rate needs no divider");
_Static_assert(BOARD_CONSOLE_BASE == 0x4007C000u, "the console has a clock and pins below");

/* Overdrive, which the fastest clock needs, is 1.15 V (MCUXpresso SDK, BOARD_BootClockRUN). */
static void raise_voltage(void)
{
    clear_and_set(&DCDC_CTRL1, DCDC_CTRL1_VDD1P0CTRL_TRG_MASK, DCDC_CTRL1_VDD1P0CTRL_TRG_1150_MV);
    wait_for(&DCDC_REG0, DCDC_REG0_STS_DC_OK, DCDC_REG0_STS_DC_OK);
}

static void start_clock(void)
{
    clear_and_set(&ANADIG_OSC_24M_CTRL, ANADIG_OSC_24M_CTRL_GATE, ANADIG_OSC_24M_CTRL_OSC_EN);
    wait_for(&ANADIG_OSC_24M_CTRL, ANADIG_OSC_24M_CTRL_STABLE, ANADIG_OSC_24M_CTRL_STABLE);
    /* The core leaves the PLL, which the boot ROM may have started, while it changes. */
    CCM_CLOCK_ROOT(CCM_CLOCK_ROOT_M7) =
        CCM_CLOCK_ROOT_MUX(CCM_EVERY_MUX_OSC_RC_48M_DIV2) | CCM_CLOCK_ROOT_DIV(1u);
    barrier();
    const uint32_t control = ANADIG_ARM_PLL_CTRL_DIV_SELECT(ARM_PLL_FACTOR) | ANADIG_ARM_PLL_CTRL_POST_DIV_2;
    ANADIG_ARM_PLL_CTRL = control | ANADIG_ARM_PLL_CTRL_GATE;
    ANADIG_ARM_PLL_CTRL = control | ANADIG_ARM_PLL_CTRL_GATE | ANADIG_ARM_PLL_CTRL_POWERUP;
    wait_for(&ANADIG_ARM_PLL_CTRL, ANADIG_ARM_PLL_CTRL_STABLE, ANADIG_ARM_PLL_CTRL_STABLE);
    ANADIG_ARM_PLL_CTRL = control | ANADIG_ARM_PLL_CTRL_POWERUP | ANADIG_ARM_PLL_CTRL_ENABLE_CLK;
    CCM_CLOCK_ROOT(CCM_CLOCK_ROOT_M7) = CCM_CLOCK_ROOT_MUX(CCM_M7_MUX_ARM_PLL) | CCM_CLOCK_ROOT_DIV(1u);
    CCM_CLOCK_ROOT(CCM_CLOCK_ROOT_LPUART1) = CCM_CLOCK_ROOT_MUX(CCM_EVERY_MUX_OSC_24M) | CCM_CLOCK_ROOT_DIV(1u);
    barrier();
}

static void start_pins(void)
{
    CCM_LPCG_DIRECT(CCM_LPCG_GPIO) = CCM_LPCG_DIRECT_ON;
    IOMUXC_MUX_GPIO_AD_04 = IOMUXC_MUX_GPIO_AD_04_GPIO9_IO03;
    IOMUXC_MUX_GPIO_AD_24 = IOMUXC_MUX_GPIO_AD_24_LPUART1_TXD;
    IOMUXC_MUX_GPIO_AD_25 = IOMUXC_MUX_GPIO_AD_25_LPUART1_RXD;
    IOMUXC_LPUART1_RXD_SELECT = IOMUXC_LPUART1_RXD_SELECT_GPIO_AD_25;
    platform_trigger(false);
    GPIO_GDIR(BOARD_TRIGGER_BASE) |= 1u << BOARD_TRIGGER_PIN;
}

static void start_console(void)
{
    CCM_LPCG_DIRECT(CCM_LPCG_LPUART1) = CCM_LPCG_DIRECT_ON;
    LPUART_CTRL = 0;
    LPUART_BAUD = LPUART_BAUD_OSR(LPUART_SAMPLES_A_BIT) | LPUART_BAUD_SBR(1u);
    LPUART_CTRL = LPUART_CTRL_TE | LPUART_CTRL_RE;
}

void platform_init(void)
{
    raise_voltage();
    start_clock();
    caches_enable();
    start_pins();
    start_console();
}

/* A byte that came too late blocks reception until the flag is cleared; the checksum tells that it is missing. */
uint8_t platform_console_read(void)
{
    uint32_t status;
    while (((status = LPUART_STAT) & LPUART_STAT_RDRF) == 0) {
        if ((status & LPUART_STAT_OR) != 0) {
            LPUART_STAT = LPUART_STAT_OR;
        }
    }
    return (uint8_t)LPUART_DATA;
}

void platform_console_write(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((LPUART_STAT & LPUART_STAT_TDRE) == 0) {
        }
        LPUART_DATA = data[i];
    }
    while ((LPUART_STAT & LPUART_STAT_TC) == 0) {
    }
}

void platform_trigger(bool high)
{
    if (high) {
        GPIO_DR_SET(BOARD_TRIGGER_BASE) = 1u << BOARD_TRIGGER_PIN;
    } else {
        GPIO_DR_CLEAR(BOARD_TRIGGER_BASE) = 1u << BOARD_TRIGGER_PIN;
    }
}
