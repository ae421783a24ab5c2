/* A firmware that exercises a virtual board: polled console, cycle counter, trigger pin, sleep, faults on command.
 *
 * Commands are single bytes; see main(). Built by tests/board/board_firmware.py for each board, with the addresses of
 * its console UART and trigger port, and the register writes that set its clock, on the command line. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_CR1 REGISTER(CONSOLE_BASE + 0x00)
#define UART_ISR REGISTER(CONSOLE_BASE + 0x1C)
#define UART_RDR REGISTER(CONSOLE_BASE + 0x24)
#define UART_TDR REGISTER(CONSOLE_BASE + 0x28)
#define GPIO_MODER REGISTER(TRIGGER_BASE + 0x00)
#define GPIO_BSRR REGISTER(TRIGGER_BASE + 0x18)
#define SYST_CSR REGISTER(0xE000E010)
#define SYST_RVR REGISTER(0xE000E014)
#define SYST_CVR REGISTER(0xE000E018)
#define DWT_CTRL REGISTER(0xE0001000)
#define DWT_CYCCNT REGISTER(0xE0001004)
#define DWT_LAR REGISTER(0xE0001FB0)
#define ICSR REGISTER(0xE000ED04)
#define AIRCR REGISTER(0xE000ED0C)
#define CCR REGISTER(0xE000ED14)
#define SHCSR REGISTER(0xE000ED24)
#define CFSR REGISTER(0xE000ED28)
#define HFSR REGISTER(0xE000ED2C)
#define BFAR REGISTER(0xE000ED38)
#define CPACR REGISTER(0xE000ED88)
#define DEMCR REGISTER(0xE000EDFC)
#define WATCHDOG_KEY REGISTER(0x40003000)
#define RXNE (1u << 5)
#define TXE (1u << 7)

extern uint32_t data_load, data_start, data_end, bss_start, bss_end, stack_top;

static volatile uint32_t ticks, calls, pended, echoed;
static const uint32_t clock_setup[][2] = {CLOCK_SETUP};
static int8_t vector[1024];
static int8_t weights[1024] = {3, -1, 4, 1, -5, 9, 2, -6};
static volatile int32_t sink;
static volatile float float_sink = 1.5f;

static uint8_t get(void)
{
    while (!(UART_ISR & RXNE)) {
    }
    return (uint8_t)UART_RDR;
}

static void put(uint8_t byte)
{
    while (!(UART_ISR & TXE)) {
    }
    UART_TDR = byte;
}

static void say(const char *text)
{
    while (*text)
        put((uint8_t)*text++);
}

static void say_hex(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        put((uint8_t)"0123456789abcdef"[value >> shift & 15]);
}

static void report(const char *name, uint32_t value)
{
    say(name);
    put(' ');
    say_hex(value);
    put('\n');
}

__attribute__((noipa)) static int32_t multiply(int rounds)
{
    int32_t sum = 0;
    while (rounds--)
        for (int index = 0; index < 1024; index++)
            sum += vector[index] * weights[index];
    return sum;
}

static void measure(int rounds)
{
    GPIO_BSRR = 1u << TRIGGER_PIN;
    uint32_t start = DWT_CYCCNT;
    sink = multiply(rounds);
    uint32_t cycles = DWT_CYCCNT - start;
    GPIO_BSRR = 1u << (TRIGGER_PIN + 16);
    report("cycles", cycles);
}

/* Sleeps through some SysTick periods, the trigger high. */
static void sleep_ticks(uint32_t count)
{
    ticks = 0;
    SYST_RVR = 120000 - 1;
    SYST_CVR = 0;
    SYST_CSR = 7;
    GPIO_BSRR = 1u << TRIGGER_PIN;
    uint32_t start = DWT_CYCCNT;
    while (ticks < count)
        __asm volatile("wfi");
    uint32_t cycles = DWT_CYCCNT - start;
    GPIO_BSRR = 1u << (TRIGGER_PIN + 16);
    SYST_CSR = 0;
    report("slept", cycles);
}

static void exceptions(void)
{
    calls = pended = 0;
    float kept = float_sink * 3.0f;
    __asm volatile("svc #3");
    ICSR = 1u << 28;
    __asm volatile("dsb\n isb" ::: "memory");
    while (!pended) {
    }
    report("svc", calls);
    report("pendsv", pended);
    report("kept", kept == float_sink * 3.0f);
}

/* Echoes bytes from the receive interrupt, asleep between them. */
static void echo_by_interrupt(uint32_t count)
{
    echoed = 0;
    REGISTER(0xE000E100 + 4 * (CONSOLE_INTERRUPT / 32)) = 1u << CONSOLE_INTERRUPT % 32;
    UART_CR1 |= RXNE;
    while (echoed < count)
        __asm volatile("wfi");
    UART_CR1 &= ~RXNE;
    report("echoed", echoed);
}

static int overflow(int depth)
{
    volatile int frame[64];
    frame[0] = depth;
    return overflow(depth + 1) + frame[0];
}

static void fault(uint8_t kind)
{
    volatile int32_t zero = 0;
    switch (kind) {
    case 'r': sink = (int32_t)REGISTER(0x70000000); break;
    case 'w': REGISTER(0x70000010) = 1; break;
    case 'u': __asm volatile("udf #1"); break;
    case 'x': ((void (*)(void))0x70000001)(); break;
    case 'p': ((void (*)(void))0x40000001)(); break;
    case 'a': ((void (*)(void))((uint32_t)&multiply & ~1u))(); break;
    case 'd': CCR |= 1u << 4; __asm volatile("dsb\n isb"); sink = 7 / zero; break;
    case 'n': CPACR = 0; __asm volatile("dsb\n isb"); float_sink = float_sink * 2.0f; break;
    case 's': sink = overflow(0); break;
    case 'b': __asm volatile("bkpt #0"); break;
    case 'B': SHCSR |= 1u << 17; sink = (int32_t)REGISTER(0x70000000); break;
    }
}


int main(void)
{
    for (int index = 0; index < 1024; index++)
        vector[index] = (int8_t)(index * 7);
    say("ready\n");
    for (;;) {
        uint8_t command = get();
        switch (command) {
        case 'e': for (int left = get(); left > 0; left--) put(get()); break;
        case 'm': measure(get()); break;
        case 'z': sleep_ticks(get()); break;
        case 'x': exceptions(); break;
        case 'I': echo_by_interrupt(get()); break;
        case 'f': fault(get()); say("survived\n"); break;
        case 'd': CCR &= ~(1u << 4); { volatile int32_t zero = 0; report("quotient", (uint32_t)(7 / zero)); } break;
        case 'W': REGISTER(0x08040000) = 0; report("flash", REGISTER(0x08040000)); break;
        case 'R': AIRCR = 0x05FA0004; for (;;) {} break;
        case 'D': WATCHDOG_KEY = 0xCCCC; for (;;) {} break;
        case 'h': for (;;) __asm volatile("" ::: "memory"); break;
        case 'i': report("id", REGISTER(0xE0042000)); break;
        }
    }
}

void reset_handler(void)
{
    CPACR |= 0xFu << 20;
    __asm volatile("dsb\n isb");
    uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;)
        *to++ = 0;
    DEMCR |= 1u << 24;
    DWT_LAR = 0xC5ACCE55;
    DWT_CYCCNT = 0;
    DWT_CTRL |= 1;
    GPIO_MODER = (GPIO_MODER & ~(3u << 2 * TRIGGER_PIN)) | 1u << 2 * TRIGGER_PIN;
    for (unsigned index = 0; index < sizeof(clock_setup) / sizeof(clock_setup[0]); index++)
        REGISTER(clock_setup[index][0]) = clock_setup[index][1];
    UART_CR1 = 1u << 0 | 1u << 2 | 1u << 3;
    main();
}

__attribute__((used)) static void describe(const char *name, const uint32_t *frame)
{
    report(name, CFSR);
    report("hfsr", HFSR);
    report("bfar", BFAR);
    if (!(CFSR & 1u << 12))
        report("pc", frame[6]);
    say("end\n");
    for (;;) {
    }
}

/* The stack may be what broke: start on a fresh one. */
#define FAULT_HANDLER(function, name)                                                                  \
    __attribute__((naked)) static void function(void)                                                  \
    {                                                                                                  \
        __asm volatile("mov r1, sp\n ldr r0, =" #name "\n ldr r2, =stack_top\n mov sp, r2\n b describe"); \
    }

__attribute__((used)) static const char hard_name[] = "hardfault", bus_name[] = "busfault";
FAULT_HANDLER(hard_fault, hard_name)
FAULT_HANDLER(bus_fault, bus_name)

static void svcall(void) { calls++; float_sink = float_sink * 1.0f; }
static void pendsv(void) { pended++; }
static void systick(void) { ticks++; }

static void console_interrupt(void)
{
    put((uint8_t)UART_RDR);
    echoed++;
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16 + CONSOLE_INTERRUPT + 1] = {
    [16 + CONSOLE_INTERRUPT] = console_interrupt, [0] = &stack_top, reset_handler, hard_fault, hard_fault, hard_fault, bus_fault, hard_fault, 0,
    0, 0, 0, svcall, hard_fault, 0, pendsv, systick,
};
