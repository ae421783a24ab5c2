/* Carries out a block's address program: the addresses of its accesses, from the registers as the block is entered. */
#ifndef ADDRESS_PROGRAM_H
#define ADDRESS_PROGRAM_H

#include "memory_timing.h"

enum step_kind {
    READ, /* accesses: left + (right << shift) + offset, `bytes` from there */
    WRITE,
    UNRESOLVED, /* an access whose address depends on what the program can't follow */
    DIVIDE,     /* left / right; offset: the cycles already charged */
    LOAD,       /* values */
    ADD,        /* left + (right << shift) + offset */
    SUBTRACT,   /* left - (right << shift) + offset */
    MULTIPLY,
    AND,
    OR,
    XOR,
    SHIFT_LEFT,
    SHIFT_RIGHT,
    SHIFT_RIGHT_SIGNED,
    FIELD, /* `bytes` bits of left from bit `shift` on */
};

enum step_flags {
    PIPELINED = 1,     /* counted as pipelined with the access before it: only true within one bank */
    HIDES_ONE = 2,     /* a stall of the fetch queue is counted behind it: one cycle of a data stall hides there */
    SIGNED = 4,
    PAIRED = 8, /* counted as issued in one cycle with the load before it: only if that needs the other bank of words */
};

static inline uint32_t divide_cycles(const clock_state_t *state, uint32_t dividend, uint32_t divisor, bool is_signed)
{
    uint32_t n = is_signed && (int32_t)dividend < 0 ? 0u - dividend : dividend;
    uint32_t d = is_signed && (int32_t)divisor < 0 ? 0u - divisor : divisor;
    if (n == 0 || d == 0)
        return (uint32_t)state->divide_zero;
    int more_bits = __builtin_clz(d) - __builtin_clz(n);
    if (more_bits < 0)
        return (uint32_t)state->divide_smaller;
    uint64_t cycles = state->divide_base + (uint64_t)more_bits / state->divide_bits;
    return (uint32_t)(cycles > state->divide_maximum ? state->divide_maximum : cycles);
}

static inline uint32_t read_value(clock_state_t *state, uint32_t address, const step_t *step)
{
    const region_t *region = region_of(state, address);
    uint32_t value = 0;
    if (!region || !region->memory || address - region->origin + step->bytes > region->size)
        return 0;
    memcpy(&value, region->memory + (address - region->origin), step->bytes);
    uint32_t unused = 32u - 8u * step->bytes;
    return step->flags & SIGNED && unused ? (uint32_t)((int32_t)(value << unused) >> unused) : value;
}

static inline uint32_t field(uint32_t value, const step_t *step)
{
    uint32_t above = 32u - step->bytes, field = value >> step->shift << above;
    return step->flags & SIGNED ? (uint32_t)((int32_t)field >> above) : field >> above;
}

static inline uint64_t account(clock_state_t *state, const step_t *step, uint32_t address)
{
    const region_t *region = region_of(state, address);
    uint64_t stall = 0;
    if (!region)
        return 0;
    if (step->flags & PIPELINED && region->bank != state->last_bank)
        stall += state->pipelined_load_saves;
    state->last_bank = region->bank;
    if (step->flags & PAIRED && !((address ^ state->last_address) & 4))
        stall += state->bank_conflict_cycles;
    state->last_address = address;
    if (step->bytes <= 4 && address & (step->bytes - 1u))
        stall += step->kind == WRITE ? state->unaligned_store_cycles : state->unaligned_cycles;
    if (step->kind == WRITE)
        return stall + write_stalls(state, region, address, step->bytes);
    uint64_t data = read_stalls(state, region, address, step->bytes);
    return stall + data - (data && step->flags & HIDES_ONE ? 1 : 0);
}

static inline void run_address_program(clock_state_t *state, const block_t *block, profile_t *profile)
{
    uint32_t value[VALUES];
    memcpy(value, state->registers, REGISTERS * sizeof *value);
    value[NO_REGISTER] = 0;
    const step_t *step = state->step + block->first_step, *end = step + block->steps;
    uint64_t data = 0;
    for (; step < end; step++) {
        uint32_t left = value[step->left], right = value[step->right], offset = (uint32_t)step->offset;
        uint64_t cost;
        switch (step->kind) {
        case READ:
        case WRITE:
            cost = account(state, step, left + (right << step->shift) + offset);
            state->cycles += cost;
            data += cost;
            break;
        case UNRESOLVED: profile->unresolved++; break;
        case DIVIDE:
            cost = divide_cycles(state, left, right, step->flags & SIGNED) - (uint64_t)offset;
            state->cycles += cost;
            profile->divide += cost;
            break;
        case LOAD: value[step->target] = read_value(state, left + (right << step->shift) + offset, step); break;
        case ADD: value[step->target] = left + (right << step->shift) + offset; break;
        case SUBTRACT: value[step->target] = left - (right << step->shift) + offset; break;
        case MULTIPLY: value[step->target] = left * right; break;
        case AND: value[step->target] = left & right; break;
        case OR: value[step->target] = left | right; break;
        case XOR: value[step->target] = left ^ right; break;
        case SHIFT_LEFT: value[step->target] = right & 0xE0 ? 0 : left << (right & 31); break;
        case SHIFT_RIGHT: value[step->target] = right & 0xE0 ? 0 : left >> (right & 31); break;
        case SHIFT_RIGHT_SIGNED:
            value[step->target] = (uint32_t)((int32_t)left >> (right & 0xE0 ? 31 : right & 31));
            break;
        case FIELD: value[step->target] = field(left, step); break;
        default: break;
        }
    }
    state->stalled += data;
    profile->data += data;
}

#endif
