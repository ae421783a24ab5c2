/* Stalls of the memory system: which lines are held, and what an access that is not held costs. */
#ifndef MEMORY_TIMING_H
#define MEMORY_TIMING_H

#include <stddef.h>
#include <string.h>

#include "clock_state.h"

enum { AHEAD_OF_ANY = 2 };

static region_t *search_region(clock_state_t *state, uint64_t address, uint8_t *hint)
{
    for (uint64_t index = 0; index < state->region_count; index++)
        if (address - state->regions[index].origin < state->regions[index].size) {
            *hint = (uint8_t)index;
            return &state->regions[index];
        }
    return NULL;
}

static inline region_t *region_of(clock_state_t *state, uint64_t address)
{
    uint8_t *hint = state->region_hint + (address >> HINT_SHIFT);
    region_t *region = state->regions + *hint;
    return address - region->origin < region->size ? region : search_region(state, address, hint);
}

static inline uint64_t find_slot(const cache_t *cache, uint64_t line)
{
    if (cache->slots) {
        uint64_t slot = cache->slots[line & cache->slot_mask];
        return slot && cache->tags[slot - 1] == line + 1 ? slot - 1 : UINT64_MAX;
    }
    uint64_t first = (line & cache->set_mask) * cache->ways;
    for (uint64_t slot = first; slot < first + cache->ways; slot++)
        if (cache->tags[slot] == line + 1)
            return slot;
    return UINT64_MAX;
}

/* Slots in the order of their use, in a ring through slot `lines`, whose newer neighbour was used longest ago. */
static inline void use_slot(cache_t *cache, uint64_t slot)
{
    order_t *order = cache->order, *self = order + slot, *ring = order + cache->lines;
    order[self->newer].older = self->older;
    order[self->older].newer = self->newer;
    *self = (order_t){.newer = (uint16_t)cache->lines, .older = ring->older};
    order[ring->older].newer = (uint16_t)slot;
    ring->older = (uint16_t)slot;
}

static inline uint64_t oldest_of_set(const cache_t *cache, uint64_t line)
{
    uint64_t first = (line & cache->set_mask) * cache->ways, oldest = first;
    for (uint64_t slot = first + 1; slot < first + cache->ways; slot++)
        if (cache->stamps[slot] < cache->stamps[oldest])
            oldest = slot;
    return oldest;
}

static inline void fill(cache_t *cache, uint64_t line)
{
    uint64_t victim;
    if (cache->slots) {
        victim = cache->order[cache->lines].newer;
        cache->slots[line & cache->slot_mask] = (uint16_t)(victim + 1);
        use_slot(cache, victim);
    } else {
        victim = oldest_of_set(cache, line);
        cache->stamps[victim] = cache->clock;
    }
    cache->tags[victim] = (uint32_t)line + 1;
    cache->epoch++;
}

/* What is left to wait for a line, of a read that takes `stall` cycles; a prefetch may have begun it before. */
static inline uint64_t wait_for_line(cache_t *cache, uint64_t line, uint64_t stall, uint64_t now)
{
    if (!cache->reads_ahead)
        return stall;
    if (cache->ahead_line == line) {
        uint64_t left = cache->ahead_ready > now ? cache->ahead_ready - now : 0;
        stall = left < stall ? left : stall;
    }
    return stall;
}

static inline void read_ahead(cache_t *cache, uint64_t line, uint64_t stall, uint64_t from)
{
    cache->ahead_line = line + 1;
    cache->ahead_ready = from + cache->ahead_after + stall;
}

/* The stall of an access to one line: none if it is held. */
static inline uint64_t touch(cache_t *cache, uint64_t line, uint64_t stall, uint64_t now)
{
    if (line == cache->last_line)
        return 0;
    cache->last_line = line;
    cache->clock++;
    uint64_t slot = find_slot(cache, line);
    if (slot != UINT64_MAX) {
        if (cache->slots)
            use_slot(cache, slot);
        else
            cache->stamps[slot] = cache->clock;
        cache->hits++;
        if (cache->reads_ahead == AHEAD_OF_ANY)
            read_ahead(cache, line, stall, now);
        return 0;
    }
    cache->misses++;
    fill(cache, line);
    uint64_t wait = wait_for_line(cache, line, stall, now);
    wait += cache->refill;
    read_ahead(cache, line, stall, now + wait);
    return wait;
}

/* The stall of an access to these bytes through a cache. */
static inline uint64_t touch_bytes(cache_t *cache, uint64_t address, uint64_t bytes, uint64_t stall, uint64_t now)
{
    uint64_t line = address >> cache->line_shift, end = (address + bytes - 1) >> cache->line_shift, total = 0;
    for (; line <= end; line++)
        total += touch(cache, line, stall, now + total);
    return total;
}

/* The stalls of fetching a block whose own cycles are counted already; they pass evenly along its bytes, so that the
 * next line is read ahead meanwhile. */
static inline uint64_t fetch_stalls(clock_state_t *state, const region_t *region, uint64_t address, const block_t *block)
{
    cache_t *cache = region->fetch_cache;
    if (!cache->enabled)
        return 0;
    if (state->refetched && cache->reads_ahead == AHEAD_OF_ANY)
        cache->ahead_line = UINT64_MAX;
    uint64_t begin = state->cycles - block->cycles, total = 0;
    uint64_t line = address >> cache->line_shift, end = (address + block->size - 1) >> cache->line_shift;
    for (; line <= end; line++) {
        uint64_t start = line << cache->line_shift;
        uint64_t passed = cache->reads_ahead && start > address ? (start - address) * block->cycles / block->size : 0;
        total += touch(cache, line, region->fetch_stall, begin + passed + total);
    }
    return total;
}

static inline const range_t *range_of(const clock_state_t *state, uint64_t address)
{
    for (uint64_t index = 0; index < state->range_count; index++)
        if (address - state->ranges[index].origin < state->ranges[index].size)
            return state->ranges + index;
    return NULL;
}

static inline uint64_t read_stalls(clock_state_t *state, const region_t *region, uint64_t address, uint64_t bytes)
{
    cache_t *cache = region->data_cache;
    const range_t *range = range_of(state, address);
    if (cache && cache->enabled && (!range || range->cached))
        return touch_bytes(cache, address, bytes, region->read_stall, state->cycles);
    return region->read_stall;
}

/* A store that misses allocates its line; the write buffer hides the time. */
static inline uint64_t write_stalls(clock_state_t *state, const region_t *region, uint64_t address, uint64_t bytes)
{
    const range_t *range = range_of(state, address);
    if (region->data_cache && region->data_cache->enabled && (!range || range->allocates))
        touch_bytes(region->data_cache, address, bytes, 0, state->cycles);
    return region->write_stall;
}

#endif
