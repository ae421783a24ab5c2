#include "usart.h"

#include "board.h"
#include "cortex_m.h"
#include "platform.h"

#define USART_CR1 REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define USART_CR1_UE (1u << 0)
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR3 REGISTER(BOARD_CONSOLE_BASE + 0x08u)
#define USART_CR3_OVRDIS (1u << 12)
#define USART_BRR REGISTER(BOARD_CONSOLE_BASE + 0x0Cu)
#define USART_ISR REGISTER(BOARD_CONSOLE_BASE + 0x1Cu)
#define USART_ISR_RXNE (1u << 5)
#define USART_ISR_TC (1u << 6)
#define USART_ISR_TXE (1u << 7)
#define USART_RDR REGISTER(BOARD_CONSOLE_BASE + 0x24u)
#define USART_TDR REGISTER(BOARD_CONSOLE_BASE + 0x28u)

void usart_start(uint32_t baud_rate_divider)
{
    USART_BRR = baud_rate_divider;
    /* Bytes that come while the firmware is busy are lost without ceremony: the checksum tells. */
    USART_CR3 = USART_CR3_OVRDIS;
    USART_CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_TE;
}

uint8_t platform_console_read(void)
{
    while ((USART_ISR & USART_ISR_RXNE) == 0) {
    }
    return (uint8_t)USART_RDR;
}

void platform_console_write(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((USART_ISR & USART_ISR_TXE) == 0) {
        }
        USART_TDR = data[i];
    }
    while ((USART_ISR & USART_ISR_TC) == 0) {
    }
}
