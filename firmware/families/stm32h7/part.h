/* What differs between the parts of this family: the supply, the fastest clock, and what flash and buses need for it. */
#ifndef STM32H7_PART_H
#define STM32H7_PART_H

#include "board.h"
#include "registers.h"

#ifdef BOARD_PART_STM32H7A3
/* 280 MHz, the fastest there is, and the buses alike. The step-down converter feeds the core. */
#define PART_SUPPLY PWR_CR3_SMPSEN
#define PART_PLL_N 280u
#define PART_BUS_DIVIDER 1u
#define PART_HPRE RCC_D1CFGR_HPRE_DIV1
/* RM0455 table 15: voltage scale 0, AXI bus from 252 to 280 MHz. */
#define PART_FLASH_TIMING (FLASH_ACR_LATENCY(6u) | FLASH_ACR_WRHIGHFREQ(3u))
#else
/* STM32H742 and H743 at 400 MHz: the fastest that every revision runs, with its buses at half of that. */
#define PART_SUPPLY (PWR_CR3_LDOEN | PWR_CR3_SCUEN)
#define PART_PLL_N 400u
#define PART_BUS_DIVIDER 2u
#define PART_HPRE RCC_D1CFGR_HPRE_DIV2
/* RM0433 table 17: voltage scale 1, AXI bus from 185 to 210 MHz. */
#define PART_FLASH_TIMING (FLASH_ACR_LATENCY(2u) | FLASH_ACR_WRHIGHFREQ(2u))
#endif

#endif
