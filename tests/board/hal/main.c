/* Firmware as STM32CubeMX would have it: HAL_Init, the clock set up to full speed, a UART, and HAL's drivers.
 *
 * It obeys one-letter commands; see main(). Linked with ST's unmodified HAL sources and start-up code. */
#include "part.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 200u
#define STREAM_BYTES 16u

UART_HandleTypeDef uart;
DMA_HandleTypeDef receive_dma, transmit_dma, copy_dma;

static volatile uint32_t received_count, sent_count, half_count, error_count;
static volatile uint32_t timer_updates;
static uint8_t buffer[256];

static void say(const char *text)
{
    HAL_UART_Transmit(&uart, (const uint8_t *)text, (uint16_t)strlen(text), TIMEOUT_MS);
}

static void report(const char *name, uint32_t value)
{
    char line[64];
    snprintf(line, sizeof line, "%s %08lx\n", name, (unsigned long)value);
    say(line);
}

void Error_Handler(void)
{
    for (;;) {
    }
}

static void must(HAL_StatusTypeDef status)
{
    if (status != HAL_OK)
        Error_Handler();
}

static uint8_t get(void)
{
    uint8_t byte;
    while (HAL_UART_Receive(&uart, &byte, 1, HAL_MAX_DELAY) != HAL_OK) {
    }
    return byte;
}

void SysTick_Handler(void)
{
    HAL_IncTick();
}

void HAL_UART_RxCpltCallback(UART_HandleTypeDef *which)
{
    (void)which;
    received_count++;
}

void HAL_UART_RxHalfCpltCallback(UART_HandleTypeDef *which)
{
    (void)which;
    half_count++;
}

void HAL_UART_TxCpltCallback(UART_HandleTypeDef *which)
{
    (void)which;
    sent_count++;
}

void HAL_UART_ErrorCallback(UART_HandleTypeDef *which)
{
    error_count |= which->ErrorCode;
}

void CONSOLE_IRQ_HANDLER(void)
{
    HAL_UART_IRQHandler(&uart);
}

void RECEIVE_DMA_IRQ_HANDLER(void)
{
    HAL_DMA_IRQHandler(&receive_dma);
}

void TRANSMIT_DMA_IRQ_HANDLER(void)
{
    HAL_DMA_IRQHandler(&transmit_dma);
}

void TIM2_IRQHandler(void)
{
    if (TIM2->SR & TIM_SR_UIF) {
        TIM2->SR = ~TIM_SR_UIF;
        timer_updates++;
    }
}

static void start_uart(void)
{
    uart.Instance = CONSOLE;
    uart.Init.BaudRate = CONSOLE_BAUD;
    uart.Init.WordLength = UART_WORDLENGTH_8B;
    uart.Init.StopBits = UART_STOPBITS_1;
    uart.Init.Parity = UART_PARITY_NONE;
    uart.Init.Mode = UART_MODE_TX_RX;
    uart.Init.HwFlowCtl = UART_HWCONTROL_NONE;
    uart.Init.OverSampling = UART_OVERSAMPLING_16;
    must(HAL_UART_Init(&uart));
    HAL_NVIC_SetPriority(CONSOLE_IRQ, 5, 0);
    HAL_NVIC_EnableIRQ(CONSOLE_IRQ);
    HAL_NVIC_SetPriority(RECEIVE_DMA_IRQ, 5, 0);
    HAL_NVIC_EnableIRQ(RECEIVE_DMA_IRQ);
    HAL_NVIC_SetPriority(TRANSMIT_DMA_IRQ, 5, 0);
    HAL_NVIC_EnableIRQ(TRANSMIT_DMA_IRQ);
}

static void start_led(void)
{
    LED_CLOCK_ENABLE();
    GPIO_InitTypeDef pin = {.Pin = LED_PIN, .Mode = GPIO_MODE_OUTPUT_PP, .Speed = GPIO_SPEED_FREQ_LOW};
    HAL_GPIO_Init(LED_PORT, &pin);
}

static void echo_by_polling(uint32_t count)
{
    while (count--) {
        uint8_t byte = get();
        HAL_UART_Transmit(&uart, &byte, 1, TIMEOUT_MS);
    }
}

static void echo_by_interrupt(uint32_t count)
{
    received_count = sent_count = error_count = 0;
    for (uint32_t done = 0; done < count; done++) {
        must(HAL_UART_Receive_IT(&uart, buffer, 1));
        while (received_count <= done && !error_count)
            __WFI();
        must(HAL_UART_Transmit_IT(&uart, buffer, 1));
        while (sent_count <= done)
            __WFI();
    }
    report("errors", error_count);
}

static void echo_by_dma(uint16_t count)
{
    received_count = sent_count = half_count = error_count = 0;
    must(HAL_UART_Receive_DMA(&uart, buffer, count));
    while (!received_count && !error_count)
        __WFI();
    must(HAL_UART_Transmit_DMA(&uart, buffer, count));
    while (!sent_count)
        __WFI();
    report("halves", half_count);
    report("errors", error_count);
}

/* Receives without end into a ring, and says what has come whenever the line falls silent. */
static volatile uint16_t silent_at;

void HAL_UARTEx_RxEventCallback(UART_HandleTypeDef *which, uint16_t size)
{
    (void)which;
    silent_at = size;
}

static void echo_messages(uint32_t count)
{
    uint16_t taken = 0;
    receive_dma.Init.Mode = DMA_CIRCULAR;
    must(HAL_DMA_Init(&receive_dma));
    silent_at = 0;
    must(HAL_UARTEx_ReceiveToIdle_DMA(&uart, buffer, STREAM_BYTES));
    while (count) {
        __disable_irq();
        uint16_t end = silent_at % STREAM_BYTES;
        if (end == taken)
            __WFI();
        __enable_irq();
        while (taken != end) {
            HAL_UART_Transmit(&uart, &buffer[taken], 1, TIMEOUT_MS);
            taken = (uint16_t)((taken + 1) % STREAM_BYTES);
            count--;
        }
    }
    HAL_UART_DMAStop(&uart);
    receive_dma.Init.Mode = DMA_NORMAL;
    must(HAL_DMA_Init(&receive_dma));
    say("\n");
}

static void blink(uint32_t count)
{
    uint32_t start = HAL_GetTick();
    while (count--) {
        HAL_GPIO_TogglePin(LED_PORT, LED_PIN);
        HAL_Delay(5);
    }
    report("ticks", HAL_GetTick() - start);
}

/* TIM2 at 10 kHz counts updates while SysTick counts milliseconds. */
static void count_timer(uint32_t milliseconds)
{
    __HAL_RCC_TIM2_CLK_ENABLE();
    TIM2->PSC = TIMER_HZ / 1000000u - 1u;
    TIM2->ARR = 100u - 1u;
    TIM2->EGR = TIM_EGR_UG;
    TIM2->SR = 0;
    TIM2->DIER = TIM_DIER_UIE;
    HAL_NVIC_SetPriority(TIM2_IRQn, 3, 0);
    HAL_NVIC_EnableIRQ(TIM2_IRQn);
    timer_updates = 0;
    TIM2->CR1 = TIM_CR1_CEN;
    HAL_Delay(milliseconds);
    TIM2->CR1 = 0;
    report("updates", timer_updates);
    /* Once more, polled, and as one pulse. */
    TIM2->DIER = 0;
    TIM2->CNT = 0;
    TIM2->SR = 0;
    uint32_t cycles = DWT->CYCCNT;
    TIM2->CR1 = TIM_CR1_CEN | TIM_CR1_OPM;
    while (!(TIM2->SR & TIM_SR_UIF)) {
    }
    report("pulse", DWT->CYCCNT - cycles);
    report("stopped", !(TIM2->CR1 & TIM_CR1_CEN));
}

static void draw_random_numbers(void)
{
    start_rng_clock();
    __HAL_RCC_RNG_CLK_ENABLE();
    RNG->CR |= RNG_CR_RNGEN;
    for (int index = 0; index < 3; index++) {
        while (!(RNG->SR & RNG_SR_DRDY)) {
        }
        report("random", RNG->DR);
    }
}

static void compute_crc(void)
{
    static const uint8_t digits[] = "123456789";
    __HAL_RCC_CRC_CLK_ENABLE();
    /* CRC-32 as in Ethernet: bits reversed within bytes, and in the result. */
    CRC->CR = CRC_CR_RESET | CRC_CR_REV_IN_0 | CRC_CR_REV_OUT;
    for (int index = 0; index < 9; index++)
        *(volatile uint8_t *)&CRC->DR = digits[index];
    report("crc32", ~CRC->DR);
    /* CRC-16/CCITT-FALSE. */
    CRC->INIT = 0xFFFF;
    CRC->POL = 0x1021;
    CRC->CR = CRC_CR_RESET | CRC_CR_POLYSIZE_0;
    for (int index = 0; index < 9; index++)
        *(volatile uint8_t *)&CRC->DR = digits[index];
    report("crc16", CRC->DR);
}

static void copy_by_dma(void)
{
    for (int index = 0; index < 128; index++)
        buffer[index] = (uint8_t)(index * 3);
    must(HAL_DMA_Start(&copy_dma, (uint32_t)buffer, (uint32_t)(buffer + 128), 32));
    must(HAL_DMA_PollForTransfer(&copy_dma, HAL_DMA_FULL_TRANSFER, TIMEOUT_MS));
    report("copied", memcmp(buffer, buffer + 128, 128) == 0);
}

static void identify(void)
{
    report("id0", HAL_GetUIDw0());
    report("flash", *(volatile uint16_t *)FLASHSIZE_BASE);
    report("device", HAL_GetDEVID());
    report("sysclk", HAL_RCC_GetSysClockFreq());
    report("pclk1", HAL_RCC_GetPCLK1Freq());
}

/* Expires a hundredth of a second later: 320 periods of LSI. */
static void start_watchdog(void)
{
    IWDG->KR = 0xCCCC;
    IWDG->KR = 0x5555;
    IWDG->PR = 0;
    IWDG->RLR = 80 - 1;
    while (IWDG->SR) {
    }
    IWDG->KR = 0xAAAA;
}

static void start_window_watchdog(void)
{
    __HAL_RCC_WWDG_CLK_ENABLE();
    WWDG->CFR = 0x7F;
    WWDG->CR = WWDG_CR_WDGA | 0x7F;
}

int main(void)
{
    HAL_Init();
#ifndef STAY_ON_RESET_CLOCK
    set_up_clock();
#endif
    CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
    unlock_cycle_counter();
    DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
    start_led();
    start_uart();
    report("clock", SystemCoreClock);
    report("reset", RESET_FLAGS);
    __HAL_RCC_CLEAR_RESET_FLAGS();
    for (;;) {
        switch (get()) {
        case 'p': echo_by_polling(get()); break;
        case 'i': echo_by_interrupt(get()); break;
        case 'd': echo_by_dma(get()); break;
        case 's': echo_messages(get()); break;
        case 'b': blink(get()); break;
        case 't': count_timer(get()); break;
        case 'r': draw_random_numbers(); break;
        case 'c': compute_crc(); break;
        case 'm': copy_by_dma(); break;
        case 'u': identify(); break;
        case 'k': start_watchdog(); for (uint32_t left = get(); left--; IWDG->KR = 0xAAAA) HAL_Delay(5); say("kept\n"); break;
        case 'w': start_watchdog(); for (;;) {} break;
        case 'W': start_window_watchdog(); for (;;) {} break;
        case 'R': NVIC_SystemReset(); break;
        case 'e': HAL_Delay(get()); report("late", get()); report("overrun", !!(CONSOLE->ISR & USART_ISR_ORE)); break;
        default: say("?\n");
        }
    }
}
