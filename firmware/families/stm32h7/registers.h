/* Registers of the STM32H7 that the firmware uses, named as in ST's RM0433. RM0455 (STM32H7A3) calls some by other names:
 * PWR_SRDCR is D3CR here, RCC_CDCFGR1, CDCFGR2 and SRDCFGR are D1CFGR to D3CFGR. */
#ifndef STM32H7_REGISTERS_H
#define STM32H7_REGISTERS_H

#include "cortex_m.h"

#define GPIOA_BASE 0x58020000u
#define USART3_BASE 0x40004800u

#define PWR_CSR1 REGISTER(0x58024804u)
#define PWR_CSR1_ACTVOSRDY (1u << 13)
#define PWR_CR3 REGISTER(0x5802480Cu)
#define PWR_CR3_LDOEN (1u << 1)
/* The same bit: the supply's configuration is open (RM0433); the step-down converter is on (RM0455). */
#define PWR_CR3_SCUEN (1u << 2)
#define PWR_CR3_SMPSEN (1u << 2)
#define PWR_D3CR REGISTER(0x58024818u)
#define PWR_D3CR_VOSRDY (1u << 13)
/* Scale 1 of RM0433, which goes beyond it by another register, and scale 0 of RM0455. */
#define PWR_D3CR_VOS_HIGHEST (3u << 14)

#define RCC_CR REGISTER(0x58024400u)
#define RCC_CR_HSEON (1u << 16)
#define RCC_CR_HSERDY (1u << 17)
#define RCC_CR_HSEBYP (1u << 18)
#define RCC_CR_PLL1ON (1u << 24)
#define RCC_CR_PLL1RDY (1u << 25)
#define RCC_CFGR REGISTER(0x58024410u)
#define RCC_CFGR_SW_PLL1 (3u << 0)
#define RCC_CFGR_SWS_MASK (7u << 3)
#define RCC_CFGR_SWS_PLL1 (3u << 3)
#define RCC_D1CFGR REGISTER(0x58024418u)
#define RCC_D1CFGR_HPRE_DIV1 (0u << 0)
#define RCC_D1CFGR_HPRE_DIV2 (8u << 0)
#define RCC_D1CFGR_D1PPRE_DIV2 (4u << 4)
#define RCC_D2CFGR REGISTER(0x5802441Cu)
#define RCC_D2CFGR_D2PPRE1_DIV2 (4u << 4)
#define RCC_D2CFGR_D2PPRE2_DIV2 (4u << 8)
#define RCC_D3CFGR REGISTER(0x58024420u)
#define RCC_D3CFGR_D3PPRE_DIV2 (4u << 4)
#define RCC_PLLCKSELR REGISTER(0x58024428u)
#define RCC_PLLCKSELR_PLLSRC_HSE (2u << 0)
#define RCC_PLLCKSELR_DIVM1(divider) ((divider) << 4)
#define RCC_PLLCFGR REGISTER(0x5802442Cu)
#define RCC_PLLCFGR_PLL1RGE_2_TO_4_MHZ (1u << 2)
#define RCC_PLLCFGR_DIVP1EN (1u << 16)
#define RCC_PLL1DIVR REGISTER(0x58024430u)
#define RCC_PLL1DIVR_N1(factor) (((factor)-1u) << 0)
#define RCC_PLL1DIVR_P1(divider) (((divider)-1u) << 9)
#define RCC_PLL1DIVR_Q1(divider) (((divider)-1u) << 16)
#define RCC_PLL1DIVR_R1(divider) (((divider)-1u) << 24)
/* RM0433 has these at two addresses; this one, RCC_C1_AHB4ENR and RCC_C1_APB1LENR there, is the only one of RM0455. */
#define RCC_AHB4ENR REGISTER(0x58024540u)
#define RCC_APB1LENR REGISTER(0x58024548u)
#define RCC_APB1LENR_USART3EN (1u << 18)

#define FLASH_ACR REGISTER(0x52002000u)
#define FLASH_ACR_MASK (0x3Fu << 0)
#define FLASH_ACR_LATENCY(wait_states) ((wait_states) << 0)
#define FLASH_ACR_WRHIGHFREQ(delay) ((delay) << 4)

#endif
