/* Runs one scenario, and ends: asleep on a virtual board, with a file of its log under QEMU. */
#include "core_test.h"

extern uint32_t data_load, data_start, data_end, bss_start, bss_end, stack_top;

volatile uint32_t log_words[LOG_WORDS];
volatile uint32_t log_count;
void (*volatile on_irq[4])(void);
void (*volatile on_svc)(void);
void (*volatile on_pendsv)(void);
void (*volatile on_nmi)(void);
volatile uint32_t resume_at;

/* The function to run; written into the image. */
__attribute__((section(".scenario"), used)) void (*const volatile scenario)(void) = 0;

void note(uint32_t value)
{
    if (log_count < LOG_WORDS)
        log_words[log_count++] = value;
}

uint32_t ipsr(void)
{
    uint32_t value;
    __asm volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}

#ifdef SEMIHOSTING
static uint32_t host(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static _Noreturn void finish(void)
{
    static const char name[] = "log.bin";
    const uint32_t open[] = {(uint32_t)name, 5, sizeof name - 1};
    uint32_t write[] = {host(1, open), (uint32_t)log_words, sizeof log_words};
    host(5, write);
    host(2, write);
    host(0x18, (const void *)0x20026);
    for (;;) {
    }
}
#else
static _Noreturn void finish(void)
{
    ICER = 0xFFFFFFFF;
    for (;;)
        __asm volatile("cpsid i\n wfi");
}
#endif

USED void run_scenario(void)
{
    scenario();
    finish();
}

NAKED void reset_handler(void)
{
    __asm volatile("bl prepare\n bl run_scenario");
}

USED static void prepare(void)
{
    uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;)
        *to++ = 0;
#if HAS_FLOATS
    CPACR |= 0xFu << 20;
    BARRIER();
#endif
}

static void interrupt(void)
{
    uint32_t number = ipsr();
    note(0xE0000000 | number);
    if (on_irq[number - 16])
        on_irq[number - 16]();
    note(0xF0000000 | number);
}

static void system_exception(void (*action)(void))
{
    note(0xE0000000 | ipsr());
    if (action)
        action();
    note(0xF0000000 | ipsr());
}

static void svcall(void) { system_exception(on_svc); }
static void pendsv(void) { system_exception(on_pendsv); }
static void nmi(void) { system_exception(on_nmi); }



/* Notes the fault registers, clears them, and goes on behind the instruction or where it was told, or nowhere. */
USED void report_fault(uint32_t *frame, uint32_t link)
{
    note(0xFA000000 | ipsr());
#if !V6M
    note(CFSR);
    note(HFSR);
    if (CFSR & 1u << 7)
        note(MMFAR & 0xFFFFFF);
    if (CFSR & 1u << 15)
        note(BFAR);
    note(SHCSR);
    CFSR = CFSR;
    HFSR = HFSR;
#endif
    note(link & 0x1C);
    note(ICSR);
    if (resume_at == NOWHERE_MORE)
        finish();
    if (resume_at) {
        frame[6] = resume_at & ~1u;
        frame[7] |= 1u << 24;
    } else {
        uint16_t first = *(const uint16_t *)frame[6];
        frame[6] += first >> 11 >= 0x1D ? 4 : 2;
    }
    frame[7] &= ~0x0600FC00u;
    resume_at = 0;
}

NAKED static void fault(void)
{
    __asm volatile("movs r0, #4\n mov r1, lr\n tst r0, r1\n beq 1f\n mrs r0, psp\n b 2f\n"
                   "1: mrs r0, msp\n"
                   "2: push {r3, lr}\n bl report_fault\n pop {r3, pc}");
}

__attribute__((section(".vectors"), used)) static void *const vectors[20] = {
    &stack_top, reset_handler, nmi, fault, fault, fault, fault, 0, 0, 0, 0, svcall, fault, 0, pendsv, fault,
    interrupt, interrupt, interrupt, interrupt,
};
