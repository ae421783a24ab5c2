/* Registers of the i.MX RT1170 that the firmware uses, named as in NXP's IMXRT1170RM. */
#ifndef IMXRT1170_REGISTERS_H
#define IMXRT1170_REGISTERS_H

#include "cortex_m.h"

/* Pads GPIO_AD_04, 24 and 25; each function has a number, its inputs are chosen where there are several. */
#define IOMUXC_MUX_GPIO_AD_04 REGISTER(0x400E811Cu)
#define IOMUXC_MUX_GPIO_AD_04_GPIO9_IO03 10u
#define IOMUXC_MUX_GPIO_AD_24 REGISTER(0x400E816Cu)
#define IOMUXC_MUX_GPIO_AD_24_LPUART1_TXD 0u
#define IOMUXC_MUX_GPIO_AD_25 REGISTER(0x400E8170u)
#define IOMUXC_MUX_GPIO_AD_25_LPUART1_RXD 0u
#define IOMUXC_LPUART1_RXD_SELECT REGISTER(0x400E861Cu)
#define IOMUXC_LPUART1_RXD_SELECT_GPIO_AD_25 0u

#define ANADIG_OSC_24M_CTRL REGISTER(0x40C84020u)
#define ANADIG_OSC_24M_CTRL_OSC_EN (1u << 4)
#define ANADIG_OSC_24M_CTRL_GATE (1u << 7)
#define ANADIG_OSC_24M_CTRL_STABLE (1u << 30)
#define ANADIG_ARM_PLL_CTRL REGISTER(0x40C84200u)
#define ANADIG_ARM_PLL_CTRL_DIV_SELECT(factor) ((factor) << 0)
#define ANADIG_ARM_PLL_CTRL_POWERUP (1u << 13)
#define ANADIG_ARM_PLL_CTRL_ENABLE_CLK (1u << 14)
#define ANADIG_ARM_PLL_CTRL_POST_DIV_2 (0u << 15)
#define ANADIG_ARM_PLL_CTRL_STABLE (1u << 29)
#define ANADIG_ARM_PLL_CTRL_GATE (1u << 30)

/* The output of DCDC for the core, in steps of 25 mV from 0.6 V. */
#define DCDC_REG0 REGISTER(0x40CA8008u)
#define DCDC_REG0_STS_DC_OK (1u << 31)
#define DCDC_CTRL1 REGISTER(0x40CA8004u)
#define DCDC_CTRL1_VDD1P0CTRL_TRG_MASK (0x1Fu << 8)
#define DCDC_CTRL1_VDD1P0CTRL_TRG_1150_MV (22u << 8)

#define CCM_CLOCK_ROOT(number) REGISTER(0x40CC0000u + 0x80u * (number))
#define CCM_CLOCK_ROOT_M7 0u
#define CCM_CLOCK_ROOT_LPUART1 25u
#define CCM_CLOCK_ROOT_MUX(source) ((source) << 8)
#define CCM_CLOCK_ROOT_DIV(divider) (((divider) - 1u) << 0)
#define CCM_EVERY_MUX_OSC_RC_48M_DIV2 0u
#define CCM_EVERY_MUX_OSC_24M 1u
#define CCM_M7_MUX_ARM_PLL 4u
#define CCM_LPCG_DIRECT(number) REGISTER(0x40CC6000u + 0x20u * (number))
#define CCM_LPCG_DIRECT_ON 1u
#define CCM_LPCG_GPIO 51u
#define CCM_LPCG_LPUART1 86u

#define GPIO_GDIR(base) REGISTER((base) + 0x04u)
#define GPIO_DR_SET(base) REGISTER((base) + 0x84u)
#define GPIO_DR_CLEAR(base) REGISTER((base) + 0x88u)

#define LPUART(offset) REGISTER(BOARD_CONSOLE_BASE + (offset))
#define LPUART_BAUD LPUART(0x10u)
#define LPUART_BAUD_SBR(divider) ((divider) << 0)
#define LPUART_BAUD_OSR(samples) (((samples) - 1u) << 24)
#define LPUART_STAT LPUART(0x14u)
#define LPUART_STAT_OR (1u << 19)
#define LPUART_STAT_RDRF (1u << 21)
#define LPUART_STAT_TC (1u << 22)
#define LPUART_STAT_TDRE (1u << 23)
#define LPUART_CTRL LPUART(0x18u)
#define LPUART_CTRL_RE (1u << 18)
#define LPUART_CTRL_TE (1u << 19)
#define LPUART_DATA LPUART(0x1Cu)

#endif
