/* Called by Unicorn at the start of every basic block: adds the block's cycles to the virtual clock.
 *
 * What a block costs by itself is decoded once, in Python (`decode`), and kept in a table with one entry a half-word of
 * code memory. What depends on the way a block was reached (taken branch, misprediction, a load that pipelines with the
 * block before) is decided here. */
#include <stdbool.h>
#include <stdint.h>

enum {
    ENDS_IN_CONDITIONAL_BRANCH = 1,
    ENDS_IN_INDIRECT_BRANCH = 2,
    ENDS_IN_LOAD = 4,
    BEGINS_WITH_ACCESS = 8,
};

enum { REGIONS = 4 };

typedef struct {
    uint16_t size; /* bytes; 0: not decoded yet */
    uint16_t cycles;
    uint16_t instructions;
    uint8_t flags;
    uint8_t taken_counter; /* 2-bit saturating counter of the branch at the end */
} block_t;

typedef struct {
    uint64_t origin, size;
    block_t *blocks;
} region_t;

typedef struct {
    uint64_t cycles, instructions, blocks;
    uint64_t deadline; /* no block starts at or after this many cycles */
    uint64_t stopped;  /* set when this hook ended the run */
    uint64_t fall_through;
    block_t *last;
    uint64_t predicts_branches;
    uint64_t taken_cycles, indirect_cycles, mispredicted_cycles, pipelined_load_saves;
    region_t regions[REGIONS];
    block_t elsewhere; /* for code outside all regions: decoded every time */
    int (*stop)(void *);
    int (*decode)(uint64_t, uint32_t, block_t *); /* not 0: the block must not run */
} clock_state_t;

static block_t *find(clock_state_t *state, uint64_t address)
{
    for (int index = 0; index < REGIONS; index++) {
        region_t *region = &state->regions[index];
        if (address - region->origin < region->size)
            return region->blocks + ((address - region->origin) >> 1);
    }
    state->elsewhere.size = 0;
    return &state->elsewhere;
}

static uint64_t predicted_branch(clock_state_t *state, bool taken)
{
    block_t *last = state->last;
    if (last->flags & ENDS_IN_INDIRECT_BRANCH)
        return state->indirect_cycles;
    if (!(last->flags & ENDS_IN_CONDITIONAL_BRANCH))
        return taken ? state->taken_cycles : 0;
    bool predicted = last->taken_counter >= 2;
    if (taken && last->taken_counter < 3)
        last->taken_counter++;
    if (!taken && last->taken_counter > 0)
        last->taken_counter--;
    return predicted == taken ? 0 : state->mispredicted_cycles;
}

static int64_t transition(clock_state_t *state, const block_t *block, uint64_t address)
{
    bool taken = address != state->fall_through;
    if (state->predicts_branches)
        return (int64_t)predicted_branch(state, taken);
    if (taken)
        return (int64_t)(state->last->flags & ENDS_IN_INDIRECT_BRANCH ? state->indirect_cycles : state->taken_cycles);
    if ((state->last->flags & ENDS_IN_LOAD) && (block->flags & BEGINS_WITH_ACCESS))
        return -(int64_t)state->pipelined_load_saves;
    return 0;
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
    block_t *block = find(state, address);
    if (block->size != size && state->decode(address, size, block)) {
        block->size = 0;
        end_run(engine, state);
        return;
    }
    state->cycles += transition(state, block, address) + block->cycles;
    state->instructions += block->instructions;
    state->blocks++;
    state->fall_through = address + size;
    state->last = block;
}

/* A division that CCR.DIV_0_TRP watches: stops in front of one whose divisor is zero. */
typedef struct {
    int (*read_register)(void *, int, void *);
    int (*stop)(void *);
    uint64_t divisor; /* Unicorn's number of the register */
    uint64_t *trapped;
} division_t;

void on_division(void *engine, uint64_t address, uint32_t size, void *user_data)
{
    division_t *division = user_data;
    uint32_t value = 1;
    (void)address, (void)size;
    if (division->read_register(engine, (int)division->divisor, &value) == 0 && value == 0) {
        *division->trapped = 1;
        division->stop(engine);
    }
}
