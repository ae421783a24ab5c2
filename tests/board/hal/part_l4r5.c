/* NUCLEO-L4R5ZI: MSI x 60 / 2 = 120 MHz, LPUART1 on PG7 and PG8. */
#include "part.h"

extern UART_HandleTypeDef uart;
extern DMA_HandleTypeDef receive_dma, transmit_dma, copy_dma;

void set_up_clock(void)
{
    RCC_OscInitTypeDef oscillators = {0};
    RCC_ClkInitTypeDef clocks = {0};
    if (HAL_PWREx_ControlVoltageScaling(PWR_REGULATOR_VOLTAGE_SCALE1_BOOST) != HAL_OK)
        Error_Handler();
    HAL_PWR_EnableBkUpAccess();
    oscillators.OscillatorType = RCC_OSCILLATORTYPE_MSI | RCC_OSCILLATORTYPE_LSE;
    oscillators.LSEState = RCC_LSE_ON;
    oscillators.MSIState = RCC_MSI_ON;
    oscillators.MSICalibrationValue = 0;
    oscillators.MSIClockRange = RCC_MSIRANGE_6;
    oscillators.PLL.PLLState = RCC_PLL_ON;
    oscillators.PLL.PLLSource = RCC_PLLSOURCE_MSI;
    oscillators.PLL.PLLM = 1;
    oscillators.PLL.PLLN = 60;
    oscillators.PLL.PLLP = RCC_PLLP_DIV2;
    oscillators.PLL.PLLQ = RCC_PLLQ_DIV2;
    oscillators.PLL.PLLR = RCC_PLLR_DIV2;
    if (HAL_RCC_OscConfig(&oscillators) != HAL_OK)
        Error_Handler();
    clocks.ClockType = RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2;
    clocks.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
    clocks.AHBCLKDivider = RCC_SYSCLK_DIV1;
    clocks.APB1CLKDivider = RCC_HCLK_DIV1;
    clocks.APB2CLKDivider = RCC_HCLK_DIV1;
    if (HAL_RCC_ClockConfig(&clocks, FLASH_LATENCY_5) != HAL_OK)
        Error_Handler();
    HAL_RCCEx_EnableMSIPLLMode();
}

void start_rng_clock(void)
{
    RCC_OscInitTypeDef oscillators = {.OscillatorType = RCC_OSCILLATORTYPE_HSI48, .HSI48State = RCC_HSI48_ON};
    if (HAL_RCC_OscConfig(&oscillators) != HAL_OK)
        Error_Handler();
}

static void start_dma(DMA_HandleTypeDef *dma, DMA_Channel_TypeDef *channel, uint32_t request, uint32_t direction)
{
    dma->Instance = channel;
    dma->Init.Request = request;
    dma->Init.Direction = direction;
    dma->Init.PeriphInc = direction == DMA_MEMORY_TO_MEMORY ? DMA_PINC_ENABLE : DMA_PINC_DISABLE;
    dma->Init.MemInc = DMA_MINC_ENABLE;
    dma->Init.PeriphDataAlignment = direction == DMA_MEMORY_TO_MEMORY ? DMA_PDATAALIGN_WORD : DMA_PDATAALIGN_BYTE;
    dma->Init.MemDataAlignment = direction == DMA_MEMORY_TO_MEMORY ? DMA_MDATAALIGN_WORD : DMA_MDATAALIGN_BYTE;
    dma->Init.Mode = DMA_NORMAL;
    dma->Init.Priority = DMA_PRIORITY_LOW;
    if (HAL_DMA_Init(dma) != HAL_OK)
        Error_Handler();
}

void HAL_MspInit(void)
{
    __HAL_RCC_SYSCFG_CLK_ENABLE();
    __HAL_RCC_PWR_CLK_ENABLE();
}

void HAL_UART_MspInit(UART_HandleTypeDef *which)
{
    RCC_PeriphCLKInitTypeDef source = {0};
    source.PeriphClockSelection = RCC_PERIPHCLK_LPUART1;
    source.Lpuart1ClockSelection = RCC_LPUART1CLKSOURCE_PCLK1;
    if (HAL_RCCEx_PeriphCLKConfig(&source) != HAL_OK)
        Error_Handler();
    __HAL_RCC_LPUART1_CLK_ENABLE();
    __HAL_RCC_GPIOG_CLK_ENABLE();
    __HAL_RCC_DMAMUX1_CLK_ENABLE();
    __HAL_RCC_DMA1_CLK_ENABLE();
    HAL_PWREx_EnableVddIO2();
    GPIO_InitTypeDef pins = {.Pin = GPIO_PIN_7 | GPIO_PIN_8, .Mode = GPIO_MODE_AF_PP, .Alternate = GPIO_AF8_LPUART1};
    pins.Speed = GPIO_SPEED_FREQ_VERY_HIGH;
    HAL_GPIO_Init(GPIOG, &pins);
    start_dma(&receive_dma, DMA1_Channel1, DMA_REQUEST_LPUART1_RX, DMA_PERIPH_TO_MEMORY);
    start_dma(&transmit_dma, DMA1_Channel2, DMA_REQUEST_LPUART1_TX, DMA_MEMORY_TO_PERIPH);
    start_dma(&copy_dma, DMA1_Channel3, DMA_REQUEST_MEM2MEM, DMA_MEMORY_TO_MEMORY);
    __HAL_LINKDMA(which, hdmarx, receive_dma);
    __HAL_LINKDMA(which, hdmatx, transmit_dma);
}

void unlock_cycle_counter(void)
{
}
