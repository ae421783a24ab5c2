/* The stack's high-water mark: the region is painted at reset, and what has lost its paint was used.
 *
 * The region lies at the very bottom of the RAM, so that an overflow runs off the memory and faults at once, instead
 * of into the model's data. */
#include "firmware.h"

#define PAINT 0xA5C3F00Du

/* Up to the stack pointer: the caller's frame stays whole. */
__attribute__((noinline)) void stack_paint(void)
{
    uint32_t *stack_pointer;
    __asm volatile("mov %0, sp" : "=r"(stack_pointer));
    for (volatile uint32_t *word = stack_start; word < stack_pointer; word++) {
        *word = PAINT;
    }
}

uint32_t stack_reserved_bytes(void)
{
    return (uint32_t)((uintptr_t)stack_end - (uintptr_t)stack_start);
}

uint32_t stack_used_bytes(void)
{
    const uint32_t *word = stack_start;
    while (word < stack_end && *word == PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)stack_end - (uintptr_t)word);
}
