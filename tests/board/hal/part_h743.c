/* NUCLEO-H743ZI: HSE (8 MHz from the ST-LINK) / 1 x 100 / 2 = 400 MHz, buses at half, USART3 on PD8 and PD9. */
#include "part.h"

extern UART_HandleTypeDef uart;
extern DMA_HandleTypeDef receive_dma, transmit_dma, copy_dma;

void set_up_clock(void)
{
    RCC_OscInitTypeDef oscillators = {0};
    RCC_ClkInitTypeDef clocks = {0};
    if (HAL_PWREx_ConfigSupply(PWR_LDO_SUPPLY) != HAL_OK)
        Error_Handler();
    __HAL_PWR_VOLTAGESCALING_CONFIG(PWR_REGULATOR_VOLTAGE_SCALE1);
    while (!__HAL_PWR_GET_FLAG(PWR_FLAG_VOSRDY)) {
    }
    oscillators.OscillatorType = RCC_OSCILLATORTYPE_HSE;
    oscillators.HSEState = RCC_HSE_BYPASS;
    oscillators.PLL.PLLState = RCC_PLL_ON;
    oscillators.PLL.PLLSource = RCC_PLLSOURCE_HSE;
    oscillators.PLL.PLLM = 1;
    oscillators.PLL.PLLN = 100;
    oscillators.PLL.PLLP = 2;
    oscillators.PLL.PLLQ = 4;
    oscillators.PLL.PLLR = 2;
    oscillators.PLL.PLLRGE = RCC_PLL1VCIRANGE_3;
    oscillators.PLL.PLLVCOSEL = RCC_PLL1VCOWIDE;
    if (HAL_RCC_OscConfig(&oscillators) != HAL_OK)
        Error_Handler();
    clocks.ClockType = RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2 |
                       RCC_CLOCKTYPE_D1PCLK1 | RCC_CLOCKTYPE_D3PCLK1;
    clocks.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
    clocks.SYSCLKDivider = RCC_SYSCLK_DIV1;
    clocks.AHBCLKDivider = RCC_HCLK_DIV2;
    clocks.APB1CLKDivider = RCC_APB1_DIV2;
    clocks.APB2CLKDivider = RCC_APB2_DIV2;
    clocks.APB3CLKDivider = RCC_APB3_DIV2;
    clocks.APB4CLKDivider = RCC_APB4_DIV2;
    if (HAL_RCC_ClockConfig(&clocks, FLASH_LATENCY_2) != HAL_OK)
        Error_Handler();
}

void start_rng_clock(void)
{
    RCC_OscInitTypeDef oscillators = {.OscillatorType = RCC_OSCILLATORTYPE_HSI48, .HSI48State = RCC_HSI48_ON};
    if (HAL_RCC_OscConfig(&oscillators) != HAL_OK)
        Error_Handler();
}

static void start_dma(DMA_HandleTypeDef *dma, DMA_Stream_TypeDef *stream, uint32_t request, uint32_t direction)
{
    dma->Instance = stream;
    dma->Init.Request = request;
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
    __HAL_RCC_SYSCFG_CLK_ENABLE();
}

void HAL_UART_MspInit(UART_HandleTypeDef *which)
{
    RCC_PeriphCLKInitTypeDef source = {0};
    source.PeriphClockSelection = RCC_PERIPHCLK_USART3;
    source.Usart234578ClockSelection = RCC_USART234578CLKSOURCE_D2PCLK1;
    if (HAL_RCCEx_PeriphCLKConfig(&source) != HAL_OK)
        Error_Handler();
    __HAL_RCC_USART3_CLK_ENABLE();
    __HAL_RCC_GPIOD_CLK_ENABLE();
    __HAL_RCC_DMA1_CLK_ENABLE();
    __HAL_RCC_DMA2_CLK_ENABLE();
    GPIO_InitTypeDef pins = {.Pin = GPIO_PIN_8 | GPIO_PIN_9, .Mode = GPIO_MODE_AF_PP, .Alternate = GPIO_AF7_USART3};
    pins.Speed = GPIO_SPEED_FREQ_VERY_HIGH;
    HAL_GPIO_Init(GPIOD, &pins);
    start_dma(&receive_dma, DMA1_Stream1, DMA_REQUEST_USART3_RX, DMA_PERIPH_TO_MEMORY);
    start_dma(&transmit_dma, DMA1_Stream3, DMA_REQUEST_USART3_TX, DMA_MEMORY_TO_PERIPH);
    start_dma(&copy_dma, DMA2_Stream0, DMA_REQUEST_MEM2MEM, DMA_MEMORY_TO_MEMORY);
    __HAL_LINKDMA(which, hdmarx, receive_dma);
    __HAL_LINKDMA(which, hdmatx, transmit_dma);
}

void unlock_cycle_counter(void)
{
    DWT->LAR = 0xC5ACCE55;
}
