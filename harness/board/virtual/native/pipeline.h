/* The way from one block to the next: taken and mispredicted branches, and what the block before left in the pipeline. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <string.h>

#include "clock_state.h"

enum {
    ENDS_IN_CONDITIONAL_BRANCH = 1,
    ENDS_IN_INDIRECT_BRANCH = 2,
    BEGINS_ACROSS_WORDS = 4,
};

enum { EMPTY = 0 }; /* a pipeline in which nothing is under way */

/* A 2-bit counter for the direction of a conditional branch; an indirect one goes where it went last. */
static inline bool predicts(block_t *last, uint64_t address, bool taken)
{
    if (last->flags & ENDS_IN_INDIRECT_BRANCH) {
        bool hit = last->last_target == (uint32_t)address;
        last->last_target = (uint32_t)address;
        return hit;
    }
    if (!(last->flags & ENDS_IN_CONDITIONAL_BRANCH))
        return true;
    bool hit = (last->taken_counter >= 2) == taken;
    if (taken && last->taken_counter < 3)
        last->taken_counter++;
    if (!taken && last->taken_counter > 0)
        last->taken_counter--;
    return hit;
}

/* The cycles of getting here from the last block; leaves in `pipeline` what this one finds. */
static inline uint64_t transition(clock_state_t *state, const block_t *block, uint64_t address)
{
    block_t *last = state->block + state->last;
    bool taken = address != state->fall_through;
    uint64_t cycles = taken ? last->taken : 0;
    if (taken && block->flags & BEGINS_ACROSS_WORDS)
        cycles += state->straddling_target_cycles;
    state->pipeline = taken ? state->exit_taken : state->exit;
    state->refetched = state->predicts_branches && !predicts(last, address, taken);
    if (state->refetched) {
        cycles += last->mispredicted;
        state->pipeline = EMPTY;
    }
    return cycles;
}

static inline entry_t *find_entry(clock_state_t *state, uint64_t key)
{
    uint64_t at = key * 0x9E3779B97F4A7C15u >> state->entry_shift;
    while (state->entry[at].key && state->entry[at].key != key)
        at = (at + 1) & state->entry_mask;
    return state->entry + at;
}

/* What this block costs more (or less) than with an empty pipeline; computed once for every pipeline it meets. */
static inline int64_t carried(clock_state_t *state, uint32_t index, uint64_t address, uint32_t size)
{
    const block_t *block = state->block + index;
    state->exit = block->exit;
    state->exit_taken = block->exit_taken;
    if (state->pipeline == EMPTY || index == ELSEWHERE)
        return 0;
    uint64_t key = (uint64_t)index << 16 | state->pipeline;
    entry_t *entry = find_entry(state, key);
    if (!entry->key) {
        entry_t computed = {.key = key};
        state->enter(address, size, (uint32_t)state->pipeline, &computed);
        if (++state->entry_count > state->entry_mask / 2) {
            memset(state->entry, 0, (state->entry_mask + 1) * sizeof *state->entry);
            state->entry_count = 1;
        }
        entry = find_entry(state, key);
        *entry = computed;
    }
    state->exit = entry->exit;
    state->exit_taken = entry->exit_taken;
    entry->runs += state->profile != NULL;
    return entry->extra;
}

#endif
