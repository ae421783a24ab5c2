/* The USART of the F4: one status and one data register. */
#include "board.h"
#include "cortex_m.h"
#include "platform.h"
#include "usart.h"

#define USART_SR REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define USART_SR_RXNE (1u << 5)
#define USART_SR_TC (1u << 6)
#define USART_SR_TXE (1u << 7)
#define USART_DR REGISTER(BOARD_CONSOLE_BASE + 0x04u)
#define USART_BRR REGISTER(BOARD_CONSOLE_BASE + 0x08u)
#define USART_CR1 REGISTER(BOARD_CONSOLE_BASE + 0x0Cu)
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_UE (1u << 13)

void usart_start(uint32_t baud_rate_divider)
{
    USART_BRR = baud_rate_divider;
    USART_CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_TE;
}

/* Reading both registers clears an overrun too: bytes that come while the firmware is busy are lost, and the checksum
 * tells. */
uint8_t platform_console_read(void)
{
    while ((USART_SR & USART_SR_RXNE) == 0) {
    }
    return (uint8_t)USART_DR;
}

void platform_console_write(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((USART_SR & USART_SR_TXE) == 0) {
        }
        USART_DR = data[i];
    }
    while ((USART_SR & USART_SR_TC) == 0) {
    }
}
