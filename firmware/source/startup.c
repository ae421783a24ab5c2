/* From reset to main: vector table, FPU, memory, and the paint that shows later how deep the stack went. */
#include "cortex_m.h"
#include "firmware.h"

typedef struct {
    const uint32_t *source;
    uint32_t *start;
    uint32_t *end;
} copy_t;

/* All from the linker script. */
extern const copy_t data_copies[];
extern const copy_t data_copies_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];

_Noreturn void reset_handler(void);

typedef void (*vector_t)(void);

/* The system's vectors only: no interrupt is ever enabled. */
__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    (vector_t)(uintptr_t)stack_end,
    reset_handler,
    fault_handler, /* NMI */
    fault_handler, /* HardFault, and every other fault, which all escalate to it */
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
    fault_handler,
};

static void initialise_memory(void)
{
    for (const copy_t *copy = data_copies; copy != data_copies_end; copy++) {
        const uint32_t *from = copy->source;
        if (from == copy->start) {
            continue; /* weights that stay in flash */
        }
        for (uint32_t *to = copy->start; to != copy->end; to++) {
            *to = *from++;
        }
    }
    for (uint32_t *word = bss_start; word != bss_end; word++) {
        *word = 0;
    }
}

_Noreturn void reset_handler(void)
{
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
#ifdef __ARM_FP
    SCB_CPACR |= SCB_CPACR_FPU_FULL_ACCESS;
#endif
    barrier();
    stack_paint();
    initialise_memory();
    bench_loop();
}
