/* Called by Unicorn at the start of every basic block: adds the block's cycles to the virtual clock.
 *
 * What a block costs by itself is decoded once, in Python (`decode`), and kept. What depends on the way a block was
 * reached is decided here, and, while the clock is timed, what results of the block before are still under way, and what
 * its fetches and accesses meet in the memory system. Their addresses are computed from the
 * registers at the block's start (`compile`): hooks of Unicorn's on every access cost ten times as much. */
#include "address_program.h"
#include "pipeline.h"

static const uint32_t NOT_COMPILED = UINT32_MAX;

static void time_memory(clock_state_t *state, const region_t *region, uint64_t address, uint32_t size, uint32_t index)
{
    profile_t ignored, *profile = state->profile ? state->profile + index : &ignored;
    block_t *block = state->block + index;
    if (region && region->fetch_cache) {
        /* A block that follows itself finds its lines as it left them, unless something was filled in since it began. */
        uint64_t epoch = region->fetch_cache->epoch;
        bool again = index == state->last && block->fetch_epoch == epoch;
        uint64_t stall = again ? 0 : fetch_stalls(state, region, address, block);
        block->fetch_epoch = epoch;
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
        if (!state->continues) {
            end_run(engine, state);
            return;
        }
        /* The rest of a block that was charged as a whole. */
        state->continues = 0;
        state->deadline = state->deadline_behind;
        return;
    }
    region_t *region = region_of(state, address);
    uint32_t index = find(state, region, address, size);
    if (!index) {
        end_run(engine, state);
        return;
    }
    block_t *block = state->block + index;
    uint64_t reached = transition(state, block, address), found = 0, before = state->cycles;
    if (state->timed)
        found = (uint64_t)carried(state, index, address, size);
    else
        state->exit = state->exit_taken = EMPTY;
    state->cycles += reached + found + block->cycles;
    if (state->timed) {
        if (state->profile) {
            state->profile[index].transition += reached;
            state->profile[index].carried += found;
        }
        time_memory(state, region, address, size, index);
        if (region)
            region->executed += state->cycles - before;
    }
    state->instructions += block->instructions;
    state->blocks++;
    state->fall_through = address + size;
    state->last = index;
}
