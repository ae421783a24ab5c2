/* A processor fault: its registers go to the host. */
#include "cortex_m.h"
#include "firmware.h"

/* What the core pushes on an exception. */
typedef struct {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
} stacked_t;

_Noreturn void fault_report(const stacked_t *stacked, uint32_t exception);

_Noreturn void fault_report(const stacked_t *stacked, uint32_t exception)
{
    protocol_fault_t fault = {
        .cfsr = SCB_CFSR,
        .hfsr = SCB_HFSR,
        .mmfar = SCB_MMFAR,
        .bfar = SCB_BFAR,
        .exception = exception,
    };
    /* After an overflow of the stack nothing was pushed, and where is not known. */
    if (stacked >= (const stacked_t *)stack_start && stacked + 1 <= (const stacked_t *)stack_end) {
        fault.pc = stacked->pc;
        fault.lr = stacked->lr;
        fault.xpsr = stacked->xpsr;
    }
    fault_tell(&fault);
}

/* With less than 1 KiB of stack left, starts over at its top: nothing there is needed any more. */
__attribute__((naked)) void fault_handler(void)
{
    __asm volatile("mrs r0, msp\n\t"
                   "mrs r1, ipsr\n\t"
                   "ldr r2, =stack_start + 1024\n\t"
                   "cmp r0, r2\n\t"
                   "bhs 1f\n\t"
                   "ldr r2, =stack_end\n\t"
                   "msr msp, r2\n"
                   "1:\n\t"
                   "ldr r2, =fault_report\n\t"
                   "bx r2\n\t"
                   ".ltorg");
}
