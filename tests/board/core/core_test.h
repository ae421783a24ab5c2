/* What the scenarios share: registers of an M-profile core, and a log of what happens. */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define ISER REGISTER(0xE000E100)
#define ICER REGISTER(0xE000E180)
#define ISPR REGISTER(0xE000E200)
#define ICPR REGISTER(0xE000E280)
#define IABR REGISTER(0xE000E300)
#define IPR0 REGISTER(0xE000E400)
#define ICSR REGISTER(0xE000ED04)
#define AIRCR REGISTER(0xE000ED0C)
#define SCR REGISTER(0xE000ED10)
#define CCR REGISTER(0xE000ED14)
#define SHPR2 REGISTER(0xE000ED1C)
#define SHPR3 REGISTER(0xE000ED20)
#define SHCSR REGISTER(0xE000ED24)
#define CFSR REGISTER(0xE000ED28)
#define HFSR REGISTER(0xE000ED2C)
#define MMFAR REGISTER(0xE000ED34)
#define BFAR REGISTER(0xE000ED38)
#define CPACR REGISTER(0xE000ED88)
#define MPU_CTRL REGISTER(0xE000ED94)
#define MPU_RNR REGISTER(0xE000ED98)
#define MPU_RBAR REGISTER(0xE000ED9C)
#define MPU_RASR REGISTER(0xE000EDA0)
#define MPU_RLAR REGISTER(0xE000EDA0)
#define MPU_MAIR0 REGISTER(0xE000EDC0)
#define STIR REGISTER(0xE000EF00)
#define FPCCR REGISTER(0xE000EF34)
#define FPCAR REGISTER(0xE000EF38)
#define FPDSCR REGISTER(0xE000EF3C)

#define BARRIER() __asm volatile("dsb\n isb" ::: "memory")
#define NAKED __attribute__((naked, used))
#define USED __attribute__((used))
#define SCENARIO USED void
#if __ARM_ARCH == 6
#define APSR_NAME "apsr_nzcvq"
#else
#define APSR_NAME "apsr_nzcvqg"
#endif

#define V6M (__ARM_ARCH == 6)
#define V8M (__ARM_ARCH == 8)
#define HAS_FLOATS (__ARM_FP != 0)

enum { LOG_WORDS = 120 };

/* What happened, and what is next to happen when handler `irq` is entered. */
extern volatile uint32_t log_words[LOG_WORDS];
extern volatile uint32_t log_count;
extern void (*volatile on_irq[4])(void);
extern void (*volatile on_svc)(void);
extern void (*volatile on_pendsv)(void);
extern void (*volatile on_nmi)(void);
/* Where a fault handler goes on from; 0: behind the instruction that faulted. */
#define NOWHERE_MORE 1u
extern volatile uint32_t resume_at;

void note(uint32_t value);
uint32_t ipsr(void);

#endif
