/* What the native hooks and Python share: the virtual clock, the blocks of code it knows, and the memory system.
 * harness/board/virtual/native_state.py mirrors every structure here. */
#ifndef CLOCK_STATE_H
#define CLOCK_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum { ELSEWHERE = 1 }; /* index of the block for code outside all memories: decoded every time */

enum { REGIONS = 24, RANGES = 64, CACHES = 4, REGISTERS = 16, NO_REGISTER = 16, VALUES = 128, HINT_SHIFT = 14 };

/* The neighbours of a slot in the order of use. */
typedef struct {
    uint16_t newer, older;
} order_t;

/* Lines that are held near the core: a flash accelerator's, a level 1 cache's, or a single line buffer. */
typedef struct {
    uint64_t enabled;
    uint64_t line_shift; /* log2 of a line in bytes */
    uint64_t lines, ways; /* ways = lines: fully associative */
    uint64_t set_mask;
    uint64_t reads_ahead; /* the line behind is read ahead: 0 never, 1 when this one missed, 2 whichever this one was */
    uint64_t ahead_after; /* so many cycles after this one is there */
    uint64_t refill;      /* what a line takes that nothing read ahead saves */
    uint64_t clock;       /* counts uses, for least recently used */
    uint64_t epoch;       /* counts changes of what is held */
    uint64_t last_line;
    uint64_t hits, misses;
    uint64_t ahead_line, ahead_ready;
    uint32_t *tags;   /* line number + 1 of each slot; 0: empty */
    uint64_t *stamps; /* of the last use of each slot; not if fully associative */
    uint16_t *slots;  /* fully associative only: slot + 1 of each line number modulo slot_mask + 1 */
    order_t *order;   /* likewise: of all slots, and one more that closes the ring */
    uint64_t slot_mask;
} cache_t;

/* A range of addresses that behaves alike. */
typedef struct {
    uint64_t origin, size;
    const uint8_t *memory;  /* its bytes; null: none that could be read ahead of time */
    uint32_t *block_index;  /* of the block at each half-word, 0: none; null: not for code */
    cache_t *fetch_cache, *data_cache;
    uint64_t fetch_stall; /* cycles of a fetch that misses */
    uint64_t read_stall;  /* cycles of a read that misses, or of every read without a cache */
    uint64_t write_stall;
    uint64_t bank;     /* accesses to different banks do not pipeline */
    uint64_t executed; /* cycles of the code that ran from here, while the clock was timed */
} region_t;

/* Addresses whose data the level 1 cache does not hold, or where stores that miss fetch no line. */
typedef struct {
    uint64_t origin, size, cached, allocates;
} range_t;

typedef struct {
    uint16_t size; /* bytes; 0: not decoded yet */
    uint16_t cycles;
    uint16_t instructions;
    uint8_t flags;
    uint8_t taken_counter; /* 2-bit saturating counter of the branch at the end */
    uint8_t taken, mispredicted; /* cycles of the branch at the end when it is so */
    uint16_t exit, exit_taken; /* numbers of the pipelines that it leaves when it finds an empty one */
    uint32_t last_target;
    uint32_t first_step;
    uint32_t steps; /* of its address program; NOT_COMPILED until first timed */
    uint64_t fetch_epoch;
} block_t;

/* What a block costs more when it finds a pipeline other than the empty one, and what it leaves then. */
typedef struct {
    uint64_t key; /* index of the block and number of the pipeline; 0: unused */
    int16_t extra;
    uint16_t exit, exit_taken, spare;
    uint64_t runs; /* while profiles are kept */
} entry_t;

/* Where the cycles of a block went, summed over its runs. */
typedef struct {
    uint64_t runs;
    uint64_t transition; /* branches that led to it */
    uint64_t carried;    /* what it found in the pipeline; may be negative */
    uint64_t fetch, data, divide, unresolved;
} profile_t;

/* One step of a block's address program, carried out when the block is entered: computes a value from the registers as
 * they are then, or accounts for one access to memory. */
typedef struct {
    uint8_t kind;
    uint8_t target; /* value that it writes */
    uint8_t left, right;
    uint8_t shift;
    uint8_t bytes; /* of an access */
    uint8_t flags;
    uint8_t spare;
    int32_t offset;
} step_t;

typedef struct {
    uint64_t cycles, instructions, blocks;
    uint64_t deadline; /* no block starts at or after this many cycles */
    uint64_t stopped;  /* set when the hook ended the run */
    uint64_t continues; /* the run begins within a block that was charged already; its deadline comes with it */
    uint64_t deadline_behind;
    uint64_t timed;    /* account for memory, too */
    uint64_t stalled;  /* cycles in which the core waited for memory, while the clock was timed */
    uint64_t fall_through;
    uint64_t last; /* index of the block before */
    uint64_t exit, exit_taken; /* numbers of the pipelines that it left */
    uint64_t pipeline;         /* that of the two which this block finds */
    uint64_t refetched;        /* this block was mispredicted: nothing of it was read ahead */
    uint64_t predicts_branches, straddling_target_cycles;
    uint64_t pipelined_load_saves, bank_conflict_cycles, unaligned_cycles, unaligned_store_cycles;
    uint64_t divide_zero, divide_smaller, divide_base, divide_bits, divide_maximum;
    uint64_t last_bank, last_address;
    uint64_t region_count;
    region_t regions[REGIONS];
    uint8_t region_hint[1 << (32 - HINT_SHIFT)]; /* where to look first for the region of an address */
    cache_t caches[CACHES];
    uint64_t range_count;
    range_t ranges[RANGES]; /* that do not overlap */
    block_t *block;
    entry_t *entry; /* a hash table */
    uint64_t entry_count, entry_mask, entry_shift;
    profile_t *profile; /* null: not kept */
    step_t *step;
    const uint32_t *registers; /* R0 to R15 of the emulated core */
    int (*stop)(void *);
    uint32_t (*decode)(uint64_t, uint32_t);            /* index of the block; 0: it must not run */
    void (*compile)(uint64_t, uint32_t, uint32_t);     /* the address program of a decoded block */
    void (*enter)(uint64_t, uint32_t, uint32_t, entry_t *); /* a block that finds the pipeline of this number */
} clock_state_t;

#endif
