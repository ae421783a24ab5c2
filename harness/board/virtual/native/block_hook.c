/* Called by Unicorn at the start of every basic block: adds the block's cycles to the virtual clock.
 *
 * What a block costs by itself is decoded once, in Python (`decode`), and kept. What depends on the way a block was
 * reached (taken branch, misprediction, a load that pipelines with the block before) is decided here, and, while the
 * clock is timed, what its fetches and accesses meet in the memory system. Their addresses are computed from the
 * registers at the block's start (`compile`): hooks of Unicorn's on every access cost ten times as much. */
#include "address_program.h"

enum {
    ENDS_IN_CONDITIONAL_BRANCH = 1,
    ENDS_IN_INDIRECT_BRANCH = 2,
    ENDS_IN_LOAD = 4,
    BEGINS_WITH_ACCESS = 8,
};

enum { ELSEWHERE = 1 }; /* index of the block for code outside all memories: decoded every time */

static const uint32_t NOT_COMPILED = UINT32_MAX;

static uint64_t predicted_branch(clock_state_t *state, block_t *last, bool taken)
{
    if (last->flags & ENDS_IN_INDIRECT_BRANCH)
        return state->indirect_cycles;
    if (!(last->flags & ENDS_IN_CONDITIONAL_BRANCH))
        return taken ? state->taken_cycles : 0;
    bool predicted = last->taken_counter >= 2;
    if (taken && last->taken_counter < 3)
        last->taken_counter++;
    if (!taken && last->taken_counter > 0)
        last->taken_counter--;
    return (predicted == taken ? 0 : state->mispredicted_cycles) + (taken ? state->taken_cycles : 0);
}

static int64_t transition(clock_state_t *state, const block_t *block, uint64_t address)
{
    block_t *last = state->block + state->last;
    bool taken = address != state->fall_through;
    if (state->predicts_branches)
        return (int64_t)predicted_branch(state, last, taken);
    if (taken)
        return (int64_t)(last->flags & ENDS_IN_INDIRECT_BRANCH ? state->indirect_cycles : state->taken_cycles);
    if ((last->flags & ENDS_IN_LOAD) && (block->flags & BEGINS_WITH_ACCESS))
        return -(int64_t)state->pipelined_load_saves;
    return 0;
}

static void time_memory(clock_state_t *state, const region_t *region, uint64_t address, uint32_t size, uint32_t index)
{
    profile_t ignored, *profile = state->profile ? state->profile + index : &ignored;
    block_t *block = state->block + index;
    if (region && region->fetch_cache) {
        /* A block that follows itself finds its lines as it left them, unless something else was filled in. */
        bool again = index == state->last && block->fetch_epoch == region->fetch_cache->epoch;
        uint64_t stall = again ? 0 : fetch_stalls(state, region, address, size);
        block->fetch_epoch = region->fetch_cache->epoch;
        state->cycles += stall;
        state->stalled += stall;
        profile->fetch += stall;
    }
    if (block->steps == NOT_COMPILED)
        state->compile(address, size, index);
    if (block->steps)
        run_address_program(state, block, profile);
    profile->runs++;
}

static uint32_t find(clock_state_t *state, const region_t *region, uint64_t address, uint32_t size)
{
    if (!region || !region->block_index) {
        state->block[ELSEWHERE].size = 0;
        return state->decode(address, size);
    }
    uint32_t *index = region->block_index + ((address - region->origin) >> 1);
    if (*index && state->block[*index].size == size)
        return *index;
    uint32_t decoded = state->decode(address, size);
    *index = decoded;
    return decoded;
}

static void end_run(void *engine, clock_state_t *state)
{
    state->stopped = 1;
    state->stop(engine);
}

void on_block(void *engine, uint64_t address, uint32_t size, void *user_data)
{
    clock_state_t *state = user_data;
    /* Before anything is charged: Unicorn calls again for this block when the run goes on. */
    if (state->cycles >= state->deadline) {
        end_run(engine, state);
        return;
    }
    region_t *region = region_of(state, address);
    uint32_t index = find(state, region, address, size);
    if (!index) {
        end_run(engine, state);
        return;
    }
    block_t *block = state->block + index;
    int64_t reached = transition(state, block, address);
    uint64_t before = state->cycles;
    state->cycles += (uint64_t)reached + block->cycles;
    if (state->timed) {
        if (state->profile)
            state->profile[index].transition += (uint64_t)reached;
        time_memory(state, region, address, size, index);
        if (region)
            region->executed += state->cycles - before;
    }
    state->instructions += block->instructions;
    state->blocks++;
    state->fall_through = address + size;
    state->last = index;
}
