/* What main.c needs to know of each part. */
#ifndef PART_H
#define PART_H

#if defined(STM32L4R5xx)
#include "stm32l4xx_hal.h"
#define CONSOLE LPUART1
#define CONSOLE_IRQ LPUART1_IRQn
#define CONSOLE_IRQ_HANDLER LPUART1_IRQHandler
#define RECEIVE_DMA_IRQ DMA1_Channel1_IRQn
#define RECEIVE_DMA_IRQ_HANDLER DMA1_Channel1_IRQHandler
#define TRANSMIT_DMA_IRQ DMA1_Channel2_IRQn
#define TRANSMIT_DMA_IRQ_HANDLER DMA1_Channel2_IRQHandler
#define LED_CLOCK_ENABLE __HAL_RCC_GPIOC_CLK_ENABLE
#define LED_PORT GPIOC
#define LED_PIN GPIO_PIN_7
#define TIMER_HZ HAL_RCC_GetPCLK1Freq()
#elif defined(STM32F746xx) || defined(STM32H743xx)
#if defined(STM32F746xx)
#include "stm32f7xx_hal.h"
#else
#include "stm32h7xx_hal.h"
#define IWDG IWDG1
#define WWDG WWDG1
#define __HAL_RCC_WWDG_CLK_ENABLE __HAL_RCC_WWDG1_CLK_ENABLE
#define RESET_FLAGS                                                                                                    \
    ((RCC->RSR & RCC_RSR_PORRSTF ? 1u << 27 : 0u) | (RCC->RSR & RCC_RSR_SFTRSTF ? 1u << 28 : 0u) |                     \
     (RCC->RSR & RCC_RSR_IWDG1RSTF ? 1u << 29 : 0u) | (RCC->RSR & RCC_RSR_WWDG1RSTF ? 1u << 30 : 0u))
#endif
#define CONSOLE USART3
#define CONSOLE_IRQ USART3_IRQn
#define CONSOLE_IRQ_HANDLER USART3_IRQHandler
#define RECEIVE_DMA_IRQ DMA1_Stream1_IRQn
#define RECEIVE_DMA_IRQ_HANDLER DMA1_Stream1_IRQHandler
#define TRANSMIT_DMA_IRQ DMA1_Stream3_IRQn
#define TRANSMIT_DMA_IRQ_HANDLER DMA1_Stream3_IRQHandler
#define LED_CLOCK_ENABLE __HAL_RCC_GPIOB_CLK_ENABLE
#define LED_PORT GPIOB
#define LED_PIN GPIO_PIN_0
/* Timers run at twice their bus's clock where that is divided. */
#define TIMER_HZ (HAL_RCC_GetPCLK1Freq() * (HAL_RCC_GetPCLK1Freq() == HAL_RCC_GetHCLKFreq() ? 1u : 2u))
#endif

/* As in RCC_CSR of the L4 and F7. */
#ifndef RESET_FLAGS
#define RESET_FLAGS RCC->CSR
#endif

#ifndef CONSOLE_BAUD
#define CONSOLE_BAUD 115200
#endif

void set_up_clock(void);
void start_rng_clock(void);
void unlock_cycle_counter(void);
void Error_Handler(void);

#endif
