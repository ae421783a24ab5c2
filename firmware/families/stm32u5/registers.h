/* Registers of the STM32U5 that the firmware uses, named as in ST's RM0456; without TrustZone. */
#ifndef STM32U5_REGISTERS_H
#define STM32U5_REGISTERS_H

#include "cortex_m.h"

#define GPIOA_BASE 0x42020000u
#define USART1_BASE 0x40013800u

#define PWR_CR3 REGISTER(0x46020808u)
#define PWR_CR3_REGSEL (1u << 1)
#define PWR_VOSR REGISTER(0x4602080Cu)
#define PWR_VOSR_BOOSTRDY (1u << 14)
#define PWR_VOSR_VOSRDY (1u << 15)
#define PWR_VOSR_VOS_RANGE1 (3u << 16)
#define PWR_VOSR_BOOSTEN (1u << 18)
#define PWR_SVMSR REGISTER(0x4602083Cu)
#define PWR_SVMSR_REGS (1u << 1)

#define RCC_CR REGISTER(0x46020C00u)
#define RCC_CR_PLL1ON (1u << 24)
#define RCC_CR_PLL1RDY (1u << 25)
#define RCC_CFGR1 REGISTER(0x46020C1Cu)
#define RCC_CFGR1_SW_PLL1 (3u << 0)
#define RCC_CFGR1_SWS_MASK (3u << 2)
#define RCC_CFGR1_SWS_PLL1 (3u << 2)
#define RCC_PLL1CFGR REGISTER(0x46020C28u)
#define RCC_PLL1CFGR_PLL1SRC_MSIS (1u << 0)
#define RCC_PLL1CFGR_PLL1M(divider) (((divider)-1u) << 8)
#define RCC_PLL1CFGR_PLL1REN (1u << 18)
#define RCC_PLL1DIVR REGISTER(0x46020C34u)
#define RCC_PLL1DIVR_PLL1N(factor) (((factor)-1u) << 0)
#define RCC_PLL1DIVR_PLL1P(divider) (((divider)-1u) << 9)
#define RCC_PLL1DIVR_PLL1Q(divider) (((divider)-1u) << 16)
#define RCC_PLL1DIVR_PLL1R(divider) (((divider)-1u) << 24)
#define RCC_AHB2ENR1 REGISTER(0x46020C8Cu)
#define RCC_AHB3ENR REGISTER(0x46020C94u)
#define RCC_AHB3ENR_PWREN (1u << 2)
#define RCC_APB2ENR REGISTER(0x46020CA4u)
#define RCC_APB2ENR_USART1EN (1u << 14)

#define FLASH_ACR REGISTER(0x40022000u)
#define FLASH_ACR_LATENCY_MASK (15u << 0)
#define FLASH_ACR_LATENCY(wait_states) ((wait_states) << 0)
#define FLASH_ACR_PRFTEN (1u << 8)

#define ICACHE_CR REGISTER(0x40030400u)
#define ICACHE_CR_EN (1u << 0)

#endif
