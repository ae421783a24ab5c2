/* NUCLEO-F746ZG: HSE (8 MHz from the ST-LINK) / 4 x 216 / 2 = 216 MHz with over-drive, USART3 on PD8 and PD9. */
#include "part.h"

extern UART_HandleTypeDef uart;
extern DMA_HandleTypeDef receive_dma, transmit_dma, copy_dma;

void set_up_clock(void)
{
    RCC_OscInitTypeDef oscillators = {0};
    RCC_ClkInitTypeDef clocks = {0};
    __HAL_RCC_PWR_CLK_ENABLE();
    __HAL_PWR_VOLTAGESCALING_CONFIG(PWR_REGULATOR_VOLTAGE_SCALE1);
    oscillators.OscillatorType = RCC_OSCILLATORTYPE_HSE;
    oscillators.HSEState = RCC_HSE_BYPASS;
    oscillators.PLL.PLLState = RCC_PLL_ON;
    oscillators.PLL.PLLSource = RCC_PLLSOURCE_HSE;
    oscillators.PLL.PLLM = 4;
    oscillators.PLL.PLLN = 216;
    oscillators.PLL.PLLP = RCC_PLLP_DIV2;
    oscillators.PLL.PLLQ = 9;
    if (HAL_RCC_OscConfig(&oscillators) != HAL_OK)
        Error_Handler();
    if (HAL_PWREx_EnableOverDrive() != HAL_OK)
        Error_Handler();
    clocks.ClockType = RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2;
    clocks.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
    clocks.AHBCLKDivider = RCC_SYSCLK_DIV1;
    clocks.APB1CLKDivider = RCC_HCLK_DIV4;
    clocks.APB2CLKDivider = RCC_HCLK_DIV2;
    if (HAL_RCC_ClockConfig(&clocks, FLASH_LATENCY_7) != HAL_OK)
        Error_Handler();
}

void start_rng_clock(void)
{
}

static void start_dma(DMA_HandleTypeDef *dma, DMA_Stream_TypeDef *stream, uint32_t channel, uint32_t direction)
{
    dma->Instance = stream;
    dma->Init.Channel = channel;
    dma->Init.Direction = direction;
    dma->Init.PeriphInc = direction == DMA_MEMORY_TO_MEMORY ? DMA_PINC_ENABLE : DMA_PINC_DISABLE;
    dma->Init.MemInc = DMA_MINC_ENABLE;
    dma->Init.PeriphDataAlignment = direction == DMA_MEMORY_TO_MEMORY ? DMA_PDATAALIGN_WORD : DMA_PDATAALIGN_BYTE;
    dma->Init.MemDataAlignment = direction == DMA_MEMORY_TO_MEMORY ? DMA_MDATAALIGN_WORD : DMA_MDATAALIGN_BYTE;
    dma->Init.Mode = DMA_NORMAL;
    dma->Init.Priority = DMA_PRIORITY_LOW;
    dma->Init.FIFOMode = direction == DMA_MEMORY_TO_MEMORY ? DMA_FIFOMODE_ENABLE : DMA_FIFOMODE_DISABLE;
    dma->Init.FIFOThreshold = DMA_FIFO_THRESHOLD_FULL;
    dma->Init.MemBurst = DMA_MBURST_SINGLE;
    dma->Init.PeriphBurst = DMA_PBURST_SINGLE;
    if (HAL_DMA_Init(dma) != HAL_OK)
        Error_Handler();
}

void HAL_MspInit(void)
{
    __HAL_RCC_PWR_CLK_ENABLE();
    __HAL_RCC_SYSCFG_CLK_ENABLE();
}

void HAL_UART_MspInit(UART_HandleTypeDef *which)
{
    RCC_PeriphCLKInitTypeDef source = {0};
    source.PeriphClockSelection = RCC_PERIPHCLK_USART3;
    source.Usart3ClockSelection = RCC_USART3CLKSOURCE_PCLK1;
    if (HAL_RCCEx_PeriphCLKConfig(&source) != HAL_OK)
        Error_Handler();
    __HAL_RCC_USART3_CLK_ENABLE();
    __HAL_RCC_GPIOD_CLK_ENABLE();
    __HAL_RCC_DMA1_CLK_ENABLE();
    __HAL_RCC_DMA2_CLK_ENABLE();
    GPIO_InitTypeDef pins = {.Pin = GPIO_PIN_8 | GPIO_PIN_9, .Mode = GPIO_MODE_AF_PP, .Alternate = GPIO_AF7_USART3};
    pins.Speed = GPIO_SPEED_FREQ_VERY_HIGH;
    HAL_GPIO_Init(GPIOD, &pins);
    start_dma(&receive_dma, DMA1_Stream1, DMA_CHANNEL_4, DMA_PERIPH_TO_MEMORY);
    start_dma(&transmit_dma, DMA1_Stream3, DMA_CHANNEL_4, DMA_MEMORY_TO_PERIPH);
    /* Only DMA2 moves data between memories. */
    start_dma(&copy_dma, DMA2_Stream0, DMA_CHANNEL_0, DMA_MEMORY_TO_MEMORY);
    __HAL_LINKDMA(which, hdmarx, receive_dma);
    __HAL_LINKDMA(which, hdmatx, transmit_dma);
}

void unlock_cycle_counter(void)
{
    DWT->LAR = 0xC5ACCE55;
}
